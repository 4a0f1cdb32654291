# SPDX-License-Identifier: GPL-3.0-or-later
#
# The memory that `list` shows for a router is what its own making took, whatever other programs
# allocate at the same time, and metering it leaves no control group behind. Where the machine has
# no memory controller for it, no memory is shown.
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 9

scenario_two netns bridged

# The hierarchy by which vrbench meters, as of linux/memory.h.
memory_root=
while read -r _ at kind options _; do
    case $kind in
    cgroup)
        case ,$options, in *,memory,*) ;; *) continue ;; esac
        [ -e "$at/memory.kmem.usage_in_bytes" ] || continue
        ;;
    cgroup2) grep -qw memory "$at/cgroup.subtree_control" || continue ;;
    *) continue ;;
    esac
    memory_root=${memory_root:-$at}
done </proc/self/mounts

# allocate — makes and drops network namespaces, of which each takes the kernel some 100 KiB.
allocate() { while :; do unshare -n unshare -n unshare -n true; done; }
# near A B — within 5 %.
near() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > 0.95 * b && b > 0.95 * a) }'; }
metered() {
    if [ -n "$memory_root" ]; then "$@"; else [ "$(field r1t3 memory_bytes)" = null ]; fi
}
no_group() { [ -z "$memory_root" ] || ! ls -d "$memory_root"/vrbench-memory-*; }

ok "a testbed is up while nobody else allocates" vrbench up "$T/two.yaml"
calm=$(field r1t3 memory_bytes)
diag "r1t3 took $calm bytes, r2t3 $(field r2t3 memory_bytes), the host $(field host memory_bytes)"
ok "a router took more than its namespace alone" metered between "$calm" 100000 2000000
ok "  the other as much" metered near "$(field r2t3 memory_bytes)" "$calm"
ok "  and the host has its own" metered [ "$(field host memory_bytes)" != null ]

allocate &
allocator=$!
at_exit "kill $allocator"
ok "r1t3 is created again while another program allocates" \
    sh -c '"$VRBENCH" destroy r1t3 && "$VRBENCH" create r1t3'
ok "  and took as much as before ($(field r1t3 memory_bytes))" \
    metered near "$(field r1t3 memory_bytes)" "$calm"
kill "$allocator"
wait "$allocator" 2>"$T/ignored"

# As a process leaves it that is killed while it makes a router; 4194304 is beyond any number.
[ -z "$memory_root" ] || mkdir "$memory_root/vrbench-memory-4194304-4194304"
ok "a dead process's group" [ -z "$memory_root" -o -d "$memory_root/vrbench-memory-4194304-4194304" ]
ok "  goes with the next clean-up" vrbench cleanup --all
ok "  and no group is left" wait_for 5 no_group
