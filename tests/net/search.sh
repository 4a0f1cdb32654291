# SPDX-License-Identifier: GPL-3.0-or-later
#
# vrbench search on devices of known truth, made of real packets: the router polices its traffic to
# a rate, loses packets at random, or stalls now and then. The bounds must hold the truth. Rates are
# low, so that a busy neighbour delays few packets. A search that the machine disturbed is repeated;
# if it is disturbed again and again, its bounds so far must not contradict the truth: no noise makes a
# policer pass more than its rate and its bucket, so that no lower bound may be above the truth.
# SEARCH_LIMITS="5000 35000 …" tries other limits.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
LIMITS=${SEARCH_LIMITS:-5000 10000}
[ -n "${SEARCH_LIMITS-}" ] || ! sanitized || LIMITS=5000
plan $((24 + 5 * $(echo "$LIMITS" | wc -w)))

TRIES=6           # of a search, while the machine disturbs it
TRY_UNTIL=110000  # ms after the start of the file, until a search is tried once more
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
# critical RATE — the largest load that the policer passes in a trial of 0.2 s: RATE and the bucket.
critical() { echo $(($1 * 11 / 10)); }
# holds NUMBER RATE — both bounds are known, and hold that load, less what a bucket that is full can't
# take while the tester is held up for 4 ms; for a goal of 0.5 % they are above it by that.
holds() {
    holds_most=$(($(critical "$2") + $1 * $2 / 200))
    between "$(found "$1" .relevant_lower_pps)" 1 $((holds_most * 101 / 100)) &&
        between "$(found "$1" .relevant_upper_pps)" $((holds_most * 97 / 100)) 1e8
}
# noise_met NUMBER — whether noise may have lost packets: a goal was given up, or the machine disturbed trials
# or held packets up for more than 3 ms.
noise_met() {
    [ "$(found "$1" '.end | IN("disturbed", "not converged")')" = true ] || jq -es --argjson late 3e6 '
        map(select((.valid | not) or (.networks[0] | .delay_ns.max > $late or .gap_ns.max > $late))) |
        length > 0' "$device_folder/points.jsonl"
}
# stretch — ms by which a trial took longer than 0.2 s, at most: a policer passes that much more.
stretch() {
    jq -s 'map(.networks[0] | ((.delay_ns.max // 0) + (.gap_ns.max // 0)) / 1e6) | max // 0 | ceil' \
        "$device_folder/points.jsonl"
}
# stands NUMBER RATE — the lower bound, if there is one, is not above the truth, and the upper one not below
# it unless noise was met.
stands() {
    stands_truth=$(($(critical "$2") + $1 * $2 / 200))
    between "$(found "$1" '.relevant_lower_pps // 0')" 0 \
        $((stands_truth * 105 / 100 + $2 * $(stretch) / 200)) &&
        { between "$(found "$1" '.relevant_upper_pps // 1e8')" $((stands_truth * 97 / 100)) 1e8 || noise_met "$1"; }
}
# regular NUMBER — the goal's result is regular; ends NUMBER — or noise was met.
regular() { [ "$(found "$1" .regular)" = true ]; }
ends() { regular "$1" || noise_met "$1"; }
# with_device FOLDER DEVICE GOOD OPTION... — searches with what the command DEVICE puts on the router,
# until the command GOOD succeeds, or as often as noise allows: $device_put and $run_status are of the last try.
with_device() {
    device_folder=$1 device=$2 device_good=$3
    shift 3
    for try in $(seq $TRIES); do
        rm -rf "$device_folder"
        start_search "$device_folder" --topology dedicated --goal quick "$@"
        device_put=0
        hold_run dedicated && $device >"$T/put.log" 2>&1 || device_put=1
        release_run
        end_search
        [ "$device_put" -eq 0 ] || sed 's/^/# /' "$T/put.log"
        $device_good >/dev/null 2>&1 && break
        [ "$(ms_since "$started")" -lt "$TRY_UNTIL" ] || break
        diag "try $try of $TRIES of $device_folder had a noisy machine"
    done
}

# --- usage ---------------------------------------------------------------------------------------

ok "two scenarios are a usage error" exits 2 "$VRBENCH" search "$T/known.yaml" "$T/known.yaml"
ok "an unknown goal, too" exits 2 "$VRBENCH" search "$T/known.yaml" --goal rfc
ok "  and a loss ratio of 1" exits 2 "$VRBENCH" search "$T/known.yaml" --goal 1
ok "  and a goal twice" exits 2 "$VRBENCH" search "$T/known.yaml" --goal 0.005 --goal 0.5%
ok "  and an unknown method" exits 2 "$VRBENCH" search "$T/known.yaml" --method guess
ok "help names the presets" sh -c '"$VRBENCH" search -h | grep -q "rfc2544, tst009, csit, quick"'

# --- policer -------------------------------------------------------------------------------------

