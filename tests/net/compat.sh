# SPDX-License-Identifier: GPL-3.0-or-later
# Runs beside others
#
# compat/iperf turns the text of an iperf of today into lines of CSV as iperf 2.0 printed them: the
# source's and the sink's, and nothing else.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 8

mkdir "$T/bin"
# client SINK_LINE... — an iperf whose client prints these lines below "Server Report:".
client() {
    cat >"$T/text" <<'END'
------------------------------------------------------------
Client connecting to 198.19.0.2, UDP port 5001
Sending 1470 byte datagrams, IPG target: 11215.21 us (kalman adjust)
UDP buffer size: 212992 Byte (default)
------------------------------------------------------------
[  1] local 198.18.0.2 port 40000 connected with 198.19.0.2 port 5001
[ ID] Interval       Transfer     Bandwidth
[  1] 0.0000-10.0154 sec  1314180 Bytes  1049738 bits/sec
[  1] Sent 894 datagrams
END
    if [ $# -gt 0 ]; then
        printf '[  1] Server Report:\n[ ID] Interval       Transfer     Bandwidth        Jitter   Lost/Total Datagrams\n' \
            >>"$T/text"
        printf '%s\n' "$@" >>"$T/text"
    fi
    printf '#!/bin/sh\necho "$*" >%s\ncat %s\n' "$T/asked" "$T/text" >"$T/bin/iperf"
    chmod 755 "$T/bin/iperf"
}
asked() {
    PATH=$SOURCE_ROOT/compat:$T/bin:$PATH iperf "$@" | sed 's/^[0-9]*,/NOW,/'
}
source_line=NOW,198.18.0.2,40000,198.19.0.2,5001,1,0.0-10.0,1314180,1049738
sink_line=NOW,198.19.0.2,5001,198.18.0.2,40000,1,0.0-10.0,1308300,1045000

client '[  1] 0.0000-10.0150 sec  1308300 Bytes  1045000 bits/sec   0.013 ms 3/893 (0.34%)'
is "the source's line, and the sink's" "$(asked -c 198.19.0.2 -u -b 1M -t 10 -y C)" "$source_line
$sink_line,0.013,3,893,0.336,0"
is "  asked for a text with bits" "$(cat "$T/asked")" "-c 198.19.0.2 -u -b 1M -t 10 -f b"
client '[  1] 0.0000-10.0150 sec  1308300 Bytes  1045000 bits/sec   0.013 ms 3/893 (0.34%)' \
    '[  1] 0.0000-10.0150 sec  17 datagrams received out-of-order'
is "datagrams out of order are the last field of the sink's line" \
    "$(asked -c 198.19.0.2 -u -b 1M -t 10 -y C)" "$source_line
$sink_line,0.013,3,893,0.336,17"
client '[  3]  0.0-10.0 sec  1308300 Bytes  1045000 bits/sec  12.208 ms    4/   42 (9.5%)' \
    '[  3]  0.0-10.0 sec  4 datagrams received out-of-order'
is "  as iperf 2.0 spaces them, too" "$(asked -c 198.19.0.2 -u -b 1M -t 10 -yC)" "$source_line
$sink_line,12.208,4,42,9.524,4"
client
is "without a report of the sink there is one line" \
    "$(asked -c 198.19.0.2 -u -b 1M -t 10 -y C)" "$source_line"
client '[  1] WARNING: did not receive ack of last datagram after 10 tries.' \
    '[  1] 0.0000-1.0000 sec is no report'
is "  nor of what is no report" "$(asked -c 198.19.0.2 -u -b 1M -t 10 -y C)" "$source_line"
client '[  1] text'
is "a call without -y C is passed on" "$(asked -c 198.19.0.2 -u | tail -n 1)" "[  1] text"
is "  with its own arguments" "$(cat "$T/asked")" "-c 198.19.0.2 -u"
