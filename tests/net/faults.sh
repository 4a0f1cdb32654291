# SPDX-License-Identifier: GPL-3.0-or-later
#
# Faults are put on the path, and must be reported as exactly that many at just that place. Faults
# of nodes are rules of nftables, tc and routing within them, put there while the program is stopped
# before its first trial. Faults of links are a relay's (relay.c) between lent interfaces. Both engines
# that send by themselves must find them.
#
# Runs beside others: what a busy machine disturbs is repeated.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 70

run_checks="$run_checks --no-stability-check" # it would find the faults
PACKETS=200 # of the point that is looked at
scenario() { # FILE LINKS — the lower load is there to be spoilt while faults are put
    cat >"$1" <<END
name: faulty
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
$2
traffic: { engine: $engine, lengths: [64], rates: { pps: [300, 1000] }, duration: 200 ms }
END
}

# The point looked at: `point FILTER` prints what jq makes of it.
point() { tail -n 1 "$folder/points.jsonl" | jq -cS "$1"; }
DROPS='.drops | map({(.where): .count}) | add // {}'
wants() { echo "$1" | jq -cS .; }
# A tester robbed of CPU may send less than asked for, so that no count comes out: once more, then.
sent_all() { [ "$(point '.networks[0].tx')" = "$PACKETS" ]; }

# with_fault TOPOLOGY PUT — runs with what the function PUT puts on its testbed.
with_fault() {
    for try in 1 2 3 4 5 6; do
        folder=$T/$engine-$2-$1-$try
        start_run "$T/made.yaml" -o "$folder" --topology "$1"
        first_please
        put=0
        hold_run "$1" && "$2" >"$T/put.log" 2>&1 || put=1
        release_run
        end_run
        if [ "$put$run_status" != 00 ] || sent_all; then break; fi
    done
    is "$engine, $1, $2: the run succeeds" "$put$run_status" 00 || sed 's/^/# /' "$T/put.log" "$T/run.err"
}
# lost_at WHERE-COUNT — the point's losses are just those.
lost_at() {
    is "  lost are so many there: $1" "$(point "$DROPS")" "$(wants "$1")"
    ok "  and every sum holds" last_sane "$folder"
}

# --- faults of nodes -----------------------------------------------------------------------------

# rule NODE FAMILY HOOK EXPRESSION — one of nftables for test frames; a hook with its device.
rule() {
    node "$1" nft -f - <<END
add table $2 faults
add chain $2 faults here { type filter hook $3 priority -300; }
add rule $2 faults here udp dport 22098 $4
END
}

# filter INTERFACE DIRECTION MODULUS REST — drops at a router's interface each test frame whose
# sequence number leaves REST (drop_rest.bpf.c).
filter() {
    clang -target bpf -O2 -g -DMODULUS="$3" -DREST="$4" -idirafter "/usr/include/$(gcc -print-multiarch)" \
        -c "$SOURCE_ROOT/tests/net/drop_rest.bpf.c" -o "$T/filter.o"
    node r1t3 tc qdisc add dev "$1" clsact || :
    node r1t3 tc filter add dev "$1" "$2" bpf da obj "$T/filter.o" sec tc
}

forward_hook() { rule r1t3 ip forward "numgen inc mod 10 0 drop"; }

three_at_once() {
    filter eth0 ingress 10 3
    rule r1t3 ip prerouting "numgen inc mod 9 0 ip ttl set 1"
    node r1t3 nft add chain ip faults later '{ type filter hook forward priority 0; }'
    node r1t3 nft add rule ip faults later udp dport 22098 numgen inc mod 8 0 drop
}

bridge_hooks() {
    rule host netdev 'ingress device nic0' "numgen inc mod 10 0 drop"
    rule host bridge forward 'oifname "nic1" numgen inc mod 9 0 drop'
}

egress_filter() { filter eth1 egress 20 7; }

short_queue() {
    # Some two packets fit, and then one each 20 ms.
    node r1t3 tc qdisc add dev eth1 root tbf rate 32kbit burst 200 limit 200
}

no_route() { node r1t3 ip route del 198.19.0.0/24; }

# --- faults of links -----------------------------------------------------------------------------

