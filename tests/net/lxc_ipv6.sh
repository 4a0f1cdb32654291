# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers of IPv6 that are LXC containers: runs of iperf, iperf3 and TCP
# of both IP versions, and every life.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/ipv6.sh"
isolate --run "$@"
plan 34
own_libvirtd lxc
lives6 "$uri"
