# SPDX-License-Identifier: GPL-3.0-or-later
#
# A one-router bridged lab with ip commands. A lab contains what vrbench builds for one network in
# topology bridged: namespaces of source, router and sink, two bridges, four veth pairs, addresses,
# routes and static neighbours. Defines functions that take the lab's number; sourced by ip_labs.sh and
# ip_router.sh.

# end NAMESPACE INTERFACE BRIDGE ADDRESS MAC — one veth pair from a namespace to a bridge.
end() {
    ip link add "$1-$2" type veth peer name "$2" netns "$1" address "$5"
    ip link set "$1-$2" master "$3" up
    ip -n "$1" address add "$4" dev "$2"
    ip -n "$1" link set "$2" up
}

router_up() {
    ip netns add "r$1"
    ip -n "r$1" link set lo up
    end "r$1" eth0 "a$1" 198.18.0.2/24 02:00:00:00:00:02
    end "r$1" eth1 "b$1" 198.19.0.1/24 02:00:00:00:00:03
    ip -n "r$1" neighbour add 198.18.0.1 lladdr 02:00:00:00:00:01 dev eth0
    ip -n "r$1" neighbour add 198.19.0.2 lladdr 02:00:00:00:00:04 dev eth1
    ip netns exec "r$1" sysctl -q -w net.ipv4.ip_forward=1
}

# Removes the links first, since the kernel removes a namespace and its contents asynchronously.
router_down() {
    ip link delete "r$1-eth0"
    ip link delete "r$1-eth1"
    ip netns delete "r$1"
}

up() {
    for node in s k; do
        ip netns add "$node$1"
        ip -n "$node$1" link set lo up
    done
    for bridge in a b; do
        ip link add "$bridge$1" type bridge
        ip link set "$bridge$1" up
    done
    end "s$1" eth0 "a$1" 198.18.0.1/24 02:00:00:00:00:01
    end "k$1" eth1 "b$1" 198.19.0.2/24 02:00:00:00:00:04
    ip -n "s$1" route add default via 198.18.0.2
    ip -n "k$1" route add default via 198.19.0.1
    ip -n "s$1" neighbour add 198.18.0.2 lladdr 02:00:00:00:00:02 dev eth0
    ip -n "k$1" neighbour add 198.19.0.1 lladdr 02:00:00:00:00:03 dev eth1
    router_up "$1"
}

down() {
    ip link delete "a$1"
    ip link delete "b$1"
    for node in s r k; do
        ip netns delete "$node$1"
    done
}
