#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ./quickstart on other distributions: those that derive from Debian are tried, others are refused. Nothing is
# installed, because quickstart runs without root.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate "$@"
plan 8

# on LINE... — quickstart with these lines in /etc/os-release: $T/said. Its status is 3: root is missing, too.
on() {
    printf '%s\n' "$@" >"$T/os-release"
    chmod 755 "$T" && chmod 644 "$T/os-release"
    unshare -m sh -c 'mount --bind "$0" "$(readlink -f /etc/os-release)" && cd / &&
        exec setpriv --reuid 65534 --clear-groups sh -s deps' "$T/os-release" <"$T/quickstart" >"$T/said" 2>&1
}
# As the source's folder may be closed to others, quickstart is read from standard input.
sed '/^cd /d' "$SOURCE_ROOT/quickstart" >"$T/quickstart"

for version in 12 13; do
    on 'ID=debian' "VERSION_ID=\"$version\""
    is "Debian $version is accepted" "$? $(grep -c 'not tested' "$T/said")" "3 0"
    ok "  up to the lack of root" grep -q 'need root' "$T/said"
done
on ID=ubuntu ID_LIKE=debian 'VERSION_ID="24.04"'
ok "Ubuntu is tried, with a remark" grep -q 'ubuntu 24.04 is not tested' "$T/said"
on ID=linuxmint 'ID_LIKE="ubuntu debian"'
ok "  and what derives from it" grep -q 'linuxmint .*not tested' "$T/said"
on ID=fedora
is "other distributions are refused" "$?" 3
ok "  with what to install" grep -q 'scripts/deps' "$T/said"
