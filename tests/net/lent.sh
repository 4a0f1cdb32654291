# SPDX-License-Identifier: GPL-3.0-or-later
#
# Interfaces of the machine that a scenario lends are given back exactly as they were found: after a
# run, after one that was interrupted, and by cleanup after one that was killed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 22

# Two cables: a0–a1 is the first link, with one end in a bridge; b0–b1 the last, set up by hand.
ip link add name a0 type veth peer name a1
ip link add name b0 type veth peer name b1
ip link add name lan type bridge
sysctl -q -w net.ipv6.conf.a0.accept_dad=0 net.ipv6.conf.a1.accept_dad=0 \
    net.ipv6.conf.b0.accept_dad=0 net.ipv6.conf.b1.accept_dad=0 2>/dev/null
ip link set dev lan up
ip link set dev a0 address 02:11:22:33:44:55 mtu 1600 master lan up
ip link set dev a1 up
ip address add 192.0.2.1/24 dev a1
ip address add 192.0.2.77/32 dev a1
ip route add 203.0.113.0/24 via 192.0.2.254 dev a1 metric 17
ip route add 203.0.113.128/25 dev a1
ethtool -K a1 gro on tso off >/dev/null
ethtool -K a0 gso off >/dev/null
ip link set dev b0 mtu 1400 txqueuelen 123 # and left down
ip link set dev b1 up
ip address add 198.51.100.9/28 dev b1

cat >"$T/lent.yaml" <<'END'
name: lent
topologies: [bridged, dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
links: { NET0: { source: a0, ingress: a1, egress: b1, sink: b0 } }
traffic: { lengths: [64], rates: { pps: [500] }, duration: 150 ms }
END

lent() {
    for interface in a0 a1 b0 b1; do
        ip -d -o link show dev "$interface"
        ip -o address show dev "$interface" scope global
        ip route show dev "$interface" | sort
        ip neigh show dev "$interface" nud permanent
        tc qdisc show dev "$interface"
        ethtool -k "$interface" | grep -v fixed
        echo "$interface threaded $(cat "/sys/class/net/$interface/threaded")"
    done
}
as_found() {
    lent >"$T/lent.now" 2>&1
    cmp -s "$T/found" "$T/lent.now"
}
given_back() {
    wait_for 10 as_found || :
    same "$1" "$T/found" "$T/lent.now"
}
# pinned NAME — some record has a pin of that name.
pinned() { ls /run/vrbench/*/"$1"; }
wait_for 10 sh -c 'ip link show dev a1 | grep -q "state UP"'
lent >"$T/found"
machine_snapshot "$T/before"

start_run "$T/lent.yaml" -o "$T/run"
ok "a testbed of lent interfaces stands" wait_for 60 testbed_up bridged
ok "  and has them all" fails ip link show dev a0
end_run
is "a run with lent interfaces succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
is "  its packets went by them" "$(jq -c '.networks[0] | [.lost, .rx > 50]' "$T/run/points.jsonl" | sort -u)" \
    "[0,true]"
given_back "they are given back as they were found"
unchanged "  and nothing is left" "$T/before"

for topology in bridged dedicated; do
    start_run "$T/lent.yaml" -o "$T/stop-$topology" --topology "$topology"
    wait_for 60 testbed_up "$topology"
    kill -TERM "$run_pid"
    end_run
    is "$topology: a run that is terminated ends with status 130" "$run_status" 130
    given_back "  and gives them back"

    # At several moments: as the first pin appears, as the router's does, with the testbed whole.
    for moment in home ns-r1t3 whole; do
        start_run "$T/lent.yaml" -o "$T/kill-$topology-$moment" --topology "$topology"
        if [ "$moment" = whole ]; then
            wait_for 60 testbed_up "$topology"
        else
            wait_for 60 pinned "$moment"
        fi
        kill -KILL "$run_pid"
        end_run
        "$VRBENCH" cleanup >"$T/cleanup.log" 2>&1
        is "$topology, killed at $moment: cleanup succeeds" $? 0 || sed 's/^/# /' "$T/cleanup.log"
        given_back "  and gives them back"
    done
done
