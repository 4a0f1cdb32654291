# SPDX-License-Identifier: GPL-3.0-or-later
#
# vrbench search --of burst on a device of known truth: a policer of 5,000 packets/s with a bucket of 500
# passes a burst of 500 + 5,000 · B / 20,000 packets at 20,000 packets/s, so that B is 667. Noise loses packets of a
# burst, or holds it up by at most the 13 ms that fill a ring: no lower bound may be above the truth by more than the
# policer passes meanwhile.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 18

TRIES=4
TRY_UNTIL=90000 # ms after the start of the file, until a search is tried once more
started=$(date +%s%N)
cat >"$T/burst.yaml" <<'END'
name: burst
topologies: [direct, dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [1000] }, duration: 1 s }
END
refused() { exits 2 "$VRBENCH" search "$T/burst.yaml" --of burst "$@"; }
ok "bursts require a rate" refused
ok "  that is not 0" refused --at 0
ok "  and the sequential rule" refused --at 20000 --method binary
ok "  and no loads apart" refused --at 20000 --apart
ok "  and an engine that sends them" refused --at 20000 --engine iperf3

police() {
    node r1t3 nft -f - <<'END'
add table ip faults
add chain ip faults here { type filter hook forward priority 0; }
add rule ip faults here udp dport 22098 limit rate over 5000/second burst 500 packets drop
END
}
burst() { jq -r "map(select(.of == \"burst\"))[0]$1" "$T/found"; }
rate() { jq -r "map(select(.of == \"rate\"))[0]$1" "$T/found"; }
search_bursts() {
    rm -rf "$T/folder"
    "$VRBENCH" search "$T/burst.yaml" --topology dedicated --of burst --at 20000 --goal quick --time-limit 60 \
        -o "$T/folder" --json -v >"$T/found" 2>"$T/run.err" &
    run_pid=$!
    policed=0
    hold_run dedicated && police >"$T/put.log" 2>&1 || policed=1
    release_run
    end_run
    sed 's/^/# /' "$T/found"
}
holds() {
    [ "$(burst .regular)" = true ] && [ "$(rate .regular)" = true ] &&
        between "$(burst .burst_frames.low)" 1 687 && between "$(burst .burst_frames.high)" 645 760
}
# Trials that the machine disturbed are named on standard error.
noise_met() { grep -q '^vrbench: \(search\|trial\|run\): ' "$T/run.err" || [ "$(burst .regular)" = false ]; }
not_above() { between "$(burst '.burst_frames.low // 0')" 0 760; }
not_below() { between "$(burst '.burst_frames.high // 1e9')" 640 1e9 || noise_met; }
for try in $(seq $TRIES); do
    search_bursts
    holds && break
    [ "$(ms_since "$started")" -lt "$TRY_UNTIL" ] || break
    diag "try $try of $TRIES had a noisy machine"
done
is "the search succeeds" "$policed$run_status" 00 || sed 's/^/# /' "$T/put.log" "$T/run.err"
ok "the burst that is carried is not above what the policer passes" not_above
ok "  and the one that is lost not below it" not_below
is "the throughput comes first, then a row for each goal" "$(jq -r 'map("\(.of) \(.goal)") | join(", ")' "$T/found")" \
    "rate 0, burst quick-ndr, burst quick-pdr"
is "rows have documented keys only" "$(jq -c 'map(select(.of == "burst"))[0] | keys - ["throughput_pps"]' "$T/found")" \
    '["at_pps","buffer_ns","burst_frames","end","goal","implied_buffer_ns","length","loss_ratio","network","of","regular","rule","topology","trial_s","trials"]'
# near A B — equal up to a billionth.
near='def near(a; b): ((a - b) | fabs) <= 1e-9 * (b | fabs);'
ok "the implied time is that of the frames at the rate" jq -e "$near"' map(select(.of == "burst" and .burst_frames.low)) |
    all(near(.implied_buffer_ns.low; .burst_frames.low / .at_pps * 1e9))' "$T/found"
ok "  the buffer's is corrected by the throughput" jq -e "$near"' map(select(.of == "burst" and .burst_frames.low
    and .throughput_pps and .throughput_pps < .at_pps)) | all(near(.buffer_ns.low;
    .implied_buffer_ns.low * (1 - .throughput_pps / .at_pps)))' "$T/found"
ok "  which is the row's above" jq -e '(map(select(.of == "rate"))[0].relevant_lower_pps) as $t |
    map(select(.of == "burst")) | all(.throughput_pps == $t)' "$T/found"
is "the results are in run.json" "$(jq -c '.search | map(.of)' "$T/folder/run.json")" '["rate","burst","burst"]'
conforms "the JSON is as described" search "$T/found"
ok "no burst is a point" jq -es 'map(select(.requested_pps == 20000 and .duration_s < 0.1)) == []' "$T/folder/points.jsonl"

"$VRBENCH" search "$T/burst.yaml" --topology dedicated --of burst --at 20000 --no-stability-check -o "$T/stopped" >"$T/table" 2>"$T/run.err" &
run_pid=$!
hold_run dedicated
kill -INT "$run_pid"
release_run
end_run
is "interrupted, it ends with status 130" "$run_status" 130
like "  and a table of what was found" "$(cat "$T/table")" '^dedicated +64 +NET0 +0 +unknown'
