# SPDX-License-Identifier: GPL-3.0-or-later
#
# In other namespaces: no right over the machine is status 3 with its reason; a testbed that stands is
# known as such where clocks differ.
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 21

cat >"$T/one.yaml" <<'END'
name: one
topologies: [bridged]
routers: { r1: {} }
networks: { NET0: { router: r1 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [100] }, duration: 100 ms }
END
machine_snapshot "$T/before"

if unshare -Ur true 2>/dev/null; then
    for command in run up; do
        unshare -Ur "$VRBENCH" $command "$T/one.yaml" >"$T/out" 2>"$T/err"
        is "$command in a user namespace ends with status 3" $? 3
        like "  and says why" "$(cat "$T/err")" "user namespace"
    done
else
    for i in 1 2 3 4; do skip "user namespace" "no user namespaces here"; done
fi

ok "a testbed stands" "$VRBENCH" up "$T/one.yaml"
# Numbers of processes mean others there.
in_pids() { unshare --pid --fork --mount-proc "$@"; }
listed() { "$@" "$VRBENCH" list --json | jq -c 'map([.name, .state])'; }
if in_pids true 2>/dev/null; then
    is "from another PID namespace it is listed as from here" "$(listed in_pids)" "$(listed env)"
    held=$(owner)
    ok "  which cleanup leaves alone" in_pids "$VRBENCH" cleanup
    ok "  and whose allocation is set from there" in_pids "$VRBENCH" cpu one/r1 --weight 300
    ok "  and whose router is rebooted" in_pids "$VRBENCH" reboot one/r1
    is "  it runs on" "$(field r1 state)" running
    is "  with the same owner" "$(owner)" "$held"
    in_pids "$VRBENCH" up "$T/one.yaml" 2>"$T/err"
    like "  a second one of the name is refused from there" "$(cat "$T/err")" "already exists"
    in_pids "$VRBENCH" run "$T/one.yaml" -o "$T/run" 2>"$T/err"
    is "a run there ends with status 3" $? 3
    like "  and says why" "$(cat "$T/err")" "PID namespace"
    is "  and leaves the testbed" "$(field r1 state)" running
    kill -KILL "$held"
    wait_for 20 gone "$held"
    in_pids "$VRBENCH" list 2>"$T/err"
    is "after the owner's death no other begins there, but status 3" $? 3
    is "  nor does it take the router for dead" "$(field r1 state)" running
else
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do skip "PID namespace" "no PID namespaces here"; done
fi
if unshare -T --boottime 86400 --fork true 2>/dev/null; then
    state() { "$@" "$VRBENCH" list --json | jq -r '.[] | select(.name == "r1") | .state'; }
    is "  its router runs, seen from another time namespace" \
        "$(state unshare -T --boottime 86400 --fork)" "$(state env)"
    ok "  which cleanup leaves alone" unshare -T --boottime 86400 --fork "$VRBENCH" cleanup
    ok "  and which is taken down from there" unshare -T --boottime 86400 --fork "$VRBENCH" down one
else
    for i in 1 2 3; do skip "time namespace" "no time namespaces here"; done
    "$VRBENCH" down one
fi
unchanged "  nothing is left" "$T/before"
