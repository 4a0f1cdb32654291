#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ./quickstart on other distributions: those that derive from Debian are tried, others are refused. Nothing is
# installed, because quickstart runs without root.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate "$@"
plan 8

# Both are for an unprivileged user, to whom the folders of source and test may be closed: quickstart is read from
# standard input, and its /etc/os-release is another file.
os_release=$(mktemp /tmp/vrbench-os-release.XXXXXX)
at_exit "rm -f '$os_release'"
chmod 644 "$os_release"
sed -e '/^cd /d' -e "s|/etc/os-release|$os_release|g" "$SOURCE_ROOT/quickstart" >"$T/quickstart"
# on LINE... — quickstart with these lines in /etc/os-release: $T/said. Its status is 3: root is missing, too.
on() {
    printf '%s\n' "$@" >"$os_release"
    (cd / && exec setpriv --reuid 65534 --clear-groups sh -s deps) <"$T/quickstart" >"$T/said" 2>&1
}

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
