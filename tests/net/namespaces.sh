# SPDX-License-Identifier: GPL-3.0-or-later
#
# In other namespaces: no right over the machine is status 3 with its reason; a testbed that stands is
# known as such where clocks differ.
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 9

cat >"$T/one.yaml" <<'END'
name: one
topologies: [bridged]
routers: { r1: {} }
networks: { NET0: { router: r1 } }
traffic: { lengths: [64], rates: { pps: [100] }, duration: 100 ms }
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
