# SPDX-License-Identifier: GPL-3.0-or-later
#
# vrbench search on devices of known truth, made of real packets: the router polices its traffic to
# a rate, loses packets at random, or stalls now and then. The bounds must hold the truth. Rates are
# low, so that a busy neighbour delays few packets; a search that the machine disturbed is repeated,
# and skipped visibly if it is disturbed again and again. SEARCH_LIMITS="5000 35000 …" tries other
# limits.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
LIMITS=${SEARCH_LIMITS:-5000 10000}
plan $((23 + 4 * $(echo "$LIMITS" | wc -w)))

TRIES=12         # of a search, while it is disturbed
TRY_UNTIL=110000 # ms after the start of the file
started=$(date +%s%N)
cat >"$T/known.yaml" <<'END'
name: known
topologies: [direct, dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [1000] }, duration: 1 s }
END

start_search() { # FOLDER OPTION...
    search_folder=$1
    shift
    "$VRBENCH" search "$T/known.yaml" -o "$search_folder" --json "$@" >"$T/found" 2>"$T/run.err" &
    run_pid=$!
}
end_search() {
    end_run
    sed 's/^/# /' "$T/found"
}
# rule EXPRESSION — what the router does to test frames.
rule() {
    node r1t3 nft -f - <<END
add table ip faults
add chain ip faults here { type filter hook forward priority 0; }
add rule ip faults here udp dport 22098 $1
END
}
# police RATE — passes RATE, and in each trial the bucket: packets of 20 ms, as many as a tester that
# is held up by others may send at once.
police() { rule "limit rate over $1/second burst $(($1 / 50)) packets drop"; }
# found NUMBER FILTER — of a goal's row.
found() { jq -r ".[$1]$2" "$T/found"; }
# holds NUMBER RATE — both bounds are known, and hold the largest load that the policer passes in a
# trial of 0.2 s: RATE and the bucket, less what a bucket that is full can't take while the tester is
# held up for 4 ms.
holds() {
    critical=$(($2 * 11 / 10 + $1 * $2 / 200))
    between "$(found "$1" .relevant_lower_pps)" 1 $((critical * 101 / 100)) &&
        between "$(found "$1" .relevant_upper_pps)" $((critical * 97 / 100)) 1e8
}
# was_disturbed FIRST — the search, as to its goals from that on.
was_disturbed() {
    jq -e --argjson first "$1" '.[$first:] | map(.end == "disturbed" or .end == "not converged") | any' \
        "$T/found"
}
# with_device FOLDER DEVICE FIRST OPTION... — searches with what the command DEVICE puts on the
# router, until the goals from FIRST on are found undisturbed. Else $device_why is the reason.
with_device() {
    device_folder=$1 device=$2 device_first=$3
    shift 3
    for try in $(seq $TRIES); do
        rm -rf "$device_folder"
        start_search "$device_folder" --topology dedicated --goal quick "$@"
        device_put=0
        hold_run dedicated && $device >"$T/put.log" 2>&1 || device_put=1
        release_run
        end_search
        device_why=
        was_disturbed "$device_first" >/dev/null || break
        device_why="the machine disturbed the search $try times"
        [ "$(ms_since "$started")" -lt "$TRY_UNTIL" ] || break
    done
    [ "$device_put" -eq 0 ] || sed 's/^/# /' "$T/put.log"
}
# finds DESC COMMAND... — ok, by a search that the machine did not disturb.
finds() {
    if [ -n "$device_why" ]; then skip "$1" "$device_why"; else ok "$@"; fi
}

# --- usage ---------------------------------------------------------------------------------------

ok "no scenario is a usage error" exits 2 "$VRBENCH" search
ok "an unknown goal, too" exits 2 "$VRBENCH" search "$T/known.yaml" --goal rfc
ok "  and a loss ratio of 1" exits 2 "$VRBENCH" search "$T/known.yaml" --goal 1
ok "  and a goal twice" exits 2 "$VRBENCH" search "$T/known.yaml" --goal 0.005 --goal 0.5%
ok "  and an unknown method" exits 2 "$VRBENCH" search "$T/known.yaml" --method guess
ok "help names the presets" sh -c '"$VRBENCH" search -h | grep -q "rfc2544, tst009, csit, quick"'

