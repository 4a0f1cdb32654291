#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ip_labs.sh LABS — builds one-router bridged labs with ip commands, one after the other, and removes
# them. Prints {"labs", "up_s", "down_s"}. bench/run calls it, as root, in separate namespaces.
set -eu
. "$(dirname "$0")/ip_lab.sh"

labs=$1

each() {
    lab=0
    while [ "$lab" -lt "$labs" ]; do
        "$1" "$lab"
        lab=$((lab + 1))
    done
}

# The kernel removes namespaces in the background; a lab is removed when its links are.
gone() {
    [ -z "$(ip -o link show type veth)" ]
}

began=$(date +%s%N)
each up
built=$(date +%s%N)
each down
until gone; do
    sleep 0.005
done
echo "$began $built $(date +%s%N) $labs" | awk '{
    printf "{\"labs\": %d, \"up_s\": %.4f, \"down_s\": %.4f}\n", $4, ($2 - $1) / 1e9, ($3 - $2) / 1e9 }'
