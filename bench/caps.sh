# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench/caps.sh [SECONDS] — measures the accuracy of CPU allocation. Prints Markdown tables with the CPU
# of points and, in brackets, of /proc/TID/schedstat over a second in the middle of the load: a router
# and the host under caps of 10 to 80 % of a CPU (medians of three trials), and two routers of weights
# 1:1, 2:1 and 4:1 on one CPU. All parties require more CPU than allocated: long rule lists slow the
# nodes down, so that low loads suffice and neither the tester nor the bridges are the limit. $VRBENCH
# is the program. Requires root, nft and jq. Called by sections/caps.sh.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
test_planned=0
seconds=${1:-3}

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
traffic: { lengths: [64], rates: { pps: [$5] }, duration: $seconds s, repeats: 3 }
YAML
    rm -rf "$T/caps"
    start_run "$T/caps.yaml" -o "$T/caps"
    first_please
    if hold_run "$1"; then
        if [ "$2" = host ]; then slow_down host bridge "$4"; else slow_down r1 ip "$4"; fi
    fi
    release_run
    watch_cpu 200 1 1 "$group"
    end_run
    jq -rs --arg who "$2" --arg seen "$(cat "$T/watched")" '
        map(.cpu[] | select(.name == $who).percent) | sort[1] |
        "\(. * 10 | round / 10) (\($seen | tonumber * 10 | round / 10))"' "$T/caps/points.jsonl"
}

# share W1 W2 — CPU of r1 over that of r2.
share() {
    cat >"$T/weights.yaml" <<YAML
name: weights
topologies: [dedicated]
host: { cpus: 1 }
routers: { r1: { weight: $1 }, r2: { weight: $2 } }
networks: { NET0: { router: r1 }, NET1: { router: r2 } }
traffic: { lengths: [64], rates: { pps: [80000] }, duration: $seconds s }
YAML
    rm -rf "$T/weights"
    start_run "$T/weights.yaml" -o "$T/weights"
    first_please
    hold_run dedicated && slow_down r1 ip 5000 && slow_down r2 ip 5000
    release_run
    watch_cpu 100 1 1 router-r1 router-r2
    end_run
    # shellcheck disable=SC2086
    set -- $(cat "$T/watched")
    jq -r --arg a "${1:-0}" --arg b "${2:-1}" '(.cpu | map({(.name): .percent}) | add) as $cpu |
        "\($cpu.r1 * 10 | round / 10) | \($cpu.r2 * 10 | round / 10) | " +
        "\($cpu.r1 / $cpu.r2 * 100 | round / 100) (\(
            ($a | tonumber) / ($b | tonumber) * 100 | round / 100))"' "$T/weights/points.jsonl"
}

echo "| cap, % of a CPU | router, dedicated | router, bridged | host, bridged |"
echo "| ---: | ---: | ---: | ---: |"
for cap in 10 20 30 50 80; do
    # In topology bridged, the host delivers packets with the CPU time that the router leaves.
    dedicated=$(used_by dedicated r1 $cap 2500 80000)
    bridged=$(used_by bridged r1 $cap 5000 50000)
    host=$(used_by bridged host $cap 2500 60000)
    echo "| $cap | $dedicated | $bridged | $host |"
done
echo
echo "| weights | r1, % of a CPU | r2, % of a CPU | ratio |"
echo "| ---: | ---: | ---: | ---: |"
for weights in "256 256" "512 256" "1024 256"; do
    # shellcheck disable=SC2086
    echo "| $(echo "$weights" | tr ' ' :) | $(share $weights) |"
done