# --- policer -------------------------------------------------------------------------------------

for limit in $LIMITS; do
    with_device "$T/police-$limit" "police $limit" 0 --time-limit 60
    is "a policer of $limit packets/s: the search succeeds" "$device_put$run_status" 00
    finds "  its results are regular" jq -e 'map(.regular) | all' "$T/found"
    finds "  the bounds of throughput hold its rate" holds 0 "$limit"
    finds "  so do those of a partial drop of 0.5 %" holds 1 "$limit"
done
is "goals share their trials" "$(found 0 .trials) $(found 0 .trial_s)" "$(found 1 .trials) $(found 1 .trial_s)"
is "rows have documented keys only" "$(jq -c '.[0] | keys - ["conditional_pps", "relevant_lower_pps",
    "relevant_upper_pps"]' "$T/found")" \
    '["end","goal","length","loss_ratio","network","regular","rule","topology","trial_s","trials"]'
is "the results are in run.json" "$(jq -c '.search | length' "$device_folder/run.json")" 2
ok "every trial is a point" [ "$(points "$device_folder")" -ge "$(found 0 .trials)" ]
ok "  and its sums hold" points_sane "$device_folder"
ok "  they make a page" [ -s "$device_folder/report.html" ]
ok "the folder is refused by another search" exits 2 \
    "$VRBENCH" search "$T/known.yaml" -o "$device_folder"
ok "  and by a run" exits 2 "$VRBENCH" run "$T/known.yaml" -o "$device_folder" --resume

# --- other methods -------------------------------------------------------------------------------

rules_found() { jq -r 'map(.rule) | unique | join(" ")' "$T/found"; }
with_device "$T/rfc9971" "police 5000" 0 --method rfc9971 --time-limit 60
finds "by the sums of RFC 9971 the bounds hold it, too" holds 0 5000
is "  the rows name the rule" "$(rules_found)" rfc9971
start_search "$T/binary" --topology dedicated --method binary --time-limit 1
end_search
is "  and so do those of a binary search" "$(rules_found)" binary

# --- loss at random, stalls ----------------------------------------------------------------------

random_loss() { rule "numgen random mod 1000 < 3 drop" && police 5000; }
with_device "$T/random" random_loss 1 --time-limit 20
finds "0.3 % loss at random: the bounds of the partial drop rate hold the policer's rate" holds 1 5000

stall() { # for 100 ms in each second
    police 5000 && node r1t3 nft 'add chain ip faults stall { type filter hook forward priority -1; }'
    while kill -0 "$run_pid"; do
        sleep 0.9
        node r1t3 nft add rule ip faults stall drop && sleep 0.1
        node r1t3 nft flush chain ip faults stall
    done >/dev/null 2>&1 &
}
stalled() { # trials that lost far more than the policer drops
    jq -s 'map(.networks[0] | select(.offered_pps < 6000 and .loss_ratio > 0.15)) | length' \
        "$device_folder/points.jsonl"
}
with_device "$T/stall" stall 0 --time-limit 60
finds "stalls of 100 ms in each second: they hit trials" [ "$(stalled)" -ge 1 ]
finds "  the bounds of throughput hold the policer's rate" holds 0 5000
finds "  so do those of the partial drop rate" holds 1 5000

# --- ends ----------------------------------------------------------------------------------------

start_search "$T/stopped" --topology direct
ok "a search is interrupted" wait_for 60 has_points "$T/stopped" 1
kill -INT "$run_pid"
end_search
is "  with status 130, and results so far of both usual goals" \
    "$run_status $(jq -r 'map("\(.goal) \(.regular)") | join(", ")' "$T/found")" \
    "130 0 false, 0.5% false"
