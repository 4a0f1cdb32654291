# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs beside others.
#
# NAPI threads found by their names, as on kernels that don't list them: testbeds made at once, whose
# interfaces have the same name, take none of each other's.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 8

# The name is this test's alone: other programs of the machine make threads, too, without the lock.
name=vrt$$
count=40

# nodes COMMAND... — runs it in the network namespace of each node.
nodes() {
    for number in $(seq $count); do
        ip netns exec "$name-$number" "$@" || return 1
    done
}
make_nodes() {
    for number in $(seq $count); do
        ip netns add "$name-$number"
        ip -n "$name-$number" link add "$name" type veth peer name far0
        ip netns exec "$name-$number" ethtool -K "$name" gro on
        ip -n "$name-$number" link set "$name" up || return 1
    done
}
remove_nodes() {
    for number in $(seq $count); do
        ip netns del "$name-$number"
    done
}
at_exit remove_nodes

ok "$count namespaces with interfaces of one name are made" make_nodes
started=
for number in $(seq $count); do
    ip netns exec "$name-$number" "$(helper threaded)" sysfs "$name" >"$T/sysfs-$number" 2>&1 &
    started="$started $!"
done
failed=0
for pid in $started; do
    wait "$pid" || failed=$((failed + 1))
done
is "all find threads at once" "$failed" 0 || cat "$T"/sysfs-* | sort | uniq -c | sed 's/^/# /'
is "each finds one" "$(cat "$T"/sysfs-* | wc -l)" $count
is "no process finds another's threads" "$(cat "$T"/sysfs-* | sort -u | wc -l)" $count
ok "all are threads of that name" sh -c '
    cat "$2"/sysfs-* | while read -r _ thread; do
        grep -q "^napi/$1-" "/proc/$thread/comm" || exit 1
    done' sh "$name" "$T"

# The kernel's own list, where it has one.
if ip netns exec "$name-1" "$(helper threaded)" netlink "$name" >/dev/null 2>&1; then
    for number in $(seq $count); do
        ip netns exec "$name-$number" "$(helper threaded)" netlink "$name" >"$T/netlink-$number"
    done
    for number in $(seq $count); do
        cmp "$T/sysfs-$number" "$T/netlink-$number" || echo "$number differs"
    done >"$T/differ"
    same "the kernel lists the same ones" "$T/differ" /dev/null
else
    skip "the kernel lists the same ones" "this kernel doesn't list NAPI instances"
fi

# --- the lock ------------------------------------------------------------------------------------

# It holds across network and mount namespaces with a /proc of their own.
ip -n "$name-1" link add late0 type veth peer name late1
ip netns exec "$name-1" ethtool -K late0 gro on
ip -n "$name-1" link set late0 up
# It ends with this test's folder, too.
flock /proc/self/ns/user -c "touch '$T/held'; while [ -e '$T/held' ]; do sleep 0.02; done" &
ok "a process holds the lock" wait_for 10 test -e "$T/held"
ip netns exec "$name-1" unshare -m sh -c 'mount -t proc proc /proc && exec "$@"' sh \
    "$(helper threaded)" sysfs late0 >"$T/late" 2>&1 &
late=$!
waits() { grep -q nanosleep "/proc/$late/wchan" && [ "$(cat "/proc/$late/comm")" = threaded ]; }
wait_for 10 waits
before=$(wc -l <"$T/late")
rm "$T/held"
wait "$late"
is "another waits for it, and continues" "$before $(wc -l <"$T/late")" "0 1"
