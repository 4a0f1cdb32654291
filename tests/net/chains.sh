#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Networks that pass three routers, in opposite directions and of both IP versions, over links that they
# share. In a standing testbed they pass again after each life of the router in the middle. In a run, a
# loss that is planted in one router has that place, and every sum holds.
# Runs beside others.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 33

machine_snapshot "$T/before"
cat >"$T/drop.nft" <<'END'
table ip lab {
	chain passing {
		type filter hook forward priority 0; policy accept;
		ip saddr 198.18.0.2 meta l4proto udp drop
	}
}
END
cat >"$T/two.yaml" <<'END'
name: two
topologies: [bridged, dedicated]
routers: { r1: {}, r2: { nft: drop.nft }, r3: {} }
networks:
  NET0: { routers: [r1, r2, r3] }
  NET1: { routers: [r3, r2, r1], directions: both }
  NET2: { routers: [r2, r3], ip: 6 }
traffic: { engine: packet, lengths: [76], rates: { pps: [200] }, duration: 1 s }
END

# --- a standing testbed ----------------------------------------------------------------------------
reaches6() { vrbench console two/source -- ping -6 -q -c 1 -W 2 2001:2:0:8002::2; }
all_pass() { reaches 0 && reaches 1 && reaches6; }
# routes ROUTER — its addresses, routes and neighbours, without what differs in every life
routes() {
    vrbench console "$1" -- sh -c 'ip -br address; ip route; ip -6 route; ip neighbour; ip -6 neighbour' |
        sed 's/@if[0-9]*//; s/ *$//; s/ linkdown//' | grep -v '^lo ' | sort
}
for topology in bridged dedicated; do
    ok "$topology: a testbed stands" vrbench up "$T/two.yaml" --topology "$topology"
    ok "  all networks pass" wait_for 20 all_pass
    for router in r1 r2 r3; do routes $router >"$T/$router.was"; done
    is "  r2 has a route to each end that is not its own" "$(grep -c ' via ' "$T/r2.was")" 5
    ok "  r2 is rebooted" vrbench reboot r2
    ok "  all networks pass" wait_for 20 all_pass
    ok "  r2 is destroyed" vrbench destroy r2
    ok "  it is created" vrbench create r2
    ok "  all networks pass" wait_for 20 all_pass
    kill -KILL "$(recorded r2 first)"
    ok "  it is killed, and restarted" wait_for 60 field_is r2 restarts 1
    ok "  all networks pass" wait_for 20 all_pass
    for router in r1 r2 r3; do routes $router >"$T/$router.is"; done
    ok "  r2 has its addresses, routes and neighbours" diff "$T/r2.was" "$T/r2.is"
    ok "  and its neighbours theirs" sh -c 'diff "$1/r1.was" "$1/r1.is" && diff "$1/r3.was" "$1/r3.is"' sh "$T"
    ok "  down" vrbench down two
done
unchanged "nothing is left" "$T/before"

# --- a run -----------------------------------------------------------------------------------------
ok "a run" measures "$T/run" "$T/two.yaml"
ok "  every sum holds" points_sane "$T/run"
ok "  the packets that r2 drops are lost in r2" jq -es '
    length == 2 and all(.networks[0].rx == 0 and
        any(.drops[]; .where | startswith("r2:eth0 to eth1")))' "$T/run/points.jsonl" ||
    jq -c '.topology, .why_invalid, .networks[0], .drops' "$T/run/points.jsonl" | sed 's/^/# /'
ok "  those of the other networks arrive" jq -es '
    all(.networks[1:] | length == 3 and all(.rx > 0))' "$T/run/points.jsonl"
is "  a network names all routers of its path, and the first" \
    "$(jq -c '.networks[1] | [.router, .routers]' "$T/run/points.jsonl" | sort -u)" '["r3",["r3","r2","r1"]]'
ok "  each router has its cost per packet" jq -es '
    all(.[]; [.cpu[] | select(.name != "host" and .name != "tester")] |
        length == 3 and all(.ns_per_packet > 0))' "$T/run/points.jsonl"