# The relay lies between the far ends of two pairs, whose near ends are lent: on the first cable, or
# on the last one.
for end in va vb; do
    ip link add name "near-$end" type veth peer name "far-$end"
    sysctl -q -w "net.ipv6.conf.far-$end.disable_ipv6=1" "net.ipv6.conf.near-$end.disable_ipv6=1"
    ip link set dev "far-$end" mtu 2000 up
    ip link set dev "near-$end" up
    ethtool -K "far-$end" gro on >/dev/null 2>&1 # or it takes no frames of BPF programs
done

# with_relay TOPOLOGY SIDE OPTION... — the same over a relay with these faults.
with_relay() {
    topology=$1 side=$2
    shift 2
    "$(helper relay)" far-va far-vb "$@" >"$T/relay.out" 2>&1 &
    relay_pid=$!
    wait_for 60 grep -q ready "$T/relay.out" || diag "no relay: $(cat "$T/relay.out")"
    for try in 1 2 3 4 5 6; do
        folder=$T/$engine-relay-$topology-$side-$try${1-}
        start_run "$T/$side.yaml" -o "$folder" --topology "$topology"
        first_please
        end_run
        if [ "$run_status" != 0 ] || sent_all; then break; fi
    done
    is "$engine, $topology, relay at the $side link, $*: the run succeeds" "$run_status" 0 ||
        sed 's/^/# /' "$T/run.err"
    kill "$relay_pid"
    wait "$relay_pid" 2>/dev/null
}
COUNTS='.networks[0] | {lost, duplicated, reordered, corrupt}'

# --- both engines --------------------------------------------------------------------------------

finds_all() {
    engine=$1
    scenario "$T/made.yaml" ""
    scenario "$T/ingress.yaml" "links: { NET0: { source: near-va, ingress: near-vb } }"
    scenario "$T/egress.yaml" "links: { NET0: { egress: near-va, sink: near-vb } }"

    with_fault dedicated forward_hook
    lost_at '{"r1t3:eth0 to eth1": 20}'

    with_fault bridged three_at_once
    lost_at '{"r1t3:eth0 ingress filter": 20, "r1t3 IP: header errors or TTL expired": 20,
        "r1t3:eth0 to eth1": 20}'

    with_fault bridged bridge_hooks
    lost_at '{"host:br0": 20, "host:br1": 20}'

    with_fault dedicated egress_filter
    is "  lost are so many, in the router" \
        "$(point '.drops | map([.count, (.where | startswith("r1t3:"))])')" "[[10,true]]"
    ok "  and every sum holds" last_sane "$folder"

    with_fault bridged short_queue
    ok "  a queue too short and slow loses most" between "$(point '.networks[0].lost')" 100 199
    is "  all of it there" "$(point '.drops | map(.where)')" '["r1t3:eth1 queue"]'
    ok "  and every sum holds" last_sane "$folder"

    with_fault bridged no_route
    lost_at "{\"r1t3 IP: no route\": $PACKETS}"

    with_relay bridged ingress --drop-every 10
    lost_at '{"source:s0 link": 20}'
    with_relay dedicated egress --drop-every 25
    lost_at '{"r1t3:eth1 link": 8}'
    with_relay dedicated ingress --duplicate-every 10
    is "  copies are counted" "$(point "$COUNTS")" \
        "$(wants '{"lost": 0, "duplicated": 20, "reordered": 0, "corrupt": 0}')"
    with_relay bridged egress --swap-every 20
    is "  late packets are counted" "$(point "$COUNTS")" \
        "$(wants '{"lost": 0, "duplicated": 0, "reordered": 10, "corrupt": 0}')"
    with_relay bridged ingress --corrupt-every 20
    lost_at '{"sink:k0 corrupt on arrival": 10}'
    is "  damaged packets are counted apart" "$(point "$COUNTS")" \
        "$(wants '{"lost": 10, "duplicated": 0, "reordered": 0, "corrupt": 10}')"
    with_relay dedicated egress --duplicate-every 10 --swap-every 40 --corrupt-every 50
    is "  all of it at once" "$(point "$COUNTS")" \
        "$(wants '{"lost": 4, "duplicated": 20, "reordered": 5, "corrupt": 4}')"
}
finds_all packet
finds_all xdp
