# SPDX-License-Identifier: GPL-3.0-or-later
#
# Networks of IPv6, beside one of IPv4: both own engines in every topology, compared with tcpdump and the
# counters of the interfaces, to the packet and byte; every life of a router; and interfaces that carry nothing
# but test packets.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/ipv6.sh"
. "$SOURCE_ROOT/tests/net/lib/witness.sh"
isolate --run "$@"
plan 119

traffic() { echo "traffic: { engine: $1, lengths: [200], rates: { pps: [320, 500, 700, 900] }, duration: 250 ms }"; }
scenario() { # FILE ENGINE
    cat >"$1" <<END
name: six
routers: { r1: {}, r2: {} }
networks:
  NET0: { router: r1, ip: 6 }
  NET1: { router: r2 }
$(traffic "$2")
END
}

# counters FILE PLACE... — PLACE PACKETS BYTES of both directions by `ip -s link`, a line each.
counters() {
    counters_to=$1
    shift
    for place; do
        node "${place%.*}" ip -s -j link show dev "${place#*.}" |
            jq -r --arg place "$place" '.[0].stats64 |
                "\($place) \(.rx.packets + .tx.packets) \(.rx.bytes + .tx.bytes)"'
    done >"$counters_to"
}
# rest PLACE... — true if no counter moves within a fifth of a second.
rest() {
    counters "$T/rest.1" "$@"
    sleep 0.2
    counters "$T/rest.2" "$@"
    cmp -s "$T/rest.1" "$T/rest.2"
}
# grown PLACE — packets and bytes that the interface has received and sent from $T/from to $T/until.
grown() {
    awk -v p="$1" '$1 == p { a[++n] = $2; b[n] = $3 } END { print a[2] - a[1], b[2] - b[1] }' \
        "$T/from" "$T/until"
}
# sizes PLACE — packets and bytes of a capture, and packets that are not the test's.
sizes() {
    "$(helper stamps)" "$T/$1.pcap" | awk '$1 == "total" { print $2, $6, $4 }'
}
# An interface counts packets that it received from a socket without their Ethernet headers of 14 bytes,
# and those of XDP with them.
captured_is_grown() {
    echo "$(sizes "$1") $(grown "$1") $(reports "$1")"
    echo "$(sizes "$1") $(grown "$1") $(reports "$1")" |
        awk '{ exit !($1 > 0 && $1 == $4 && $3 == $6 && $6 <= 2 && ($2 == $5 || $2 == $5 + 14 * $1)) }'
}
# reports PLACE — multicast listener reports of a capture (RFC 3810). An interface sends two when it is set up; a busy
# machine may delay the second one, which a worker of the kernel sends, until after the time without packets.
reports() {
    tcpdump -r "$T/$1.pcap" -n 'ip6[6] == 0 and ip6[40] == 58 and ip6[48] == 143' 2>/dev/null | wc -l
}

# What tcpdump makes of the test packets of a capture: a line each, without what differs between them.
packets6() {
    tcpdump -r "$T/$1.pcap" -n -vv -t ip6 and udp port 22098 2>/dev/null |
        sed 's/.*(hlim \([0-9]*\), .*payload length: \([0-9]*\)) /hlim \1 payload \2 /' | sort -u
}
expected6() {
    echo "hlim $1 payload 160 2001:2::2.22099 > 2001:2:0:8000::2.22098: [udp sum ok] UDP, length 152"
}
packets4() {
    tcpdump -r "$T/$1.pcap" -n -vv -t ip and udp port 22098 2>/dev/null | paste - - |
        sed 's/.*, \(ttl [0-9]*\), .*, \(length [0-9]*\))[[:space:]]*/\1 \2 /; s/id [0-9]*, //' | sort -u
}
expected4() {
    echo "ttl $1 length 200 198.18.1.2.22100 > 198.19.1.2.22098: [udp sum ok] UDP, length 172"
}
# observe ENGINE TOPOLOGY HOPS FIRST0 FIRST1 LAST0 LAST1 — a run that is watched where the networks' packets
# enter and leave what is under test.
observe() {
    engine=$1 topology=$2 hops=$3
    shift 3
    folder=$T/$engine-$topology
    scenario "$T/six.yaml" "$engine"
    places=$(printf '%s\n' "$@" | sort -u | paste -sd' ')
    start_run "$T/six.yaml" -o "$folder" --topology "$topology"
    first_please
    ok "$engine, $topology: the testbed stands" hold_run "$topology"
    # shellcheck disable=SC2086 # words
    {
        ok "  nothing moves while the program is stopped" wait_for 60 rest $places
        watch $places
        counters "$T/from" $places
        release_run
        wait_for 60 has_points "$folder" 3
        kill -STOP "$run_pid" # before the witnesses end with their interfaces
        wait_for 60 rest $places || diag "never at rest"
        counters "$T/until" $places
    }
    for place in $places; do
        ok "  at $place, all is captured that is counted, and it is the test's" \
            wait_for 60 captured_is_grown "$place" || diag "$(sizes "$place"), $(grown "$place")"
    done
    unwatch
    release_run
    end_run
    is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
    ok "  every sum holds" points_sane "$folder"
    ok "  tx of every point was seen where packets enter" agree tx "$1" "$2"
    ok "  rx of every point was seen where they leave" agree rx "$3" "$4"
    is "  IPv6 enters with its hop limit, length, addresses and checksums" "$(packets6 "$1")" "$(expected6 64)"
    is "  IPv4 beside it, too" "$(packets4 "$2")" "$(expected4 64)"
    is "  IPv6 leaves as it should" "$(packets6 "$3")" "$(expected6 "$hops")"
    is "  and IPv4" "$(packets4 "$4")" "$(expected4 "$hops")"
    ok "  numbered from 0, each once, rising" numbered_in_order "$3" 0
}
observe packet direct 64 sink.k0 sink.k1 sink.k0 sink.k1
observe packet bridged 63 host.nic0 host.nic2 sink.k0 sink.k1
observe packet dedicated 63 r1.eth0 r2.eth0 sink.k0 sink.k1
# A capture at the tester's own interfaces does not contain the packets of xdp.
observe xdp bridged 63 host.nic0 host.nic2 host.nic1 host.nic3
observe xdp dedicated 63 r1.eth0 r2.eth0 r1.eth1 r2.eth1

