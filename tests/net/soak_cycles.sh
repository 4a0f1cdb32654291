#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Testbeds that are brought up and taken down again and again leave nothing in the kernel: what it holds of
# network namespaces, links, control groups, mounts, threads and processes is counted before and after.
# The suite does 12 cycles, `make soak` 500.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/soak.sh"
isolate --run "$@"
plan 6
cycles=12
! soak_whole || cycles=500

soak_scenario two bridged
cycle() {
    vrbench up "$T/two.yaml" && vrbench console two/source -- ping -q -c 1 -W 5 198.19.0.2 &&
        vrbench down two
}
cycle_times() {
    cycles_done=0
    while [ "$cycles_done" -lt "$1" ]; do
        cycle || {
            echo "cycle $cycles_done failed"
            return 1
        }
        cycles_done=$((cycles_done + 1))
    done
}
# slab NAME — objects of a slab cache that are in use; none where the kernel has merged it with others. Free
# objects that a CPU keeps for itself count as used until the cache is shrunk.
slab() {
    echo 1 2>/dev/null >"/sys/kernel/slab/$1/shrink" || :
    awk -v name="$1" '$1 == name { print $2 }' /proc/slabinfo 2>/dev/null
}
# living — processes of vrbench, without those that have ended and wait for the machine's first process.
living() {
    for comm in /proc/[0-9]*/comm; do
        read -r name 2>/dev/null <"$comm" || continue
        case $name in vrbench*) ended "${comm%/comm}" || echo "$name" ;; esac
    done 2>/dev/null | wc -l
}
# objects FILE — what there is of each kind, a line a kind. Caches free what they hold in bunches and in their
# own time, so that the slab's figure may be off by some.
objects() {
    {
        echo "links $(ip -o link show | wc -l)"
        echo "mounts $(wc -l </proc/self/mountinfo)"
        echo "groups $(cgroup_roots | while read -r group; do find "$group" -type d; done | wc -l)"
        echo "napi-threads $(cat /proc/[0-9]*/comm 2>/dev/null | grep -c '^napi/')"
        echo "processes $(living)"
        echo "records $(find /run/vrbench -mindepth 1 2>/dev/null | wc -l)"
        # By what holds one open: a process, or a file that it is pinned to.
        echo "namespaces $(lsns -n -t net -o NS 2>/dev/null | wc -l)"
    } >"$1"
}
objects_are() {
    objects "$T/objects.now"
    cmp -s "$1" "$T/objects.now"
}
net_few_more() { [ "$(slab net_namespace)" -le $(($1 + 2)) ]; }

ok "three cycles, for what is made once" cycle_times 3
# Where others are, what they make and end is counted, too.
if ! wait_for 60 no_strangers; then
    skip "the kernel's objects are counted" "another vrbench runs"
    skip "$cycles cycles" "another vrbench runs"
    skip "the kernel's objects are as many" "another vrbench runs"
    skip "its network namespaces are as many" "another vrbench runs"
    skip "its threads are as many" "another vrbench runs"
    exit 0
fi
objects "$T/objects"
namespaces=$(slab net_namespace)
threads=$(find /proc/[0-9]* -maxdepth 0 2>/dev/null | wc -l)
ok "the kernel's objects are counted" cat "$T/objects"
began=$(date +%s%N)
ok "$cycles cycles" cycle_times "$cycles"
diag "$(($(ms_since "$began") / cycles)) ms a cycle"
wait_for 60 objects_are "$T/objects" 2>/dev/null
same "the kernel's objects are as many" "$T/objects" "$T/objects.now"
if [ -n "$namespaces" ]; then
    # A fifth of a namespace a cycle would be seen.
    wait_for 60 net_few_more "$namespaces" 2>/dev/null
    ok "its network namespaces are as many" net_few_more "$namespaces"
    diag "$namespaces before, $(slab net_namespace) after"
else
    skip "its network namespaces are as many" "the kernel has no cache of its own for them"
fi
# Workers of the kernel come and go with what there is to do.
threads_few_more() { [ "$(find /proc/[0-9]* -maxdepth 0 2>/dev/null | wc -l)" -le $((threads + 20)) ]; }
ok "its processes and threads are as many" wait_for 60 threads_few_more
