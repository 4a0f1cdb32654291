# SPDX-License-Identifier: GPL-3.0-or-later
#
# vrbench search on devices of known truth, made of real packets: the router polices its traffic to
# a rate, loses packets at random, or stalls now and then. The bounds must hold the truth.
# SEARCH_LIMITS="20000 35000 …" tries other limits.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
LIMITS=${SEARCH_LIMITS:-20000}
plan $((23 + 4 * $(echo "$LIMITS" | wc -w)))

BURST=60 # packets that the policer passes beyond its rate in a trial
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
police() { rule "limit rate over $1/second burst $BURST packets drop"; }
# found NUMBER FILTER — of a goal's row.
found() { jq -r ".[$1]$2" "$T/found"; }
# holds NUMBER LEAST MOST — the bounds overlap the truth, from LEAST to MOST. A bound that a noisy
# machine did not let the search find claims nothing.
holds() {
    between "$(found "$1" '.relevant_lower_pps // 0')" 0 "$3" &&
        between "$(found "$1" '.relevant_upper_pps // 1e9')" "$2" 1e9
}
was_disturbed() { jq -e 'map(.end == "disturbed" or .end == "not converged") | any' "$T/found"; }
is_regular() { was_disturbed || jq -e 'map(.regular) | all' "$T/found"; }
# with_device FOLDER DEVICE OPTION... — searches with what the command DEVICE puts on the router.
with_device() {
    device_folder=$1 device=$2
    shift 2
    for try in 1 2; do
        rm -rf "$device_folder"
        start_search "$device_folder" --topology dedicated "$@"
        device_put=0
        hold_run dedicated && $device >"$T/put.log" 2>&1 || device_put=1
        release_run
        end_search
        was_disturbed >/dev/null || break
    done
    [ "$device_put" -eq 0 ] || sed 's/^/# /' "$T/put.log"
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
    most=$((limit + BURST + limit / 100))
    with_device "$T/police-$limit" "police $limit" --time-limit 60
    is "a policer of $limit packets/s: the search succeeds" "$device_put$run_status" 00
    ok "  and is regular, unless the machine disturbed it" is_regular
    ok "  the bounds of throughput hold its rate" holds 0 $((limit * 99 / 100)) $most
    ok "  so do those of a partial drop of 0.5 %" holds 1 $((limit * 99 / 100)) $((most + limit / 100))
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

for method in rfc9971 binary; do
    with_device "$T/$method" "police 20000" --method $method --goal quick --time-limit 30
    ok "by $method the bounds hold it, too" holds 1 19000 21000
done

# --- loss at random, stalls ----------------------------------------------------------------------

random_loss() { rule "numgen random mod 1000 < 3 drop" && police 20000; }
with_device "$T/random" random_loss --time-limit 60
is "0.3 % loss at random: there is no throughput" "$(found 0 .regular) $(found 0 .relevant_lower_pps)" \
    "false null"
ok "  the partial drop rate holds the policer's" holds 1 19700 20400

stall() { # for 100 ms in one second of ten
    police 20000
    while kill -0 "$run_pid"; do
        sleep 9.9
        node r1t3 nft add rule ip faults here drop && sleep 0.1
        node r1t3 nft flush chain ip faults here && police 20000
    done >/dev/null 2>&1 &
}
with_device "$T/stall" stall --time-limit 60
ok "stalls of 100 ms in 10 s: the bounds of throughput hold the policer's rate" holds 0 19800 20300
ok "  so do those of the partial drop rate" holds 1 19800 20500

# --- ends ----------------------------------------------------------------------------------------

start_search "$T/stopped" --topology direct --goal rfc2544
ok "a search is interrupted" wait_for 60 has_points "$T/stopped" 1
kill -INT "$run_pid"
end_search
is "  with status 130, and results so far" "$run_status $(found 0 .regular)" "130 false"
