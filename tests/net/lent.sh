# SPDX-License-Identifier: GPL-3.0-or-later
#
# Interfaces of the machine that a scenario lends are given back exactly as they were found: after a
# run, after one that was interrupted, and by cleanup after one that was killed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 27

# The interfaces of this namespace, for what only sysfs tells.
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
    wait_for 60 sh -c 'ip link show dev a1 | grep -q "state UP"'
}

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
        # Timers of the bridge run on.
        ip -d -o link show dev "$interface" | sed 's/_timer *[0-9.]*//g' | tr '\\' '\n'
        ip -o -4 address show dev "$interface"
        ip route show dev "$interface" | sed 's/ proto static//' | sort
        tc qdisc show dev "$interface"
        ethtool -k "$interface" | sed 's/^/'"$interface"' /'
        echo "$interface threaded $(cat "$T/sys/class/net/$interface/threaded")"
    done
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
is "  their routes with the protocol that they had" \
    "$(ip route show dev a1 proto boot | wc -l) $(ip route show dev a1 proto static | wc -l)" "2 0"
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
