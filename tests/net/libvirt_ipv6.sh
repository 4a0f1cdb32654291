# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers of IPv6 that are virtual machines: runs of iperf, iperf3 and TCP
# of both IP versions, and every life.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/ipv6.sh"
router_image
isolate --run "$@"
plan 34
own_libvirtd
lives6 "$uri"
