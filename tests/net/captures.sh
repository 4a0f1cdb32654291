#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# vrbench capture --around-loss: the files have a lost packet and its neighbours, on both sides of the place where it was
# lost, and nothing if nothing was lost.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 43

machine_snapshot "$T/before"
cat >"$T/lab.yaml" <<END
name: lab
topologies: [dedicated]
routers: { r1: }
networks: { NET0: { router: r1 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [1000] }, duration: 100 ms }
END
# numbers FILE — the sequence numbers of a capture's test packets: the stamp is behind 42 bytes of headers.
numbers() {
    python3 - "$1" <<'END'
import struct, sys
data = open(sys.argv[1], 'rb').read()
at = 24
while at < len(data):
    captured = struct.unpack_from('=I', data, at + 8)[0]
    frame = data[at + 16:at + 16 + captured]
    if frame[42:44] == b'VR':
        print(struct.unpack_from('>Q', frame, 50)[0])
    at += 16 + captured
END
}
# has NUMBER FILE — the capture has that packet.
has() { numbers "$2" | grep -qx "$1"; }
has_neighbours() { has 59 "$1" && has 61 "$1"; }
# capture_while COUNT ARG... — captures at both sides of r1 while COUNT packets are sent: $run_status.
capture_while() {
    count=$1
    shift
    rm -f "$T"/c*.pcap "$T/err"
    "$VRBENCH" capture r1:eth0 r1:eth1 -w "$T/c.pcap" --around-loss "$@" >"$T/captured" 2>"$T/err" &
    run_pid=$!
    wait_for 60 grep -q 'capturing at 2 points' "$T/err" || cat "$T/err"
    vrbench send NET0 --pps 1k -t "$count" -i "$count" --engine packet >"$T/sent" 2>&1
}
# end_capture [SIGNAL] — waits for its end, after a signal: $run_status.
end_capture() {
    [ $# -eq 0 ] || kill "-$1" "$run_pid"
    end_run
    [ "$run_status" -eq 0 ] || cat "$T/err" >&2
}
# lost — packets that the last load lost.
lost() { awk '$1 == "Total" { print $4 }' "$T/sent"; }
# undisturbed LOST — the last load lost as many, and tcpdump had the time to capture them all. Else a stall of the machine
# or a busy neighbour took them, which says nothing about the command.
undisturbed() { [ "$(lost)" = "$1" ] && ! grep -q 'the capture was too slow\|may have missed' "$T/captured"; }

ok "up" vrbench up "$T/lab.yaml"

# --- nothing is lost -------------------------------------------------------------------------------------

# The router's own packets are no losses either.
host=$(vrbench console r1 -- ip -o -4 address show dev eth0 | awk '{ sub("/.*", "", $4); print $4 }')
for try in 1 2 3 4 5 6; do
    capture_while 0.3
    vrbench console source -- ping -c 3 -i 0.2 -W 2 "$host" >"$T/ping" 2>&1
    end_capture INT
    ! undisturbed 0 || break
done
ok "the source pings the router" grep -q '^3 packets transmitted, 3 received' "$T/ping"
is "without a loss" "$run_status $(lost)" "0 0"
is "  it says so, and what it looked at" "$(grep '^no loss' "$T/captured")" \
    "no loss: no counter shows one, and no sequence number is missing at a point"
for end in eth0 eth1; do
    is "  the file of $end has no packet" "$(numbers "$T/c-r1-$end.pcap" | wc -l)" 0
    ok "  but is a capture" tcpdump -r "$T/c-r1-$end.pcap"
    like "  of what passed" "$(grep "^r1:$end" "$T/captured")" "^r1:$end: 0 of [1-9][0-9]* packets in "
done

# --- one packet is dropped inside the router -----------------------------------------------------------------

cat >"$T/planted.nft" <<END
table inet planted {
    chain forward {
        type filter hook forward priority 0;
        udp dport 22098 numgen inc mod 1000000 == 60 drop
    }
}
END
for try in 1 2 3 4 5 6; do
    vrbench console r1 -- nft -f "$T/planted.nft"
    capture_while 1 -c 1 -t 30 --before 0.02 --after 0.02
    end_capture
    vrbench console r1 -- nft delete table inet planted
    ! undisturbed 1 || break
done
is "a dropped packet: the command ends after it" "$run_status $(lost)" "0 1"
ok "  the counters give the place" grep -q '1 packet lost: r1:eth0 to eth1$' "$T/captured"
ok "  the captures the number" grep -q 'NET0 packet 60 lost between r1:eth0 and r1:eth1$' "$T/captured"
ok "  both count it" grep -q '^1 time of loss: 1 packet by the counters, 1 by sequence numbers' "$T/captured"
ok "  the file before the drop has it" has 60 "$T/c-r1-eth0.pcap"
ok "  with its neighbours" has_neighbours "$T/c-r1-eth0.pcap"
ok "  the file behind it has not" fails has 60 "$T/c-r1-eth1.pcap"
ok "  but its neighbours" has_neighbours "$T/c-r1-eth1.pcap"
written=$(sed -n 's/^r1:eth0: \([0-9]*\) of .*/\1/p' "$T/captured")
is "  the file has what is counted" "$(numbers "$T/c-r1-eth0.pcap" | wc -l)" "$written"
is "  which is a part" "$((written < 900))" 1

# --- before the router, by an impairment ------------------------------------------------------------------------

ok "down" vrbench down lab
sed -e 's/^name: lab/name: lossy/' -e '$a impair: [{ from: source, to: r1, loss: 10 % }]' "$T/lab.yaml" >"$T/lossy.yaml"
if vrbench up "$T/lossy.yaml" 2>"$T/err"; then
    capture_while 0.5
    end_capture INT
    is "an impaired cable: the command ends with Ctrl-C" "$run_status" 0
    ok "  the counters give the place" grep -q 'lost: impairment of NET0 (source to r1)$' "$T/captured"
    ok "  the captures have none of what is lost" grep -q 'NET0 packet.* lost before r1:eth0$' "$T/captured"
    ok "  and the neighbours" [ "$(numbers "$T/c-r1-eth0.pcap" | wc -l)" -gt 0 ]
    ok "down" vrbench down lossy
else
    for what in 1 2 3 4 5; do skip "check $what of an impaired cable" "$(head -n 1 "$T/err")"; done
fi

# --- bad usage --------------------------------------------------------------------------------------------------

vrbench capture r1:eth0 -w "$T/x.pcap" --before 1 2>"$T/err"
is "a window without a loss is refused" "$? $(grep -c -- '--around-loss' "$T/err")" "2 1"
vrbench capture r1:eth0 -w "$T/x.pcap" --around-loss --snap 60 2>"$T/err"
is "so is a part of each packet" "$? $(grep -c 'sequence number' "$T/err")" "2 1"
ok "up" vrbench up "$T/lab.yaml"
vrbench capture r1:eth0 r1:eth0 -w "$T/x.pcap" 2>"$T/err"
is "two captures in one file are refused" "$? $(grep -c 'would both be in' "$T/err")" "2 1"

# --- files of others --------------------------------------------------------------------------------------------

# A folder of another user, with a link to a file of root.
echo "of root" >"$T/victim"
mkdir "$T/home"
ln -s "$T/victim" "$T/home/c.pcap"
ln -s /dev/null "$T/home/null"
chown -hR 65534:65534 "$T/home"
ok "a capture in the folder of a user" \
    vrbench capture r1:eth0 -w "$T/home/c.pcap" -t 0.1 --filter 'udp port 9'
is "  follows no link" "$(cat "$T/victim") $(stat -c %F "$T/home/c.pcap")" "of root regular file"
is "  belongs to the user" "$(stat -c %u "$T/home/c.pcap")" 65534
ok "  and is a capture" tcpdump -r "$T/home/c.pcap"
ok "a wrong filter is refused" fails vrbench capture r1:eth0 -w "$T/home/c.pcap" --filter 'no filter'
ok "  and leaves the last capture" tcpdump -r "$T/home/c.pcap"
vrbench capture r1:eth0 -w "$T/home/null" -t 0.1 2>"$T/err"
is "a link to a device is refused" "$? $(grep -c "$T/home/null is a symbolic link" "$T/err")" "2 1"
# As /dev/stdout with output to a file.
ln -s /proc/self/fd/1 "$T/stdout"
vrbench capture r1:eth0 -w "$T/stdout" -t 0.1 >"$T/out" 2>"$T/err"
is "a link to standard output is refused" "$? $(grep -c "$T/stdout is a symbolic link" "$T/err")" "2 1"
is "  and stays" "$(readlink "$T/stdout")" /proc/self/fd/1
unshare -m --propagation private sh -c 'mount -t tmpfs vrbench-test /dev && mknod -m 666 /dev/null c 1 3 &&
    ln -s nothing /dev/log && { "$VRBENCH" capture r1:eth0 -w /dev/log -t 0.1; echo "$? $(readlink /dev/log)"; }' \
    >"$T/out" 2>"$T/err"
is "so is a link in /dev to nothing, which stays" "$(cat "$T/out")" "2 nothing"
ok "a device is written to" vrbench capture r1:eth0 -w /dev/null -t 0.1
ok "down" vrbench down lab
unchanged "nothing is left" "$T/before"
