# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/net/lib/ipv6.sh — tests of IPv6 that are the same on every platform. For tests that have sourced
# lib.sh.

# reaches6 — whether the source of the testbed "two" reaches the sink of its network 0, which is of IPv6.
reaches6() { vrbench console two/source -- ping -6 -q -c 1 -W 2 2001:2:0:8000::2; }

# forwards_both — so it does, and the sink of network 1, which is of IPv4.
forwards_both() { reaches6 && reaches 1; }

# lives6 PLATFORM — a router of both IP versions is built, measured by the engines that run other programs, rebooted,
# destroyed and created again. 34 checks.
lives6() {
    scenario_two "$1" "bridged, dedicated" "rates: { pps: [300] }, duration: 1 s"
    sed -i 's/NET0: { router: r1t3 }/NET0: { router: r1t3, ip: 6 }/; s/NET1: { router: r2t3 }/NET1: { router: r1t3 }/
        /r2t3:/d; s/lengths: \[64\]/lengths: [300]/' "$T/two.yaml"
    for topology in bridged dedicated; do
        ok "$topology: up" vrbench up "$T/two.yaml" --topology "$topology"
        ok "  IPv6 and IPv4 are forwarded" wait_for 60 forwards_both
        for engine in iperf iperf3 tcp; do
            by_program "$engine"
        done
        ok "  the router is rebooted" vrbench reboot r1t3
        ok "  and forwards both" wait_for 60 forwards_both
        ok "  it is destroyed" vrbench destroy r1t3
        ok "  and created" vrbench create r1t3
        ok "  and forwards both" wait_for 60 forwards_both
        ok "  down" vrbench down two
    done
}

# by_program ENGINE — a run on the testbed "two", whose packets arrive or have a known place of loss. 3 checks.
by_program() {
    folder=$T/$1
    rm -rf "$folder"
    ok "  $1: a run" measured "$T/two.yaml" --on two --engine "$1" -o "$folder" --attempts 1
    # These engines measure no delay.
    ok "    whose sums hold" jq -es 'length == 1 and all((.networks | all(.tx == .rx + .lost)) and
        ([.networks[].lost] | add) == ([.drops[].count] | add // 0) and
        all(.drops[]; .count > 0 and .where != "unexplained"))' "$folder/points.jsonl" ||
        sed 's/^/# /' "$folder/points.jsonl"
    ok "    in which packets of both versions arrive" jq -es 'all(.[].networks[]; .rx > 0) and
        (.[0].networks | length == 2)' "$folder/points.jsonl" || sed 's/^/# /' "$folder/points.jsonl"
}
