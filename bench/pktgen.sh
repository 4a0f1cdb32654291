#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench/pktgen.sh INTERFACE DESTINATION_MAC VERSION IP_LENGTH SECONDS CPU — sends UDP packets by the
# kernel's pktgen (kernel: Documentation/networking/pktgen.rst) from the current network namespace.
# Called by sections/traffic.sh.
set -eu
interface=$1 mac=$2 version=$3 length=$4 seconds=$5 cpu=$6
folder=/proc/net/pktgen
[ -e "$folder/pgctrl" ] || { echo "no $folder/pgctrl here" && exit 1; }
thread=$folder/kpktgend_$cpu
[ -e "$thread" ] || { echo "no $thread here" && exit 1; }

# write FILE LINE — pktgen reports in the file what it made of the line.
write() {
    echo "$2" >"$1" || { echo "pktgen failed to take: $2" && exit 1; }
}
write "$thread" rem_device_all
write "$thread" "add_device $interface"
device=$folder/$interface
write "$device" "count 0"
write "$device" "delay 0"
write "$device" "clone_skb 0"
write "$device" "pkt_size $((length + 14))"
write "$device" "dst_mac $mac"
if [ "$version" -eq 4 ]; then
    write "$device" "dst 198.18.0.2"
else
    write "$device" "dst6 2001:2::2"
    write "$device" "src6 2001:2::1"
fi
# Writing "start" returns when sending ends.
echo start >"$folder/pgctrl" &
starter=$!
sleep "$seconds"
write "$folder/pgctrl" stop
wait "$starter" || :
write "$thread" rem_device_all
