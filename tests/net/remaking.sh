# SPDX-License-Identifier: GPL-3.0-or-later
#
# An owner that is killed while it makes or reboots a router: the next owner finishes the router, at
# whatever point it was interrupted. strace chooses the moment: it kills the owner in a given system call
# of the thread that does so.
#
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
command -v strace >/dev/null && strace -qq true 2>/dev/null || skip_all "no strace here"
plan 54

# Two lent cables: one that is in a namespace when that ends is lost.
ip link add name a0 type veth peer name a1
ip link add name b0 type veth peer name b1
machine_snapshot "$T/before"

is_traced() { ! grep -q '^TracerPid:.0$' "/proc/$1/status"; }
# kill_at CALL NUMBER COMMAND... — runs the command; the owner is killed when a thread of it makes that
# system call for that time.
kill_at() {
    killed=$(owner)
    strace -f -qq -o "$T/trace" -p "$killed" -e trace="$1" -e inject="$1:signal=KILL:when=$2" &
    tracer=$!
    wait_for 20 is_traced "$killed"
    shift 2
    "$@" >"$T/command" 2>&1
    wait_for 20 gone "$killed"
    killed_status=$?
    # Now and then strace waits for a child of the owner that it traces, and ignores the signal.
    kill $tracer 2>/dev/null
    wait_for 5 gone $tracer || kill -KILL $tracer
    wait $tracer 2>/dev/null
    return $killed_status
}
reboot_killed() {
    kill_at "$2" "$3" vrbench reboot "$1" && grep 'testbed owner died' "$T/command"
}
create_killed() {
    kill_at "$2" "$3" vrbench create "$1" && grep 'testbed owner died' "$T/command"
}
# remade ROUTER OLD NETWORK — it runs in another life than OLD, and forwards; nothing is left to finish.
is_next() { field_is "$1" state running && [ "$(field "$1" id)" != "$2" ]; }
remade() {
    wait_for 60 is_next "$1" "$2" && wait_for 20 reaches "$3" &&
        ! jq -e .remaking /run/vrbench/*-*.json
}

# at_each NAME — in the order of a reboot: the old life is killed; it is unpinned; the next namespace is
# made, and pinned; interfaces are moved or made; threads are placed; the record is written.
at_each() {
    for point in "pidfd_send_signal 1" "umount2 1" "unshare 1" "mount 1" "sendmsg 12" \
        "sched_setaffinity 1" "renameat 2"; do
        old=$(field r1t3 id)
        # shellcheck disable=SC2086 # two words
        ok "$1: the owner is killed in $point of a reboot" reboot_killed r1t3 $point
        ok "  the next owner finishes the reboot" remade r1t3 "$old" 0
    done
}
scenario_two netns bridged
vrbench up "$T/two.yaml" >/dev/null
at_each bridged
ok "  its outage is known" between "$(field r1t3 last_outage_ms)" 1 100000
old=$(field r2t3 id)
ok "also that of a router which is not to be restarted" reboot_killed r2t3 umount2 1
ok "  the next owner finishes it" remade r2t3 "$old" 1
is "  no first process but those of the two routers is left" \
    "$(pgrep --ns $$ --nslist mnt -c '^vrbench-r[12]t3$')" 2

old=$(field r1t3 id)
ok "the owner is killed in a restart" kill_at umount2 1 kill -KILL "$(recorded r1t3 first)"
ok "  the next owner finishes the restart" remade r1t3 "$old" 0
is "  and counts it" "$(field r1t3 restarts)" 1
vrbench down two >/dev/null

scenario_two netns dedicated
vrbench up "$T/two.yaml" >/dev/null
at_each dedicated
# A router that is made, not rebooted: in each step, from its first process to its place in the record.
for point in "mount 1" "sendmsg 8" "sendmsg 12" "sendmsg 15" "sendmsg 18" "sched_setaffinity 1" "renameat 2"; do
    vrbench destroy r1t3 >/dev/null
    # shellcheck disable=SC2086 # two words
    ok "$point: the owner is killed in $point of making a router" create_killed r1t3 $point
    ok "  the next owner makes it" remade r1t3 0 0
done
vrbench down two >/dev/null

cat >"$T/lent.yaml" <<'END'
name: two
topologies: [dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
links: { NET0: { source: a0, ingress: a1, egress: b1, sink: b0 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [300] } }
END
vrbench up "$T/lent.yaml" >/dev/null
old=$(field r1t3 id)
ok "lent cables: the owner is killed in a reboot" reboot_killed r1t3 umount2 1
ok "  the next owner finishes it" remade r1t3 "$old" 0
ok "  and is killed once more" reboot_killed r1t3 unshare 1
ok "  the testbed is taken down" vrbench down two
unchanged "everything lent is given back" "$T/before"
