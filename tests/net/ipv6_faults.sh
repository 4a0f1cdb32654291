#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Losses of IPv6 packets with the reasons of the IPv6 layer, by both own engines: as many as faults cause.
#
# Runs beside others: what a busy machine disturbs is repeated.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 18

PACKETS=200
point() { tail -n 1 "$folder/points.jsonl" | jq -cS "$1"; }
sent_all() { [ "$(point '.networks[0].tx')" = "$PACKETS" ]; }
with_fault() { # ENGINE LENGTH PUT PLACES
    cat >"$T/fault.yaml" <<END
name: fault
topologies: [dedicated]
routers: { r1: {} }
networks: { NET0: { router: r1, ip: 6 } }
traffic: { engine: $1, lengths: [$2], rates: { pps: [300, 1000] }, duration: 200 ms }
END
    for try in 1 2 3 4 5 6; do
        folder=$T/$1-$3-$try
        start_run "$T/fault.yaml" --no-stability-check -o "$folder"
        first_please
        put=0
        hold_run dedicated && "$3" >"$T/put.log" 2>&1 || put=1
        release_run
        end_run
        if [ "$put$run_status" != 00 ] || sent_all; then break; fi
    done
    is "$1, $3: the run succeeds" "$put$run_status" 00 || sed 's/^/# /' "$T/put.log" "$T/run.err"
    is "  lost are so many there: $4" "$(point '.drops | map({(.where): .count}) | add // {}')" "$4"
    ok "  and every sum holds" last_sane "$folder"
}
no_route() { node r1 ip -6 route del 2001:2:0:8000::/64; }
hop_limit() {
    node r1 nft -f - <<END
add table ip6 faults
add chain ip6 faults here { type filter hook prerouting priority -300; }
add rule ip6 faults here udp dport 22098 numgen inc mod 10 0 ip6 hoplimit set 1
END
}
too_big() { node r1 ip link set dev eth1 mtu 1280; }
for engine in packet xdp; do
    with_fault $engine 128 no_route '{"r1 IPv6: no route":200}'
    with_fault $engine 128 hop_limit '{"r1 IPv6: header errors or TTL expired":20}'
    with_fault $engine 1400 too_big '{"r1 IPv6: packet too big":200}'
done
