# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/net/lib/ipv6.sh — tests of IPv6 that are the same on every platform. For tests that have sourced
# lib.sh.

# reaches6 — whether the source of the testbed "two" reaches the sink of its network 0, which is of IPv6.
reaches6() { vrbench console two/source -- ping -6 -q -c 1 -W 2 2001:2:0:8000::2; }

# lives6 PLATFORM — a router of IPv6 and one of IPv4 are built; the first is rebooted, destroyed and created again.
# 18 checks.
lives6() {
    scenario_two "$1" "bridged, dedicated"
    sed -i 's/NET0: { router: r1t3 }/NET0: { router: r1t3, ip: 6 }/; s/lengths: \[64\]/lengths: [76]/' \
        "$T/two.yaml"
    for topology in bridged dedicated; do
        ok "$topology: up" vrbench up "$T/two.yaml" --topology "$topology"
        ok "  IPv6 is forwarded" wait_for 60 reaches6
        ok "  and IPv4 by the other router" wait_for 60 reaches 1
        ok "  the router is rebooted" vrbench reboot r1t3
        ok "  and forwards" wait_for 60 reaches6
        ok "  it is destroyed" vrbench destroy r1t3
        ok "  and created" vrbench create r1t3
        ok "  and forwards" wait_for 60 reaches6
        ok "  down" vrbench down two
    done
}

# measured6 PLATFORM — a run with each own engine, whose packets arrive or have a known place of loss. 6 checks.
measured6() {
    for engine in packet xdp; do
        cat >"$T/$engine.yaml" <<END
name: six
platform: $1
topologies: [bridged, dedicated]
routers: { r1: {} }
networks: { NET0: { router: r1, ip: 6 } }
traffic: { engine: $engine, lengths: [76, 1500], rates: { pps: [300] }, duration: 500 ms }
END
        ok "$engine: a run" measured "$T/$engine.yaml" -o "$T/$engine"
        ok "  whose sums hold" points_sane "$T/$engine"
        ok "  in which packets arrive, each once, or have a known place" jq -es 'length == 4 and
            (map(.networks[0] | .rx > 0.9 * .tx and .duplicated == 0 and .corrupt == 0) | all) and
            (map(.drops[]) | all(.where != "unexplained"))' "$T/$engine/points.jsonl" ||
            sed 's/^/# /' "$T/$engine/points.jsonl"
    done
}
