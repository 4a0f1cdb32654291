#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ./quickstart on other distributions: those that derive from Debian are tried, others are refused. Nothing is
# installed, because quickstart runs without root. And its exit status for the target run, without installing and
# building.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 17

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

# --- packages ------------------------------------------------------------------------------------

# An apt without sources, and a package that does not exist: nothing is fetched or installed.
mkdir -p "$T/lists/partial"
cat >"$T/apt.conf" <<END
Dir::State::lists "$T/lists";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "/dev/null";
APT::Sandbox::User "root";
END
# A table of one package in place of those of deps.
deps() { # PACKAGE
    awk -v package="$1" '/^table=/ { print; print "build " package " BPF"; skips = 1 }
        skips && /^.$/ { skips = 0 } !skips { gsub("libbpf-dev bpftool", "libbpf-dev no-such-tool"); print }' \
        "$SOURCE_ROOT/scripts/deps" >"$T/deps"
    APT_CONFIG="$T/apt.conf" sh "$T/deps" build >"$T/said" 2>&1
}
deps no-such-tool
is "an optional package that the distribution does not have is left out" $? 0 || sed 's/^/# /' "$T/said"
like "  with a remark" "$(cat "$T/said")" "no package no-such-tool; vrbench is built without that part"
deps no-such-compiler
is "another one is missed" $? 1 || sed 's/^/# /' "$T/said"
python3 -c 'import fcntl, sys, time
lock = open(sys.argv[1], "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(3)' "$T/lists/lock" >"$T/held" &
wait_for 10 test -s "$T/held"
deps no-such-tool
is "lists that another process uses are waited for" $? 0 || sed 's/^/# /' "$T/said"
like "  saying for whom" "$(cat "$T/said")" "process $! \\(python3\\) uses the package lists; waiting"
wait

# --- the exit status of run -----------------------------------------------------------------------

mkdir "$T/tree"
sed -e '/need-root run/d' -e '/--no-print-directory build/d' "$SOURCE_ROOT/Makefile" >"$T/tree/Makefile"
sed -e '/^cd /d' -e '/^scripts\/deps/d' -e '/^\[ -[rdc] \/[a-z]* /d' "$SOURCE_ROOT/quickstart" >"$T/quickstart"
# runs SCENARIO — the last command of quickstart's target run: $T/said.
runs() {
    (cd "$T/tree" && sh "$T/quickstart" run SCENARIO="$1" BUILD="$(dirname "$VRBENCH")" \
        RUNFLAGS=--no-stability-check) >"$T/said" 2>&1
}
cat >"$T/tree/some.yaml" <<END
name: some
topologies: [dedicated]
routers: { r1: }
networks: { NET0: { router: r1 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [100] }, duration: 100 ms }
END
runs some.yaml
quick_status=$?
ok "a run is done or disturbed" test "$quick_status" -eq 0 -o "$quick_status" -eq 4 || sed 's/^/# /' "$T/said"
is "  and only a disturbed one is said to be" "$(grep -c 'repeat it on a quiet machine' "$T/said")" "$((quick_status / 4))"
sed '1a platform: xen:///none' "$T/tree/some.yaml" >"$T/tree/xen.yaml"
runs xen.yaml
is "a run that this machine cannot make has vrbench's exit status" $? 3 || sed 's/^/# /' "$T/said"
runs none.yaml
is "  and so has a scenario that is not there" $? 2 || sed 's/^/# /' "$T/said"
