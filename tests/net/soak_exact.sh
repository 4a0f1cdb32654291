#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The engine xdp over a cable, as fast as it can: every packet that it counts as sent arrives once and in
# order, or found the sink's ring full, and both counts are those of the interfaces' own counters to
# the packet. The suite sends some millions of packets, `make soak` a billion.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/soak.sh"
isolate --run "$@"
SENDER=${BUILD_DIR:-$(dirname "$VRBENCH")}/bench/bench_traffic
[ -x "$SENDER" ] || skip_all "the build has no bench_traffic"
plan 5
packets=3000000 seconds=1 tries=5
! soak_whole || packets=1000000000 seconds=20 tries=200

# send — one trial, whose counts are appended to the file.
send() { "$SENDER" --engine xdp --length 64 --pps max --duration "$seconds" >>"$T/counts"; }
# At least one trial, until all packets are sent; a slow machine need not reach their number.
send_all() {
    : >"$T/counts"
    for try in $(seq "$tries"); do
        send || return 1
        [ "$(jq -s 'map(.tx) | add' "$T/counts")" -lt "$packets" ] || break
    done
}
all_are() { jq -es "all($1)" "$T/counts" || { cat "$T/counts" && false; }; }

ok "packets are sent" send_all
diag "$(jq -rs '"\(map(.tx) | add) packets sent in \(length) trials, \(map(.rx) | add) received, \(
    map(.wire_dropped) | add) found the ring full"' "$T/counts")"
ok "the source's count is that of its interface" all_are '.tx > 0 and .tx == .wire_tx + .wire_dropped'
ok "  the sink's is that of its interface" all_are '.rx == .wire_rx'
ok "  what is lost found the sink's ring full, to the packet" all_are '.tx - .rx == .wire_dropped'
ok "none is duplicated, reordered, corrupt or of another trial" all_are \
    '[.duplicated, .reordered, .corrupt, .stale, .strays] | all(. == 0)'
