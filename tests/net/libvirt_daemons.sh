#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Virtual machines that learn their routes: BIRD and FRR in the tiny guest, by emulation where there
# is no KVM. No traffic before the routes, how long they took, what a daemon's end is, what goes
# wrong; tests/net/daemons.sh has the same on namespaces, and more of it.
#
# Not under sanitizers: daemons.sh and libvirt_life.sh run the same code there.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
plan 39

own_libvirtd
process() { recorded r1 pid; }
available() { vrbench console r1 -- awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }
# What is there to be seen when a check fails.
on_flunk 'vrbench list; ls -l "$T/err" && cat "$T/err"; cat /run/vrbench/owner.log
    timeout 60 "$VRBENCH" console r1 -- sh -c "uptime; ip route; ip -s link; ps"'
# What runs in the guest is the image's: this machine has none.
[ ! -d /usr/lib/frr ] || mount -t tmpfs vrbench-test /usr/lib/frr
machine_snapshot "$T/before"

# A run: routes before traffic, and what it says of them.
scenario_routed bird "$uri" bridged
ok "bird: a run" measured "$T/bird.yaml" -o "$T/run"
like "  prints how long learning the routes took" "$(cat "$T/ok.log")" \
    '^r1 \(bird\), bridged: routes learned in [0-9]+\.[0-9]{3} s'
ok "  which no daemon does in no time" jq -e '
    (.convergence | length == 1) and .convergence[0].router == "r1" and
    .convergence[0].daemon == "bird" and .convergence[0].seconds > 0.001' "$T/run/run.json"
ok "  its packets arrived, but for few" \
    jq -se 'length == 1 and .[0].networks[0].rx >= 0.5 * .[0].networks[0].tx' "$T/run/points.jsonl"
ok "  every loss has a place" jq -se 'all(.[]; ([.drops[].count] | add // 0) == .networks[0].lost)' \
    "$T/run/points.jsonl"
unchanged "  nothing is left" "$T/before"

# FRR, with a route of its own behind a block that is for another of its programs.
scenario_routed frr "$uri" bridged
echo "ip route 10.99.0.0/24 198.19.0.2" >>"$T/frr.conf"
ok "frr: up" vrbench up "$T/frr.yaml"
ok "  routes learned are listed" between "$(field r1 convergence_ms)" 1 120000
ok "  its own console shows both neighbours" wait_for 180 in_touch frr
static() { vrbench console r1 -- ip route | grep -q '^10\.99\.0\.0/24 via 198\.19\.0\.2 dev eth1'; }
ok "  its static route is there, too" wait_for 180 static
ok "  packets go there and back" wait_for 180 crosses
ok "  memory is left in it ($(available) kB)" [ "$(available)" -gt 8192 ]
ok "  down" vrbench down frr
unchanged "  to nothing" "$T/before"

# BIRD in a testbed that stands.
scenario_routed bird "$uri" bridged
ok "bird: up" vrbench up "$T/bird.yaml"
ok "  routes learned are listed" between "$(field r1 convergence_ms)" 1 120000
ok "  the router has two routes by OSPF" wait_for 180 has_both
like "  the sink's" "$(cat "$T/routes")" '^10\.19\.0\.0/24 via 198\.19\.0\.2 dev eth1'
like "  and the source's" "$(cat "$T/routes")" '^10\.18\.0\.0/24 via 198\.18\.0\.2 dev eth0'
is "  and no other ways there" "$(grep -c '^10\.' "$T/routes")" 2
ok "  packets go there and back" wait_for 180 crosses
ok "  its own console shows both neighbours" wait_for 180 in_touch bird
ok "  memory is left in it ($(available) kB)" [ "$(available)" -gt 8192 ]

# Counterproof: without the daemon's routes nothing flows.
vrbench console r1 -- birdc disable all >/dev/null
forgotten() { ! vrbench console r1 -- ip route | grep -q '^10\.'; }
ok "  its daemon disabled, the routes go" wait_for 180 forgotten
ok "  and no packet gets there" fails crosses

# A daemon that ends is a router that dies.
old=$(process)
vrbench console r1 -- killall -KILL bird 2>/dev/null
ok "  its daemon killed, it is restarted" wait_for 120 field_is r1 restarts 1
ok "  as another machine" [ "$(process)" != "$old" ]
ok "  which has learned its routes" between "$(field r1 convergence_ms)" 1 120000
ok "  and forwards" wait_for 180 crosses
ok "  down" vrbench down bird
unchanged "  to nothing" "$T/before"
is "  no machine either" "$(machines)" ""

# What goes wrong.
sed -i 's/hello 1/hello 2/' "$T/bird.conf"
sed -i 's/120 s/6 s/' "$T/bird.yaml"
vrbench run "$T/bird.yaml" -o "$T/mute" 2>"$T/err"
is "a router that does not learn a route fails the run" $? 1
like "  which says which" "$(cat "$T/err")" \
    'router r1: bird has not learned the route to 10\.19\.0\.0/24, behind the sink of NET0'
echo " frobnicate" >>"$T/frr.conf"
vrbench run "$T/frr.yaml" -o "$T/wrong" 2>"$T/err"
is "FRR's mistakes, where only the guest can find them, fail the run" $? 1
like "  in FRR's words" "$(cat "$T/err")" 'router r1: .*vtysh.*frobnicate'
mkdir "$T/bare"
cp -s "$VRBENCH_IMAGE"/[ikv]* "$T/bare/"
VRBENCH_IMAGE=$T/bare vrbench run "$T/bird.yaml" -o "$T/bare.run" 2>"$T/err"
is "an image without the daemon: exit status 3" $? 3
like "  and the command that builds one with it" "$(cat "$T/err")" \
    'has no bird; .*vrbench image build --with bird'
unchanged "  nothing is left" "$T/before"
