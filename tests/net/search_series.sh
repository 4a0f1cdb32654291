# SPDX-License-Identifier: GPL-3.0-or-later
#
# vrbench search --of latency, loss, recovery and reset on a device of known truth: a policer of 4,250 packets/s carries
# 80 % of 5,000 packets/s and not 90 %; a load that drops to 5,500 packets/s loses packets until the end of the trial.
# Noise loses more packets, never fewer: no row may show less loss than the policer takes.
# Runs beside others under sanitizers.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 47

cat >"$T/series.yaml" <<'END'
name: series
topologies: [direct, dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [1000] }, duration: 1 s }
END
refused() { exits 2 "$VRBENCH" search "$T/series.yaml" "$@"; }
ok "trials belong to series" refused --trials 2
ok "  and their duration, too" refused --of burst --at 2000 --duration "1 s"
ok "a series has no loads apart" refused --of latency --apart
ok "  and no load of 0" refused --of loss --at 0
ok "  and no trials of no length" refused --of loss --duration "10 ms"
ok "  and no reset without a router" refused --of reset --at 2000 --topology direct
ok "  and not all tests with an engine that has no bursts" refused --of rfc2544 --engine iperf3
ok "recovery requires an engine that changes its load" refused --of recovery --at 2000 --engine iperf3

police() {
    node r1t3 nft -f - <<'END'
add table ip faults
add chain ip faults here { type filter hook forward priority 0; }
add rule ip faults here udp dport 22098 limit rate over 4250/second burst 50 packets drop
END
}
series_options=--json
# series KIND ARG... — searches, behind the policer: $T/KIND has the rows.
series() {
    series_of=$1
    shift
    "$VRBENCH" search "$T/series.yaml" --of "$series_of" --goal quick --duration "400 ms" -o "$T/$series_of.d" \
        --topology dedicated $series_options "$@" \
        >"$T/$series_of" 2>"$T/run.err" &
    run_pid=$!
    policed=0
    hold_run dedicated && police >"$T/put.log" 2>&1 || policed=1
    release_run
    end_run
    is "--of $series_of succeeds" "$policed$run_status" 00 || sed 's/^/# /' "$T/put.log" "$T/run.err" "$T/$series_of"
}
holds() { jq -e "$2" "$T/$1"; }
keys() { jq -r '.[0] | keys - ["throughput_pps", "unstable"] | join(" ")' "$T/$1"; }
common="at_pps end goal length load_percent lost loss_ratio network of regular rule topology trial_s trials tx unsent"
documented() { printf '%s\n' $common "$@" | LC_ALL=C sort | paste -sd ' '; }
sorted() { keys "$1" | tr ' ' '\n' | LC_ALL=C sort | paste -sd ' '; }

# --- the frame loss curve ------------------------------------------------------------------------

series loss --at 5000
ok "  from the highest load in steps of a tenth of it" holds loss \
    'length >= 4 and length <= 10 and (to_entries | all(.value.load_percent == 100 - 10 * .key and
        (.value.at_pps - (5000 - 500 * .key) | fabs) < 0.001))'
ok "  to two without loss, or to the last" holds loss '.[-1].load_percent == 10 or (.[-2:] | all(.lost == 0))'
ok "  no other pair of which lost nothing" holds loss '. as $r | [range(0; length - 2)] |
    all($r[.] + {next: $r[. + 1]} | .lost > 0 or .next.lost > 0 or .unsent > 0 or .next.unsent > 0)'
ok "  and no load lost less than the policer takes" holds loss \
    'all(.end == "tester limit" or .frame_loss_ratio >= 0.5 * (1 - 4250 / .at_pps) - 60 / .tx)'
ok "  counts are those of the loads" holds loss 'all(.tx + .unsent <= .at_pps * 1.001 + 1 and .lost <= .tx and
    (.frame_loss_ratio - .lost / .tx | fabs) < 1e-9)'
is "  rows have documented keys only" "$(sorted loss)" "$(documented frame_loss_ratio)"
ok "  each trial is a point" jq -es --slurpfile rows "$T/loss" '(map(.requested_pps) | unique) as $points |
    $rows[0] | all(.at_pps as $at | $points | any(. - $at | fabs < 0.001))' "$T/loss.d/points.jsonl"
ok "  and run.json has the rows" jq -e --slurpfile rows "$T/loss" '.search == $rows[0]' "$T/loss.d/run.json"

# --- latency -------------------------------------------------------------------------------------

series latency --at 2000 --trials 1
is "  at 50, 90 and 100 % of the throughput" "$(jq -c 'map([.load_percent, .at_pps])' "$T/latency")" \
    '[[50,1000],[90,1800],[100,2000]]'
