# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench/caps.sh [SECONDS [REPEATS [quick]]] — measures the accuracy of CPU allocation. Prints Markdown tables
# with the CPU of points and, in brackets, of /proc/TID/schedstat over a third of the time in the middle of the
# load: a router and the host under caps of 10 to 80 % of a CPU, and two routers of weights 1:1, 2:1 and 4:1 on
# one CPU (medians of the valid ones of REPEATS trials; fewer caps and weights if quick). All parties require
# more CPU than allocated: long rule lists slow the nodes down, so that low loads suffice and neither the tester
# nor the bridges are the limit. $VRBENCH is the program. Requires root, nft and jq. Called by sections/caps.sh.
#
# Exit status: 1 if a run failed, or a node could not be slowed down.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
test_planned=0
seconds=${1:-3} repeats=${2:-3}
caps="10 20 30 50 80" all_weights="256:256 512:256 1024:256"
[ "${3-}" != quick ] || caps="20 80" all_weights="1024:256"

# failed WHAT — ends the run, and this shell.
failed() {
    echo "caps: $1" >&2
    release_run 2>/dev/null
    kill -INT "$run_pid" 2>/dev/null
    end_run
    tail -n 20 "$T/run.err" >&2
    exit 1
}

# finish_run — waits for the end of the run.
finish_run() {
    end_run
    [ "$run_status" -eq 0 ] || failed "vrbench run ended with status $run_status"
}

# Functions of jq: the median of numbers, null without any; a rounded value, "none" for null: no trial was
# valid, or it ended before the second reading of schedstat; a number of cpuwatch.
functions='
    def median: sort | if length == 0 then null else (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2 end;
    def tenths: if . == null then "none" else . * 10 | round / 10 end;
    def hundredths: if . == null then "none" else . * 100 | round / 100 end;
    def seen: if . == "" then null else tonumber end;'

# used_by TOPOLOGY PARTY CAP RULES PPS — percent of a CPU that PARTY (host or r1) used under the cap.
used_by() {
    host_cap=0 router_cap=0 group=router-r1
    if [ "$2" = host ]; then host_cap=$3 group=host; else router_cap=$3; fi
    cat >"$T/caps.yaml" <<YAML
name: caps
topologies: [$1]
host: { cpus: 1, cap: $host_cap }
routers: { r1: { cap: $router_cap } }
networks: { NET0: { router: r1 } }
traffic: { lengths: [64], rates: { pps: [$5] }, duration: $seconds s, repeats: $repeats }
YAML
    rm -rf "$T/caps"
    start_run "$T/caps.yaml" -o "$T/caps"
    first_please
    hold_run "$1" || failed "no testbed"
    if [ "$2" = host ]; then slow_down host bridge "$4"; else slow_down r1 ip "$4"; fi ||
        failed "$2 cannot be slowed down"
    release_run
    watch_cpu $(($3 * seconds * 10 / 6)) 1 "$third" "$group" || : >"$T/watched"
    finish_run
    jq -rs --arg who "$2" --arg seen "$(cat "$T/watched")" "$functions"'
        map(select(.valid) | .cpu[] | select(.name == $who).percent) | median | tenths |
        "\(.) (\($seen | seen | tenths))"' "$T/caps/points.jsonl"
}

# share W1 W2 — CPU of r1 over that of r2.
share() {
    cat >"$T/weights.yaml" <<YAML
name: weights
topologies: [dedicated]
host: { cpus: 1 }
routers: { r1: { weight: $1 }, r2: { weight: $2 } }
networks: { NET0: { router: r1 }, NET1: { router: r2 } }
traffic: { lengths: [64], rates: { pps: [80000] }, duration: $seconds s, repeats: $repeats }
YAML
    rm -rf "$T/weights"
    start_run "$T/weights.yaml" -o "$T/weights"
    first_please
    hold_run dedicated || failed "no testbed"
    { slow_down r1 ip 5000 && slow_down r2 ip 5000; } || failed "a router cannot be slowed down"
    release_run
    watch_cpu $((seconds * 100 / 6)) 1 "$third" router-r1 router-r2 || : >"$T/watched"
    finish_run
    # shellcheck disable=SC2086,SC2046
    set -- $(cat "$T/watched")
    jq -rs --arg a "${1-}" --arg b "${2-}" "$functions"'
        map(select(.valid) | .cpu | map({(.name): .percent}) | add) |
        "\(map(.r1) | median | tenths) | \(map(.r2) | median | tenths) | " +
        "\(map(.r1 / .r2) | median | hundredths) (\(
            if $b == "" then null else ($a | tonumber) / ($b | tonumber) end | hundredths))"' "$T/weights/points.jsonl"
}

third=$(echo "$seconds" | awk '{ print $1 / 3 }')
echo "| cap, % of a CPU | router, dedicated | router, bridged | host, bridged |"
echo "| ---: | ---: | ---: | ---: |"
for cap in $caps; do
    # In topology bridged, the host delivers packets with the CPU time that the router leaves.
    dedicated=$(used_by dedicated r1 "$cap" 2500 80000) || exit 1
    bridged=$(used_by bridged r1 "$cap" 5000 50000) || exit 1
    host=$(used_by bridged host "$cap" 2500 60000) || exit 1
    echo "| $cap | $dedicated | $bridged | $host |"
done
echo
echo "| weights | r1, % of a CPU | r2, % of a CPU | ratio |"
echo "| ---: | ---: | ---: | ---: |"
for weights in $all_weights; do
    row=$(share "${weights%:*}" "${weights#*:}") || exit 1
    echo "| $weights | $row |"
done
