# SPDX-License-Identifier: GPL-3.0-or-later
#
# Interfaces of the machine that a scenario lends are given back exactly as they were found: after a
# run, after one that was interrupted, and by cleanup after one that was killed.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 59

# The interfaces of this namespace, for facts that only sysfs has.
mkdir "$T/sys"
mount -t sysfs vrbench-test "$T/sys"
at_exit "umount '$T/sys'"

# Two cables: a0–a1 is the first link, in use; b0–b1 the last, unused and down.
make_cables() {
    for made in a0 b0 lan; do ip link del dev "$made" 2>/dev/null; done
    ip link add name a0 index 1001 type veth peer name a1 index 1002
    ip link add name b0 index 1003 type veth peer name b1 index 1004
    ip link add name lan index 1005 address 02:11:22:33:44:66 type bridge
    ip link set dev lan up
    ip link set dev a0 address 02:11:22:33:44:55 mtu 1600 master lan up
    ip link set dev a1 address 02:11:22:33:44:57 up
    ip address add 192.0.2.1/24 dev a1
    ip address add 192.0.2.77/32 dev a1
    ip route add 203.0.113.0/24 via 192.0.2.254 dev a1 metric 17
    ip route add 203.0.113.128/25 dev a1
    ethtool -K a1 gro on tso off >/dev/null
    ethtool -K a0 gso off >/dev/null
    ip link set dev b0 address 02:11:22:33:44:58 mtu 1400
    ip link set dev b1 address 02:11:22:33:44:59
    ip address add 198.51.100.9/28 dev b1
    ip address add 192.0.2.88/24 dev a1 valid_lft 90000 preferred_lft 80000
    ip -6 address add fd00:1::1/64 dev a1 nodad
    ip -6 address add fd00:1::2/64 dev a1 valid_lft 90000 preferred_lft 80000
    ip -6 address add fd00:1::3/64 dev a1 noprefixroute
    ip -6 route add fd00:9::/48 via fd00:1::fe dev a1 metric 77
    ip -6 route add fd00:a::/48 dev a1 src fd00:1::1 table 100
    ip -6 route add fd00:b::/48 nexthop via fd00:1::fd dev a1 nexthop via fd00:1::fc dev a1 weight 3
    ip route add 10.100.0.0/16 via 192.0.2.254 table 100 proto 186
    ip route add 10.101.0.0/16 nexthop via 192.0.2.254 dev a1 nexthop via 192.0.2.253 dev a1 weight 2
    ip nexthop add id 17 via 192.0.2.250 dev a1
    ip nexthop add id 16 group 17
    ip route add 10.102.0.0/16 nhid 17
    ip route add 10.103.0.0/16 nhid 16 metric 5
    ip route add 10.104.0.0/16 via 203.0.114.7 dev a1 onlink mtu 1300 src 192.0.2.77
    ip neighbour add 192.0.2.254 lladdr 02:00:00:00:00:01 dev a1 nud permanent
    ip neighbour add proxy 192.0.2.200 dev a1
    ip -6 neighbour add fd00:1::fe lladdr 02:00:00:00:00:02 dev a1 nud permanent
    tc qdisc add dev a1 root handle 1: htb default 20
    tc class add dev a1 parent 1: classid 1:1 htb rate 100mbit quantum 15000
    tc class add dev a1 parent 1:1 classid 1:20 htb rate 30mbit ceil 60mbit quantum 15000
    tc qdisc add dev a1 parent 1:20 handle 20: bfifo limit 50000
    tc filter add dev a1 parent 1: protocol ip prio 7 u32 match ip dport 53 0xffff flowid 1:1
    tc qdisc add dev a1 clsact
    tc filter add dev a1 ingress protocol ip prio 3 u32 match ip dst 192.0.2.9/32 action mirred egress redirect dev lan
    tc qdisc add dev b0 root handle 5: tbf rate 10mbit burst 20kb latency 50ms
    ip -6 address add fd00:2::1/64 dev b1
    sysctl -qw net.ipv4.conf.a1.rp_filter=2 net.ipv6.conf.a1.accept_ra=0 net.ipv4.neigh.a1.ucast_solicit=5
    wait_for 60 sh -c 'ip link show dev a1 | grep -q "state UP"'
    wait_for 60 settled
}
# No address of theirs is still being looked for on its link.
settled() { [ -z "$(ip -6 address show up tentative)" ]; }