ok "  one trial each" holds latency 'all(.trials == 1 and .trial_s == 0.4)'
ok "  quantiles are in order" holds latency 'all(.delay_ns | 0 < .min and .min <= .p50 and .p50 <= .p99 and
    .p99 <= .p999 and .p999 <= .max)'
ok "  and the mean is within its interval, and the extremes" holds latency 'all(.delay_ns |
    .mean_low <= .mean and .mean <= .mean_high and .min <= .mean and .mean <= .max)'
is "  rows have documented keys only" "$(sorted latency)" "$(documented delay_ns)"
ok "  points have mean and 99.9 %" jq -es 'all(.networks[0].delay_ns | .p99 <= .p999 and .p999 <= .max and
    .min <= .mean and .mean <= .max)' "$T/latency.d/points.jsonl"

# --- recovery ------------------------------------------------------------------------------------

series_options="--json -v"
series recovery --at 10000 --trials 1
ok "  a tester that sent the mean of that load is not short of the overload" \
    sh -c '! grep "sent NET0 7,0[0-9]* of 11,000 pps" "$1"' sh "$T/run.err"
ok "  from 110 % to half of it" holds recovery 'all((.at_pps - 11000 | fabs) < 0.001 and (.after_pps - 5500 | fabs) < 0.001)'
ok "  a load that is still too high loses packets to the end" holds recovery \
    'all((.recovery_ns.low >= 9e8 or .end != "regular") and .recovery_ns.high <= 1e9 and .recovery_ns.low <= .recovery_ns.high
        and .longest_ns == .recovery_ns.high)'
ok "  no fewer than the policer takes" holds recovery 'all(.end != "regular" or .lost_after >= 5500 - 4250 - 60)'
ok "  by slots of 2 ms" holds recovery 'all(.resolution_ns <= 2e6)'
is "  rows have documented keys only" "$(sorted recovery)" \
    "$(documented after_pps longest_ns lost_after recovery_ns resolution_ns)"
ok "  no trial is a point" [ ! -s "$T/recovery.d/points.jsonl" ]
rm -r "$T/recovery.d"
series_options=
series recovery --at 5000 --trials 1
like "a load that is carried has a row in the table" "$(cat "$T/recovery")" '^dedicated +64 +NET0 +5,500 +2,750 '

# --- reset ---------------------------------------------------------------------------------------

"$VRBENCH" search "$T/series.yaml" --topology dedicated --of reset --at 2000 --trials 2 --duration "1500 ms" --json \
    -o "$T/reset.d" >"$T/reset" 2>"$T/run.err" &
run_pid=$!
end_run
is "--of reset succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err" "$T/reset"
is "  with a row for each network of each router" "$(jq -c 'map([.of, .router, .network, .at_pps])' "$T/reset")" \
    '[["reset","r1t3","NET0",2000]]'
ok "  in which nothing was received for a time" holds reset 'all(.outage_ns.low > 0 and .outage_ns.low <= .outage_ns.high)'
ok "  in every trial" holds reset 'all(.trials == 2 and .shortest_ns > 0 and .longest_ns >= .outage_ns.high)'
ok "  until the router forwarded again" holds reset 'all(.over)'
ok "  the losses are those of that time at least" holds reset \
    'all(.unsent > 0 or .outage_by_loss_ns >= .outage_ns.low - 1e6) and all(.lost > 0 and .lost < .tx)'
is "  rows have documented keys only" "$(sorted reset)" \
    "$(documented longest_ns outage_by_loss_ns outage_ns over resolution_ns router shortest_ns)"

# --- all of them ---------------------------------------------------------------------------------

all_tests() {
    "$VRBENCH" search "$T/series.yaml" --topology dedicated --of rfc2544 --goal quick --at 2000 --trials 1 \
        --duration "200 ms" --json "$@" >"$T/all" 2>"$T/run.err" &
    run_pid=$!
    end_run
}
all_tests --time-limit 10 -o "$T/all.d"
is "--of rfc2544 succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err" "$T/all"
is "  with the rows of all tests" "$(jq -r 'map(.of) | unique | join(" ")' "$T/all")" "burst latency loss rate recovery reset"
conforms "the JSON is as described" search "$T/all"
all_tests --time-limit 1 -o "$T/limited.d"
is "--of rfc2544 with one second succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err" "$T/all"
ok "  which all of its tests share" holds all '([.[] | select(.of == "reset")] | length == 1 and .[0].trials == 0) and
    ([.[] | select(.of == "rate").trial_s] | add) < 2'
ok "nothing is left" [ -z "$(ls /run/vrbench/*.json 2>/dev/null)" ]
