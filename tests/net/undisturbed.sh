# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stalls of the device under test's CPU, made on purpose: packets are lost in them, and the undisturbed
# figures are without these losses, also those of a router with a cap. Whatever else happens on the machine, the
# undisturbed counts are a part of all counts.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 19

# A ring of 256 packets is full after 26 ms of a stall of 40 ms, and other programs seldom hold a CPU for so
# long. A stall and its recovery take 200 ms. A program with sanitizers is slower, but a few trials show as much.
repeats=8 capped_repeats=4
! sanitized || repeats=4 capped_repeats=2
cat >"$T/stalled.yaml" <<END
name: stalled
topologies: [dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [10000] }, repeats: $repeats, duration: 1 s }
END
start_run "$T/stalled.yaml" -o "$T/stalled"
ok "the testbed of a run stands" wait_for 60 grep -qs dut_cpus "$T/stalled/run.json"
cpu=$(jq -r '.placement.dut_cpus | match("[0-9]+").string' "$T/stalled/run.json")
"$(helper stall)" "$cpu" 40 800 120 &
staller=$!
end_run
kill "$staller" 2>/dev/null
is "  the run ends well" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
jq -c '{left_out_ratio, why_invalid, network: (.networks[0] | {tx, lost, undisturbed})}' \
    "$T/stalled/points.jsonl" | sed 's/^/# /'

points_all() { jq -es "length > 0 and all(.[]; $1)" "$T/stalled/points.jsonl"; }
points_any() { jq -es "any(.[]; $1)" "$T/stalled/points.jsonl"; }
ok "each point has undisturbed figures, a part of all" points_all '
    .left_out_ratio >= 0 and .left_out_ratio <= 1 and (.networks[0] | .undisturbed.tx <= .tx and
    .undisturbed.lost <= .lost and .undisturbed.tx == .undisturbed.rx + .undisturbed.lost and
    .tx == .rx + .lost)'
ok "  and all figures, if nothing is left out" points_all '
    .left_out_ratio > 0 or (.networks[0] | .undisturbed.tx == .tx and .undisturbed.lost == .lost)'
ok "the stalls touched a part of the time" points_any '.left_out_ratio > 0.1'
if [ "$(nproc)" -gt 1 ]; then
    ok "packets were lost in them" points_any '.networks[0] | .lost - .undisturbed.lost >= 50'
    ok "  and more than the undisturbed ones" points_any '
        .networks[0] | .lost >= 50 and .undisturbed.lost * 2 < .lost'
else
    skip "packets were lost in them" "one CPU: the source stalls, too"
    skip "  and more than the undisturbed ones" "one CPU: the source stalls, too"
fi
ok "a point without undisturbed losses is not invalid for its losses" points_all '
    .networks[0].undisturbed.lost > 0 or .networks[0].undisturbed.tx == 0 or
    (.why_invalid // "" | test("losses|lost packets") | not)'
ok "a point is invalid for its stalls if they touched more than half of the time" points_all '
    (.left_out_ratio > 0.5) == (.why_invalid // "" | test("stalls of this machine touched"))'
is "points.csv has both losses" "$(cut -d, -f17,45,48 "$T/stalled/points.csv" | tr -d '\r' | head -1)" \
    lost,left_out_ratio,undisturbed_lost
noted=$(jq -s 'if any(.[]; .valid and .left_out_ratio > 0) then 1 else 0 end' "$T/stalled/points.jsonl")
is "the table has a note of it" "$(grep -c '^Losses without .* of the time, which stalls' "$T/run.out")" "$noted"

# --- at the end of a trial -------------------------------------------------------------------------

# The ring has room for all packets of a trial, and most trials end within a stall: the tester waits until the
# forwarding threads have had their CPU, so that no packet is lost.
sed "s/^name: stalled/name: end/; s/10000/500/; s/repeats: $repeats/repeats: 5/; s/duration: 1 s/duration: 200 ms/" \
    "$T/stalled.yaml" >"$T/end.yaml"
all_arrive() { jq -es 'length == 5 and all(.[].networks[]; .lost == 0)' "$T/end/points.jsonl"; }
for try in 1 2; do
    rm -rf "$T/end"
    start_run "$T/end.yaml" --no-stability-check --attempts 1 -o "$T/end"
    wait_for 60 grep -qs dut_cpus "$T/end/run.json" || diag "no testbed"
    "$(helper stall)" "$cpu" 400 300 60 &
    staller=$!
    end_run
    kill "$staller" 2>/dev/null
    if all_arrive >/dev/null; then break; fi
    diag "try $try: $(jq -c '[.networks[0].lost, .drops]' "$T/end/points.jsonl" | paste -sd' ')"
done
ok "trials that end in stalls: all packets arrive" all_arrive
ok "  and every sum holds" points_sane "$T/end"

# --- under a cap -----------------------------------------------------------------------------------

[ -x "$(helper hold_cpu)" ] || {
    for check in 14 15 16 17 18 19; do skip "check $check of stalls under a cap" "built without BPF"; done
    exit 0
}
# A task that holds a cap precedes every real-time thread: the heartbeat beats by timers, which only a held
# interrupt delays.
sed "s/^name: stalled/name: capped/; s/{ r1t3: {} }/{ r1t3: { cap: 60 } }/; s/repeats: $repeats/repeats: $capped_repeats/" \
    "$T/stalled.yaml" >"$T/capped.yaml"
start_run "$T/capped.yaml" --no-stability-check -o "$T/capped"
ok "the testbed of a capped run stands" wait_for 60 grep -qs dut_cpus "$T/capped/run.json"
"$(helper hold_cpu)" "$cpu" 40 800 120 &
holder=$!
end_run
kill "$holder" 2>/dev/null
jq -c '{left_out_ratio, why_invalid, stalls: [.processors[].stalls], network: (.networks[0] | {tx, lost, undisturbed})}' \
    "$T/capped/points.jsonl" | sed 's/^/# /'
capped_all() { jq -es "length > 0 and all(.[]; $1)" "$T/capped/points.jsonl"; }
capped_any() { jq -es "any(.[]; $1)" "$T/capped/points.jsonl"; }
ok "  each point has undisturbed figures, a part of all" capped_all '
    .left_out_ratio >= 0 and .left_out_ratio <= 1 and (.networks[0] | .undisturbed.tx <= .tx and
    .undisturbed.lost <= .lost and .undisturbed.tx == .undisturbed.rx + .undisturbed.lost)'
ok "  the stalls are noted" capped_any '[.processors[].stalls.longest_ns] | max >= 30e6'
ok "  and touched a part of the time" capped_any '.left_out_ratio > 0.1'
if [ "$(nproc)" -gt 1 ]; then
    ok "  packets were lost in them" capped_any '.networks[0] | .lost - .undisturbed.lost >= 50'
else
    skip "  packets were lost in them" "one CPU: the source stalls, too"
fi
# Threads of higher priority than the heartbeat, which use all of their cap, are no stalls.
sed "s/^name: stalled/name: full/; s/{ r1t3: {} }/{ r1t3: { cap: 10 } }/; s/repeats: $repeats/repeats: 1/
    s/pps: \[10000\]/pps: [300000]/" "$T/stalled.yaml" >"$T/full.yaml"
run_full() {
    rm -rf "$T/full"
    start_run "$T/full.yaml" --no-stability-check -o "$T/full"
    end_run
    jq -es 'any(.[]; .left_out_ratio < 0.5 and .networks[0].undisturbed.lost > 0)' "$T/full/points.jsonl"
}
full() { run_full || run_full || run_full || run_full; }
ok "losses of a router that uses up its cap are its own" full
