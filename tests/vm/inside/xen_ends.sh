# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_ends.sh — how a router that is a domain ends, and what happens then: its own system
# powers off or reboots, another program destroys it, its maker is killed while it makes it. And domains
# that aren't PV.
. "${0%/*}/xen_lib.sh"
plan 23

machine_snapshot "$T/before"
scenario ends bridged "r1t3: {}" "NET0: { router: r1t3 }" 64 100 "1 s"
ok "a router stands" vrbench up "$T/ends.yaml"
is "  the domain names its testbed" \
    "$(xenstore-read "/local/domain/$(xl domid "$(domain r1t3)")/vrbench/router")" r1t3
ok "  a command runs in it" [ "$(vrbench console r1t3 -- hostname)" = r1t3 ]
is "  and returns its exit status" "$(vrbench console r1t3 -- sh -c 'exit 7' || echo $?)" 7
ok "  so does a script" [ "$(echo 'echo $((6 * 7))' | vrbench console r1t3)" = 42 ]
ok "  two at a time wait for each other" sh -c '
    "$VRBENCH" console r1t3 -- sleep 2 & "$VRBENCH" console r1t3 -- true && wait $!'

was=$(xl domid "$(domain r1t3)")
(vrbench console r1t3 -- reboot) >/dev/null 2>&1
ok "its system reboots: it is restarted" wait_for 120 more_than r1t3 restarts 0
ok "  as another domain" [ "$(xl domid "$(domain r1t3)")" -gt "$was" ]
ok "  which forwards" wait_for 60 reaches ends 0
(vrbench console r1t3 -- poweroff) >/dev/null 2>&1
ok "it powers off: it is destroyed" wait_for 120 field_is r1t3 state destroyed
is "  for Xen, too" "$(domains)" ""
ok "it is made again" vrbench create r1t3
xl destroy "$(domain r1t3)"
ok "somebody destroys it: it is restarted" wait_for 120 more_than r1t3 restarts 1
ok "  and forwards" wait_for 60 reaches ends 0
ok "it is taken down" vrbench down ends
is "  no domain is left" "$(domains)" ""

# Killed while libxl makes the domain: there is no record yet of which one.
some_domain() { [ -n "$(xl list | awk 'NR > 1 && $2 != 0')" ]; }
vrbench up "$T/ends.yaml" >/dev/null 2>&1 &
ok "a domain begins to be" wait_for 120 some_domain
pkill -KILL -x 'vrbench(-full)?'
ok "its maker killed, cleanup removes it" vrbench cleanup
is "  for Xen, too" "$(xl list | awk 'NR > 1 && $2 != 0')" ""

# PVH where the CPU can do that (SVM or VMX).
printf "type = 'pvh'\nmemory = 96\nvif = [ '', '' ]\n" >"$T/pvh.cfg"
scenario pvh bridged "r1t3: { config: pvh.cfg }" "NET0: { router: r1t3 }" 64 100 "1 s"
if xl info | grep -q '^virt_caps.*hvm.*hap'; then
    ok "a PVH router stands" vrbench up "$T/pvh.yaml"
    ok "  and forwards" wait_for 60 reaches pvh 0
    ok "it is taken down" vrbench down pvh
else
    for what in "a PVH router stands" "  and forwards" "it is taken down"; do
        skip "$what" "this CPU has no hardware-assisted virtualisation"
    done
fi
unchanged "nothing is left" "$T/before"