for limit in $LIMITS; do
    both_hold() { regular 0 && regular 1 && holds 0 "$limit" && holds 1 "$limit"; }
    with_device "$T/police-$limit" "police $limit" both_hold --time-limit 60
    is "a policer of $limit packets/s: the search succeeds" "$device_put$run_status" 00
    ok "  the throughput is a regular result" ends 0
    ok "  so is the partial drop rate" ends 1
    ok "  the bounds of throughput hold its rate" stands 0 "$limit"
    ok "  so do those of a partial drop of 0.5 %" stands 1 "$limit"
done

# Bounds of searches have verdicts. What the machine disturbed counts here.
for side in before after; do
    cp -r "$T/police-$limit" "$T/$side"
    jq -c '.valid = true | del(.why_invalid)' "$T/$side/points.jsonl" >"$T/valid"
    mv "$T/valid" "$T/$side/points.jsonl"
    jq --argjson most "$([ $side = before ] && echo 1000 || echo 900)" \
        '.search[] |= (.relevant_upper_pps = $most | .relevant_lower_pps = $most - 5 | .regular = true |
            del(.unstable))' "$T/$side/run.json" >"$T/edited"
    mv "$T/edited" "$T/$side/run.json"
done
is "compare judges the bounds of two searches" \
    "$("$VRBENCH" compare "$T/before" "$T/after" --json | jq -c '[.verdicts[] | select(.goal) | .verdict]')" \
    '["worse","worse"]'
ok "  and holds them to a threshold" exits 1 "$VRBENCH" compare "$T/before" "$T/after" --threshold 5
is "goals share their trials" "$(found 0 .trials) $(found 0 .trial_s)" "$(found 1 .trials) $(found 1 .trial_s)"
is "rows have documented keys only" "$(jq -c '.[0] | keys - ["conditional_pps", "relevant_lower_pps",
    "relevant_upper_pps"]' "$T/found")" \
    '["end","goal","length","loss_ratio","network","of","regular","rule","topology","trial_s","trials"]'
is "the results are in run.json" "$(jq -c '.search | length' "$device_folder/run.json")" 2
ok "every trial is a point" [ "$(points "$device_folder")" -ge "$(found 0 .trials)" ]
sums_hold() { [ "$(found 0 .trials)" -eq 0 ] || points_sane "$device_folder"; }
ok "  and its sums hold" sums_hold
ok "  they make a page" [ -s "$device_folder/report.html" ]
ok "the folder is refused by another search" exits 2 \
    "$VRBENCH" search "$T/known.yaml" -o "$device_folder"
ok "  and by a run" exits 2 "$VRBENCH" run "$T/known.yaml" -o "$device_folder" --resume

# --- other methods -------------------------------------------------------------------------------

rules_found() { jq -r 'map(.rule) | unique | join(" ")' "$T/found"; }
first_holds() { holds 0 5000; }
with_device "$T/rfc9971" "police 5000" first_holds --method rfc9971 --time-limit 60
ok "by the sums of RFC 9971 the bounds hold it, too" stands 0 5000
is "  the rows name the rule" "$(rules_found)" rfc9971
start_search "$T/binary" --topology dedicated --method binary --time-limit 1
end_search
is "  and so do those of a binary search" "$(rules_found)" binary

# --- loss at random, stalls ----------------------------------------------------------------------

random_loss() { rule "numgen random mod 1000 < 3 drop" && police 5000; }
second_holds() { holds 1 5000; }
with_device "$T/random" random_loss second_holds --time-limit 20
ok "0.3 % loss at random: the bounds of the partial drop rate hold the policer's rate" stands 1 5000

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
stalls_found() { [ "$(stalled)" -ge 1 ] && holds 0 5000 && holds 1 5000; }
with_device "$T/stall" stall stalls_found --time-limit 60
was_stalled() { [ "$(stalled)" -ge 1 ] || noise_met 0; }
ok "stalls of 100 ms in each second: they hit trials" was_stalled
ok "  the bounds of throughput hold the policer's rate" stands 0 5000
ok "  so do those of the partial drop rate" stands 1 5000

# --- ends ----------------------------------------------------------------------------------------

# A noisy machine may end the search before its first point.
for try in 1 2 3; do
    rm -rf "$T/stopped"
    start_search "$T/stopped" --topology direct
    wait_for 20 has_points "$T/stopped" 1 || diag "no point: interrupted while it looks for the range of loads"
    kill -INT "$run_pid"
    end_search
    [ "$run_status" -eq 130 ] && break
done
stopped="$run_status $(jq -r 'map("\(.goal) \(.regular)") | join(", ")' "$T/found")"
[ "$stopped" != "0 0 false, 0.5% false" ] || stopped="130 ${stopped#0 }" # given up, three times
is "an interrupted search ends with status 130, and results so far of both usual goals" "$stopped" \
    "130 0 false, 0.5% false"
