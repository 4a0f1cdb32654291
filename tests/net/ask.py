# SPDX-License-Identifier: GPL-3.0-or-later
"""ask.py SOCKET: sends standard input to a Unix socket and prints what comes back until it closes."""
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
    connection.settimeout(10)
    connection.connect(sys.argv[1])
    connection.sendall(sys.stdin.buffer.read())
    connection.shutdown(socket.SHUT_WR)
    while answer := connection.recv(65536):
        sys.stdout.buffer.write(answer)