cat >"$T/lent.yaml" <<'END'
name: lent
topologies: [bridged, dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
links: { NET0: { source: a0, ingress: a1, egress: b1, sink: b0 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [500] }, duration: 150 ms }
END

lent() {
    for interface in a0 a1 b0 b1; do
        # Timers of the bridge run on.
        ip -d -o link show dev "$interface" | sed 's/_timer *[0-9.]*//g' | tr '\\' '\n'
        ip -o address show dev "$interface" | sed 's/[0-9]*sec/sec/g'
        ip neighbour show dev "$interface" nud permanent | sort
        ip neighbour show proxy dev "$interface"
        tc qdisc show dev "$interface" | sed "s,direct_packets_stat [0-9]*,,"
        tc class show dev "$interface"
        for parent in root ingress egress; do tc filter show dev "$interface" $parent; done
        sysctl -a 2>/dev/null | grep -E "^net\.ipv[46]\.(conf|neigh)\.$interface\."
        ethtool -k "$interface" | sed 's/^/'"$interface"' /'
        echo "$interface threaded $(cat "$T/sys/class/net/$interface/threaded")"
    done
    ip -4 route show table all | sort
    ip -6 route show table all | sed 's/ expires [0-9]*sec//' | sort
    ip nexthop show
}
as_found() {
    lent >"$T/lent.now" 2>&1
    cmp -s "$T/found" "$T/lent.now"
}
given_back() {
    wait_for 60 as_found || :
    same "$1" "$T/found" "$T/lent.now" || make_cables
}
# pinned NAME — some record has a pin of that name.
pinned() { ls /run/vrbench/*/"$1"; }
make_cables
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
# Those by several gateways, which iproute2 lists by interface only since Debian 13, are in as_found.
is "  their routes with the protocol that they had" \
    "$(ip -o route show dev a1 proto boot | grep -vc nexthop) $(ip route show dev a1 proto static | wc -l)" "5 0"
left=$(ip -o -6 address show dev a1 to fd00:1::2 | sed 's/.*valid_lft \([0-9]*\)sec.*/\1/')
ok "  their lifetimes have run on" between "$left" 80000 89999
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

    # A cleanup that is killed itself may leave one at home, but not yet as it was.
    start_run "$T/lent.yaml" -o "$T/half-$topology" --topology "$topology"
    wait_for 60 testbed_up "$topology"
    kill -KILL "$run_pid"
    end_run
    node source sh -c "ip link set dev s0 down && ip link set dev s0 name a0 netns $$"
    "$VRBENCH" cleanup >"$T/cleanup.log" 2>&1
    is "$topology, one of them half given back: cleanup succeeds" $? 0 ||
        sed 's/^/# /' "$T/cleanup.log"
    given_back "  and gives back the rest of it"
done

# While another interface has its name, an interface stays where it is, and the testbed with it.
ok "up with lent interfaces" "$VRBENCH" up "$T/lent.yaml" --topology bridged
ip link add name a1 type bridge
"$VRBENCH" down lent 2>"$T/err"
is "down, while another interface has the name of one" $? 1
like "  reports it" "$(cat "$T/err")" 'giving back interface a1: another interface has this name'
ip link set dev b1 mtu 9000
ok "  and so does cleanup" exits 1 "$VRBENCH" cleanup
is "  which leaves alone those that were given back" "$(ip -o link show dev b1 | grep -o 'mtu [0-9]*')" "mtu 9000"
ok "  they may be lent again" fails grep -l '"name": "b1"' /run/vrbench/*.json
ip link set dev b1 mtu 1500
ip link del dev a1
ok "cleanup without the other interface succeeds" "$VRBENCH" cleanup
given_back "  and gives them back"

# An owner in another network namespace has other interfaces, even of the same names.
sed -e 's/^name: lent/name: away/; /^links/d' "$T/lent.yaml" >"$T/away.yaml"
ok "an owner in another network namespace" unshare -n sh -c '
    ip link add name a0 type veth peer name a1 && ip link add name b0 type veth peer name b1 &&
    "$VRBENCH" up "$1" --topology bridged' sh "$T/away.yaml"
"$VRBENCH" up "$T/lent.yaml" --topology bridged 2>"$T/err"
is "  takes no interface for a caller here" "$? $(grep -c 'owner runs in another network namespace' "$T/err")" "1 1"
given_back "  nothing was touched"
ok "  but for one there" nsenter -t "$(owner)" -n "$VRBENCH" up "$T/lent.yaml" --topology bridged
"$VRBENCH" down lent
ok "  down" "$VRBENCH" down away

# What must not be taken is refused before anything is touched.
# refused STATUS PATTERN DESC COMMAND...
refused() {
    refused_status=$1
    refused_pattern=$2
    refused_what=$3
    shift 3
    "$@" >"$T/out" 2>"$T/err"
    is "refused: $refused_what" $? "$refused_status"
    like "  with the reason" "$(cat "$T/err")" "$refused_pattern"
}
run_lent() { measured "$T/lent.yaml" -o "$T/refused" --topology bridged "$@"; }
with_ssh() { SSH_CONNECTION="203.0.113.9 50000 192.0.2.77 22" run_lent "$@"; }

ip route add default via 192.0.2.254 dev a1
lent >"$T/found"
refused 2 'links: NET0: ingress: a1: .*default route.*--even-default-route' "the default route's" run_lent
refused 2 'a1: .*default route' "  by up, too" "$VRBENCH" up "$T/lent.yaml"
given_back "  nothing was touched"
start_run "$T/lent.yaml" -o "$T/taken" --even-default-route --topology bridged
wait_for 60 testbed_up bridged
kill -KILL "$run_pid"
end_run
ok "asked for, it is taken, also from a run that was killed" run_lent --even-default-route
given_back "  and given back with its route"
rm -rf "$T/refused"
ip route del default
ip -6 route add default via fd00:1::fe dev a1 table 100
refused 2 'a1: .*default route' "a default route's of another table" run_lent
ip -6 route del default table 100
ip route add default via 192.0.2.254 dev lan onlink
refused 2 'source: a0: .*default route' "a port of the default route's bridge" run_lent
ip route del default
refused 2 'a1: .*SSH' "the SSH session's" with_ssh
ip link add link a1 name a1.5 type vlan id 5 2>/dev/null || ip link add link a1 name a1.5 type macvlan
refused 2 'a1: interface a1\.5 is on top' "one that has another on top" run_lent --even-default-route
ip link del a1.5
sed 's/a1/nope0/' "$T/lent.yaml" >"$T/none.yaml"
refused 3 'ingress: nope0: .*no such interface' "one that is not there" \
    "$VRBENCH" run "$T/none.yaml" -o "$T/refused"
ok "nothing was measured" [ ! -e "$T/refused" ]
