#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ip_router.sh COUNT SPACING — two one-router bridged labs with ip commands. Removes and recreates the
# router of the first one, while a stream (stream.py) of COUNT packets, SPACING seconds apart, passes
# each. Prints {"destroy_s", "create_s", "reboot_s"}, and writes the output of the streams to stream0
# and stream1 in this directory. bench/run calls it, as root, in separate namespaces.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/ip_lab.sh"

for lab in 0 1; do
    up $lab
done
for lab in 0 1; do
    ip netns exec k$lab /usr/bin/python3 "$here/stream.py" receive >stream$lab &
done
sleep 0.5
for lab in 0 1; do
    ip netns exec s$lab /usr/bin/python3 "$here/stream.py" send 198.19.0.2 "$1" "$2" &
done
sleep 0.5
began=$(date +%s%N)
router_down 0
gone=$(date +%s%N)
router_up 0
done=$(date +%s%N)
wait
for lab in 0 1; do
    down $lab
done
echo "$began $gone $done" | awk '{
    printf "{\"destroy_s\": %.4f, \"create_s\": %.4f, \"reboot_s\": %.4f}\n", \
        ($2 - $1) / 1e9, ($3 - $2) / 1e9, ($3 - $1) / 1e9 }'