# --- xdp, direct: by the counters of the sink's interfaces --------------------------------------

scenario "$T/six.yaml" xdp
start_run "$T/six.yaml" -o "$T/xdp-direct" --topology direct
first_please
ok "xdp, direct: the testbed stands" hold_run direct
counters "$T/from" sink.k0
release_run
wait_for 60 has_points "$T/xdp-direct" 3
kill -STOP "$run_pid"
wait_for 60 rest sink.k0 || diag "never at rest"
counters "$T/until" sink.k0
# Among hundreds there may be a few multicast reports of 90 bytes.
ok "  each packet has 214 bytes with its Ethernet header" \
    between "$(grown sink.k0 | awk '{ printf "%.0f", $2 / $1 }')" 212 214
release_run
end_run
is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
ok "  every sum holds" points_sane "$T/xdp-direct"

# --- iperf and iperf3 ----------------------------------------------------------------------------

# These engines measure no delay. A payload of 1500 bytes is sent in two fragments.
SUMS='map((.networks | all(.tx == .rx + .lost)) and
    ([.networks[].lost] | add) == ([.drops[].count] | add // 0)) | all'
for engine in iperf iperf3; do
    cat >"$T/$engine.yaml" <<END
name: six
topologies: [direct, bridged]
routers: { r1: {}, r2: {} }
networks: { NET0: { router: r1, ip: 6 }, NET1: { router: r2 } }
traffic: { engine: $engine, lengths: [64, 1500], rates: { pps: [200] }, duration: 1 s }
END
    ok "$engine: a run" measured "$T/$engine.yaml" -o "$T/$engine"
    ok "  every sum holds" jq -es "$SUMS" "$T/$engine/points.jsonl"
    ok "  packets of both versions and lengths arrive" jq -es 'length == 4 and
        (map((if .valid then 1 else 0 end) as $valid |
            .networks[] | .tx > 150 * $valid and .rx > 0.9 * .tx * $valid) | all)' "$T/$engine/points.jsonl" ||
        sed 's/^/# /' "$T/$engine/points.jsonl"
done

# --- lives ---------------------------------------------------------------------------------------

# What IPv6 is like in the router.
state() {
    vrbench console r1t3 -- sh -c '
        for eth in eth0 eth1; do
            ip -6 -o address show dev $eth | awk "{ print \$2, \$4, \$6, \$7 }"
            ip -6 neigh show dev $eth
            sysctl -e net.ipv6.conf.$eth.forwarding net.ipv6.conf.$eth.accept_dad \
                net.ipv6.conf.$eth.accept_ra net.ipv6.conf.$eth.disable_ipv6
        done
        ip -6 route | grep -v "^ff00"'
}
scenario_two netns "bridged, dedicated"
sed -i 's/NET0: { router: r1t3 }/NET0: { router: r1t3, ip: 6 }/' "$T/two.yaml"
sed -i 's/lengths: \[64\]/lengths: [76]/' "$T/two.yaml"
machine_snapshot "$T/before"
for topology in bridged dedicated; do
    ok "$topology: up" vrbench up "$T/two.yaml" --topology "$topology"
    ok "  IPv6 is forwarded" reaches6
    ok "  and IPv4 by the other router" reaches 1
    state >"$T/state"
    ok "  addresses, neighbours and forwarding are set" [ "$(grep -c '2001:2:\|forwarding = 1' "$T/state")" -ge 8 ] ||
        sed 's/^/# /' "$T/state"
    ok "  without a link-local address or a tentative one" fails grep -i 'fe80\|tentative' "$T/state"
    ok "  the router is rebooted" vrbench reboot r1t3
    ok "  and forwards" reaches6
    state >"$T/now"
    same "  with the same IPv6" "$T/state" "$T/now"
    ok "  it is destroyed" vrbench destroy r1t3
    ok "  and created" vrbench create r1t3
    ok "  it forwards" reaches6
    state >"$T/now"
    same "  with the same IPv6" "$T/state" "$T/now"
    kill -KILL "$(recorded r1t3 first)"
    ok "  killed, it is restarted" wait_for 60 field_is r1t3 restarts 1
    ok "  and forwards" wait_for 60 reaches6
    state >"$T/now"
    same "  with the same IPv6" "$T/state" "$T/now"
    ok "  down" vrbench down two
    unchanged "  and nothing is left" "$T/before"
done

# --- lengths -------------------------------------------------------------------------------------

sed 's/\[200\]/[64, 76]/' "$T/six.yaml" >"$T/short.yaml"
ok "a length that has no room for IPv6 and the stamp is refused" exits 2 "$VRBENCH" run --check "$T/short.yaml"
like "  with line, column and the smallest length" "$(cat "$T/ok.log")" \
    'short.yaml:6:35: lengths: expected 76 to [0-9]* bytes .*IPv6.* not 64'
