#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""mininet_router.py COUNT SPACING — two one-router bridged labs with Mininet's API (mininet_labs.py).
Removes and recreates the router of the first one, while a stream (stream.py) of COUNT packets, SPACING
seconds apart, passes each. Mininet does not restart hosts, so this calls delHost(), then addHost() and
addLink() with the same addresses. Prints {"destroy_s", "create_s", "reboot_s"}, and writes the output of
the streams to stream0 and stream1 in this directory. bench/run calls it as root.
"""
import json
import os
import sys
import time

from mininet.log import setLogLevel

from mininet_labs import build


def link_router(net, router, old_macs):
    for bridge, address, mac in (("a0", "198.18.0.2/24", old_macs[0]),
                                 ("b0", "198.19.0.1/24", old_macs[1])):
        link = net.addLink(router, net.get(bridge), addr1=mac, params1={"ip": address})
        link.intf1.config(mac=mac, ip=address)
        net.get(bridge).cmd("brctl addif", bridge, link.intf2)
        link.intf2.ifconfig("up")


def main():
    setLogLevel("error")
    count, spacing = sys.argv[1:3]
    net = build(2)
    here = os.path.dirname(os.path.abspath(__file__))
    stream = ["/usr/bin/python3", os.path.join(here, "stream.py")]
    running = []
    for lab in range(2):
        with open("stream%d" % lab, "wb") as out:
            running.append(net.get("k%d" % lab).popen(stream + ["receive"], stdout=out))
    time.sleep(0.5)
    for lab in range(2):
        running.append(net.get("n%d" % lab).popen(stream + ["send", "198.19.0.2", count, spacing]))
    time.sleep(0.5)
    router = net.get("r0")
    macs = [intf.MAC() for intf in router.intfList()]
    began = time.monotonic()
    for link in [link for link in net.links if router in (link.intf1.node, link.intf2.node)]:
        net.delLink(link)
    net.delHost(router)
    gone = time.monotonic()
    router = net.addHost("r0", ip=None)
    link_router(net, router, macs)
    router.cmd("sysctl -w net.ipv4.ip_forward=1")
    done = time.monotonic()
    for process in running:
        process.wait()
    net.stop()
    print(json.dumps({"destroy_s": round(gone - began, 4), "create_s": round(done - gone, 4),
                      "reboot_s": round(done - began, 4)}))


if __name__ == "__main__":
    main()
