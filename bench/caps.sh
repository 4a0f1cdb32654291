# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench/caps.sh [SECONDS] — how exactly caps are held: a router, bridged and dedicated, and the host,
# bridged, under caps of 10 to 80 % of a CPU and more load than any of them can take; prints a
# Markdown table of CPU used. Nodes are made slow by long lists of rules, so that the tester is not
# the limit. $VRBENCH is the program. Needs root, nft and jq. Called by sections/caps.sh.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
test_planned=0
seconds=${1:-2}

slow_down() { # NODE FAMILY
    {
        echo "add table $2 slow"
        echo "add chain $2 slow walk { type filter hook forward priority 0; }"
        i=0
        while [ $i -lt 1500 ]; do
            echo "add rule $2 slow walk ip saddr 10.$((i / 250)).$((i % 250)).1 udp dport 7 drop"
            i=$((i + 1))
        done
    } | node "$1" nft -f -
}

# used TOPOLOGY WHO CAP — percent of a CPU that WHO (host or r1) used under the cap.
used() {
    host_cap=0 router_cap=0
    if [ "$2" = host ]; then host_cap=$3; else router_cap=$3; fi
    cat >"$T/caps.yaml" <<END
name: caps
topologies: [$1]
host: { cpus: 1, cap: $host_cap }
routers: { r1: { cap: $router_cap } }
networks: { NET0: { router: r1 } }
traffic: { lengths: [64], rates: { pps: [100000] }, duration: $seconds s }
END
    rm -rf "$T/caps"
    start_run "$T/caps.yaml" -o "$T/caps"
    if hold_run "$1"; then
        if [ "$2" = host ]; then slow_down host bridge; else slow_down r1 ip; fi
    fi
    release_run
    end_run
    jq -r --arg who "$2" '.cpu | map(select(.name == $who).percent)[0] | . * 100 | round / 100' \
        "$T/caps/points.jsonl"
}

echo "| cap, % of a CPU | router, dedicated | router, bridged | host, bridged |"
echo "| ---: | ---: | ---: | ---: |"
for cap in 10 20 30 50 80; do
    dedicated=$(used dedicated r1 $cap)
    bridged=$(used bridged r1 $cap)
    host=$(used bridged host $cap)
    echo "| $cap | $dedicated | $bridged | $host |"
done
