# SPDX-License-Identifier: GPL-3.0-or-later
#
# A router's later lives equal its first: after up, a reboot, destroy and create, and a restart after
# its death, a router has the same interfaces, addresses, routes, neighbours, settings, queues,
# offloads and threaded flags.
#
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 31

# Two cables that are lent: a router's dedicated interfaces are then no pair of vrbench's.
ip link add name a0 type veth peer name a1
ip link add name b0 type veth peer name b1
machine_snapshot "$T/before"

cat >"$T/made.yaml" <<'END_OF_FILE'
name: lives
topologies: [bridged, dedicated]
routers: { r1: {} }
networks: { NET0: { router: r1 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [500] } }
END_OF_FILE
{
    cat "$T/made.yaml"
    echo "links: { NET0: { source: a0, ingress: a1, egress: b1, sink: b0 } }"
} >"$T/lent.yaml"

cat >"$T/show" <<'END_OF_FILE'
mount -t sysfs lives /sys
ip -d -o link show
ip -o address show
ip -4 route show table all
ip -6 route show table all
ip -4 rule show
ip -6 rule show
ip neighbour show nud permanent | sort
tc qdisc show
sysctl -a 2>/dev/null | grep '^net\.'
for one in lo eth0 eth1; do
    echo "$one threaded $(cat /sys/class/net/$one/threaded) flags $(cat /sys/class/net/$one/flags)"
    ethtool -k "$one"
done
END_OF_FILE
# state FILE — writes what r1 is now. Left out is what is of each life alone: indexes, and what the
# kernel draws by lot or counts.
state() {
    vrbench console r1 -- unshare -m sh "$T/show" 2>"$T/state.err" | sed -E \
        -e 's/^[0-9]+: //; s/@if[0-9]+/@if/; s/(link-netnsid|portid) [0-9a-f]+//g' \
        -e '/fastopen_key|stable_secret|nf_conntrack_count|ipfrag_secret/d' >"$1"
    grep -q '^lo threaded' "$1"
}

for links in made lent; do
    for topology in bridged dedicated; do
        [ $links-$topology != lent-bridged ] || continue
        ok "$links links, $topology: up" vrbench up --topology $topology "$T/$links.yaml"
        ok "  the router's state is read" state "$T/first"
        like "  its loopback interface is up" "$(grep '^lo:' "$T/first")" 'LOOPBACK,UP'
        like "  and its other ones" "$(grep -c '^eth[01].*[<,]UP[,>]' "$T/first")" '^2$'
        ok "  rebooted" vrbench reboot r1
        state "$T/now"
        same "  it is as it was" "$T/first" "$T/now"
        ok "  destroyed and created" sh -c '"$VRBENCH" destroy r1 && "$VRBENCH" create r1'
        state "$T/now"
        same "  it is as it was" "$T/first" "$T/now"
        kill -KILL "$(recorded r1 first)"
        ok "  killed, it is restarted" wait_for 60 field_is r1 restarts 1
        state "$T/now"
        same "  and as it was" "$T/first" "$T/now"
        vrbench down lives >/dev/null
    done
done
unchanged "nothing is left" "$T/before"
