# SPDX-License-Identifier: GPL-3.0-or-later
#
# vrbench search --apart on two routers of known truth: policers of 5,000 and 12,000 packets/s. One search finds both
# knees, each with loads of its own. A search that the machine disturbed is repeated; at the end no lower bound may be
# above what a policer passes in a trial of 0.2 s, its bucket and the time by which noise stretched a trial included.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 7

TRIES=3
TRY_UNTIL=60000 # ms after the start of the file, until a search is tried once more
started=$(date +%s%N)
cat >"$T/apart.yaml" <<'END'
name: apart
topologies: [direct, dedicated]
routers: { r1: {}, r2: {} }
networks: { NET0: { router: r1 }, NET1: { router: r2 } }
traffic: { lengths: [64], rates: { pps: [1000] }, duration: 1 s }
END
police() { # ROUTER RATE
    node "$1" nft -f - <<END
add table ip faults
add chain ip faults here { type filter hook forward priority 0; }
add rule ip faults here udp dport 22098 limit rate over $2/second burst $(($2 / 50)) packets drop
END
}
found() { jq -r --arg network "$1" "map(select(.network == \$network))[0]$2" "$T/found"; }
search_apart() {
    rm -rf "$T/folder"
    "$VRBENCH" search "$T/apart.yaml" --topology dedicated --apart --goal quick --time-limit 60 -o "$T/folder" --json \
        >"$T/found" 2>"$T/run.err" &
    run_pid=$!
    policed=0
    hold_run dedicated && police r1 5000 && police r2 12000 || policed=1
    release_run
    end_run
    sed 's/^/# /' "$T/found"
}
# holds NETWORK RATE — a regular result that holds the rate and the bucket of a trial.
holds() {
    [ "$(found "$1" .regular)" = true ] && between "$(found "$1" .relevant_lower_pps)" 1 $(($2 * 111 / 100)) &&
        between "$(found "$1" .relevant_upper_pps)" $(($2 * 106 / 100)) 1e8
}
noise_met() {
    [ "$(found "$1" .regular)" = false ] || jq -es --argjson late 3e6 'map(select((.valid | not) or
        (.networks | any(.delay_ns.max > $late or .gap_ns.max > $late)))) | length > 0' "$T/folder/points.jsonl"
}
stretch() { # ms
    jq -s 'map(.networks[] | ((.delay_ns.max // 0) + (.gap_ns.max // 0)) / 1e6) | max // 0 | ceil' "$T/folder/points.jsonl"
}
stands() {
    holds "$1" "$2" && return
    noise_met "$1" && between "$(found "$1" '.relevant_lower_pps // 0')" 0 \
        $(($2 * 116 / 100 + $2 * $(stretch) / 200))
}
for try in $(seq $TRIES); do
    search_apart
    { holds NET0 5000 && holds NET1 12000; } && break
    [ "$(ms_since "$started")" -lt "$TRY_UNTIL" ] || break
    diag "try $try of $TRIES had a noisy machine"
done
is "the search succeeds" "$policed$run_status" 00 || sed 's/^/# /' "$T/run.err"
ok "the knee of the slow router holds its rate" stands NET0 5000
ok "  and that of the fast one, in the same search" stands NET1 12000
is "both share their trials" "$(found NET0 .trials) $(found NET0 .trial_s)" "$(found NET1 .trials) $(found NET1 .trial_s)"
ok "the trials have a load for each network" jq -es 'map(.networks | all(has("requested_pps"))) | all' "$T/folder/points.jsonl"
ok "  which the tester sent, or was found to be disturbed" jq -es 'map(select(.valid) | .networks[] |
    select((.tx + .unsent - .requested_pps * 0.2) | fabs > 2)) == []' "$T/folder/points.jsonl"
ok "  and packets are conserved" jq -es 'map(select(.networks | any(.tx != .rx + .lost))) == []' "$T/folder/points.jsonl"
