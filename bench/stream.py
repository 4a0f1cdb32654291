#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""stream.py send ADDRESS COUNT SPACING_S | receive [ADDRESS] — sends or receives a steady stream of
numbered UDP datagrams. The receiver prints {"lost", "outage_ms"}: the number of lost packets, and the
longest time between the sendings of two received packets with lost ones between them, minus one spacing.
A stalled sender or receiver thus causes no outage. The receiver ends after the last packet, or after
three seconds without a packet. The section `routers` runs it inside source and sink, in the same way for
vrbench and its peers.
"""
import json
import socket
import struct
import sys
import time

PORT = 9
PACKET = struct.Struct("!QQQd")  # number, how many in all, ns of its sending, spacing


def send(address, count, spacing):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    start = time.monotonic()
    for number in range(count):
        rest = start + number * spacing - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        out.sendto(PACKET.pack(number, count, time.monotonic_ns(), spacing), (address, PORT))


def receive(address):
    came = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # The buffer holds seconds of the stream, so that a stalled receiver loses nothing.
    came.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), 16 << 20)
    came.bind((address, PORT))
    came.settimeout(20)  # the sender may start late
    received, count, last, last_ns, outage_ns, spacing = 0, 1, -1, 0, 0, 0.0
    while last < count - 1:
        try:
            number, count, sent_ns, spacing = PACKET.unpack(came.recv(64))
        except socket.timeout:
            break
        came.settimeout(3)
        received += 1
        if number > last + 1 and last >= 0:
            outage_ns = max(outage_ns, sent_ns - last_ns - spacing * 1e9)
        last, last_ns = max(last, number), sent_ns
    if last < count - 1:
        sys.exit("stream.py: the last packet did not arrive: %d of %d did" % (received, count))
    print(json.dumps({"lost": count - received, "outage_ms": round(outage_ns / 1e6, 3)}))


def main():
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    else:
        receive(sys.argv[2] if len(sys.argv) > 2 else "")


if __name__ == "__main__":
    main()
