#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A container with a CPU quota: the quota stops the tester for most of the time, which no other program and no
# hypervisor causes. The points are invalid and name it.
# Runs beside others.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 4

cat >"$T/fast.yaml" <<'END'
name: fast
topologies: [direct]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [900000] }, duration: 300 ms }
END

# A group of at most a fifth of a CPU.
if [ -e /sys/fs/cgroup/cpu/cpu.cfs_quota_us ] || [ -e /sys/fs/cgroup/cpu/tasks ]; then
    group=/sys/fs/cgroup/cpu/quota-test-$$
    mkdir "$group"
    echo 20000 >"$group/cpu.cfs_quota_us"
else
    group=/sys/fs/cgroup/quota-test-$$
    echo +cpu >/sys/fs/cgroup/cgroup.subtree_control
    mkdir "$group"
    echo "20000 100000" >"$group/cpu.max"
fi
at_exit "rmdir '$group'"
ok "a run in a group with a quota ends with status 4" exits 4 \
    sh -c "echo \$\$ >'$group/cgroup.procs' && exec '$VRBENCH' run '$T/fast.yaml' -o '$T/run' --no-stability-check"
ok "  its point has the time for which it was stopped" jq -es \
    'length == 1 and all(.throttled_ns > 1e6)' "$T/run/points.jsonl"
like "  and names the quota" "$(jq -r .why_invalid "$T/run/points.jsonl")" 'CPU quota .* stopped it for [0-9]+ ms'
ok "without a quota nothing is stopped" jq -es 'all(has("throttled_ns") | not)' "$(
    "$VRBENCH" run "$T/fast.yaml" -o "$T/free" --no-stability-check >"$T/free.out" 2>&1
    echo "$T/free/points.jsonl")"
