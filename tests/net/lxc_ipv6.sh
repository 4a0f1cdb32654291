# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers of IPv6 that are LXC containers: every life, and a run with both own engines.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/ipv6.sh"
isolate --run "$@"
plan 24
own_libvirtd lxc
lives6 "$uri"
measured6 "$uri"
