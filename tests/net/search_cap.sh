# SPDX-License-Identifier: GPL-3.0-or-later
#
# vrbench search --of cap: the smallest cap of two routers of different cost, made slow by rules that
# every packet walks. What a router uses at the load while nothing is lost is what it needs, so that no cap found
# may be clearly below it, however busy the machine is. A busy machine makes a router need more: a
# search whose caps are too large is repeated, and accepted if the machine disturbed it to the end.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 22

TRIES=4
TRY_UNTIL=100000 # ms after the start of the file, until a search is tried once more
started=$(date +%s%N)
cat >"$T/caps.yaml" <<'END'
name: caps
topologies: [direct, dedicated]
routers: { r1: {}, r2: {} }
networks: { NET0: { router: r1 }, NET1: { router: r2 } }
traffic: { lengths: [64], rates: { pps: [1000] }, duration: 1 s }
END
sed 's/\[direct, dedicated\]/[direct]/' "$T/caps.yaml" >"$T/direct.yaml"
admission() { cat /proc/sys/kernel/sched_rt_runtime_us; }
was=$(admission)
refused() { exits 2 "$VRBENCH" search "$@"; }

# --- usage ---------------------------------------------------------------------------------------

ok "an unknown kind is a usage error" refused "$T/caps.yaml" --of delay
ok "  and caps without a load" refused "$T/caps.yaml" --of cap
ok "  and a load of nothing" refused "$T/caps.yaml" --of cap --at 0
ok "  and a load for rates" refused "$T/caps.yaml" --at 5000
ok "  and caps by RFC 9971" refused "$T/caps.yaml" --of cap --at 5000 --goal csit
ok "  and caps in direct only" refused "$T/direct.yaml" --of cap --at 5000
ok "  and loads apart by an engine that has one load" refused "$T/caps.yaml" --apart --engine iperf3
ok "help names the kinds" sh -c '"$VRBENCH" search -h | grep -q "rate, density, cap, burst or"'

# --- two routers ---------------------------------------------------------------------------------

found() { jq -r --arg router "$1" "map(select(.router == \$router)) | .[0]$2" "$T/found"; }
# needs ROUTER FILTER — what it used in trials without loss, of which the filter takes one.
needs() {
    jq -s --arg router "$1" "map(select(.networks | all(.lost == 0)) | .cpu[] |
        select(.name == \$router) | .percent) | sort | $2" "$T/cap/points.jsonl"
}
noise_met() { jq -es 'map(select(.valid | not)) | length > 0' "$T/cap/points.jsonl" ||
    jq -e 'map(.regular | not) | any' "$T/found"; }
# holds ROUTER — a regular result around what it needs: a trial of 0.2 s is too short for less than 3 points.
holds() {
    holds_need=$(needs "$1" '.[length / 2 | floor] // -100')
    [ "$(found "$1" .regular)" = true ] && [ "$(found "$1" '.cap_percent | .high - .low')" -eq 2 ] &&
        between "$(found "$1" .cap_percent.high)" "$(awk -v n="$holds_need" 'BEGIN { print n - 3 }')" \
            "$(awk -v n="$holds_need" 'BEGIN { print 1.3 * n + 4 }')"
}
# stands ROUTER — as holds; or noise was met, and the cap is not below the least that was used.
stands() {
    holds "$1" && return
    noise_met && between "$(found "$1" '.cap_percent.high // 101')" \
        "$(needs "$1" '(.[0] // 0) - 3')" 101
}
search_caps() {
    rm -rf "$T/cap"
    "$VRBENCH" search "$T/caps.yaml" --of cap --at 3000 --goal quick --time-limit 60 -o "$T/cap" --json \
        >"$T/found" 2>"$T/run.err" &
    run_pid=$!
    slowed=0
    hold_run dedicated && slow_down r1 ip 3000 && slow_down r2 ip 1000 || slowed=1
    release_run
    end_run
    sed 's/^/# /' "$T/found"
}
for try in $(seq $TRIES); do
    search_caps
    { holds r1 && holds r2; } >/dev/null 2>&1 && break
    [ "$(ms_since "$started")" -lt "$TRY_UNTIL" ] || break
    diag "try $try of $TRIES had a noisy machine"
done
is "the search succeeds" "$slowed$run_status" 00 || sed 's/^/# /' "$T/run.err"
ok "the cap of the slow router is what it needs" stands r1
ok "  so is that of the faster one" stands r2
conforms "the JSON is as described" search "$T/found"
is "there is a row for each router and goal, of dedicated only" \
    "$(jq -r 'map("\(.topology) \(.router) \(.goal)") | join(", ")' "$T/found")" \
    "dedicated r1 quick-ndr, dedicated r1 quick-pdr, dedicated r2 quick-ndr, dedicated r2 quick-pdr"
is "rows have documented keys only" "$(jq -c '.[0] | keys' "$T/found")" \
    '["at_pps","cap_percent","end","goal","length","loss_ratio","of","regular","router","rule","topology","trial_s","trials"]'
is "  of the load that was given" "$(found r1 '| "\(.of) \(.at_pps)"')" "cap 3000"
is "the results are in run.json" "$(jq -c '.search | map(.of) | unique' "$T/cap/run.json")" '["cap"]'
ok "every trial has the load, and its sums hold" \
    jq -es 'map(select(.requested_pps != 3000 or (.networks | any(.tx != .rx + .lost)))) == []' "$T/cap/points.jsonl"
ok "no cap is above the CPU" jq -e 'map(.cap_percent | (.high // 1) <= 100 and (.low // 1) >= 1) | all' "$T/found"
is "the setting of the machine is as it was" "$(admission)" "$was"

# --- a table, interrupted -------------------------------------------------------------------------

"$VRBENCH" search "$T/caps.yaml" --of cap --at '2 Mbit/s' --no-stability-check -o "$T/stopped" >"$T/table" 2>"$T/run.err" &
run_pid=$!
hold_run dedicated
kill -INT "$run_pid"
release_run
end_run
is "interrupted, it ends with status 130" "$run_status" 130
like "  and a table with the load in packets/s" "$(cat "$T/table")" '^dedicated +64 +r1 +3,906 +0 +unknown'
is "  and the setting of the machine is as it was" "$(admission)" "$was"
