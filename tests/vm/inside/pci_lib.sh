# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# inside/pci_lib.sh — what tests of handed over NICs share, in a machine with two of Intel's (e1000e), each with
# a cable to a NIC of another kind: images/vfio, images/xen_devices. Nothing here is isolated: what its driver
# gives back comes to the first network namespace. For scripts that have tests/net/lib.sh already.

# nic MAC — name of the interface with that address. device NAME — its PCI address. driver ADDRESS.
nic() { ip -o link | awk -F': ' -v mac="$1" 'index($0, mac) { print $2 }'; }
device() { basename "$(readlink -f "/sys/class/net/$1/device")"; }
driver() { basename "$(readlink "/sys/bus/pci/devices/$1/driver")"; }
drivers() { echo "$(driver "$ingress_device") $(driver "$egress_device")"; }

# lend — finds the four and sets every setting of an interface on one of Intel's; $lent is the part of a scenario
# of them, $T/found how they are.
lend() {
    source=$(nic 02:00:00:00:0a:00) ingress=$(nic 02:00:00:00:0a:01)
    egress=$(nic 02:00:00:00:0b:00) sink=$(nic 02:00:00:00:0b:01)
    ip address flush dev "$source" # guest/init takes it for that of forwarded ports
    # Its own name, address, MTU and MAC address; and a route.
    ip link set dev "$ingress" name lan7 address 02:00:00:00:0a:77 mtu 1400 up
    ingress=lan7
    ip address add 192.0.2.1/24 dev lan7
    ip route add 203.0.113.0/24 via 192.0.2.254 dev lan7 metric 17
    ingress_device=$(device "$ingress") egress_device=$(device "$egress")
    wait_for 30 sh -c "ip link show dev $ingress | grep -q 'state UP'"
    interfaces >"$T/found"
    sed 's/^/# /' "$T/found"
    # shellcheck disable=SC2034 # of who calls
    lent="topologies: [dedicated]
networks: { NET0: { router: r1t3 } }
links: { NET0: { source: $source, ingress: $ingress, egress: $egress, sink: $sink } }
traffic: { engine: packet, lengths: [64], rates: { pps: [100] }, duration: 3 s }"
}
interfaces() {
    for interface in "$source" "$ingress" "$egress" "$sink"; do
        # A new interface has a new number.
        ip -o -d link show dev "$interface" | sed 's/^[0-9]*: //' | tr '\\' '\n'
        ip -o -4 address show dev "$interface" | sed 's/^[0-9]*: //'
        ip route show dev "$interface"
    done
    drivers
}
as_found() {
    interfaces >"$T/now" 2>&1
    cmp -s "$T/found" "$T/now"
}
given_back() {
    wait_for 60 as_found || :
    same "$1" "$T/found" "$T/now"
}
# inside_it — of the interfaces of the router r1t3: driver and MAC address of each.
inside_it() {
    # shellcheck disable=SC2016 # expanded there
    vrbench console r1t3 -- sh -c 'for nic in eth0 eth1; do
        basename $(readlink /sys/class/net/$nic/device/driver); cat /sys/class/net/$nic/address
    done' | xargs
}
