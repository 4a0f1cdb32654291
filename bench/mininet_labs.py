#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""mininet_labs.py LABS — builds one-router bridged labs with Mininet's API and removes them.

A lab contains what vrbench builds for one network in topology bridged: namespaces of source, router and
sink, two Linux bridges on the host, four veth pairs, addresses and routes. Prints {"labs", "up_s",
"down_s"}, without the start of Python. bench/run calls it as root.
"""
import json
import sys
import time

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge


def build(labs):
    net = Mininet(controller=None, switch=LinuxBridge, build=False)
    for lab in range(labs):
        source = net.addHost("n%d" % lab, ip="198.18.0.1/24", defaultRoute="via 198.18.0.2")
        router = net.addHost("r%d" % lab, ip="198.18.0.2/24")
        sink = net.addHost("k%d" % lab, ip="198.19.0.2/24", defaultRoute="via 198.19.0.1")
        near = net.addSwitch("a%d" % lab)
        far = net.addSwitch("b%d" % lab)
        net.addLink(source, near)
        net.addLink(router, near)
        net.addLink(router, far, params1={"ip": "198.19.0.1/24"})
        net.addLink(sink, far)
    net.build()
    net.start()
    for lab in range(labs):
        net.get("r%d" % lab).cmd("sysctl -w net.ipv4.ip_forward=1")
    return net


def main():
    setLogLevel("error")
    labs = int(sys.argv[1])
    began = time.monotonic()
    net = build(labs)
    up = time.monotonic()
    net.stop()
    down = time.monotonic()
    print(json.dumps({"labs": labs, "up_s": round(up - began, 4),
                      "down_s": round(down - up, 4)}))


if __name__ == "__main__":
    main()
