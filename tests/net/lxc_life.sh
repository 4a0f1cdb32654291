# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers that are LXC containers of a libvirtd of the test's own: rebooted, entered, destroyed behind our
# back, and cleaned up after. lxc_run.sh measures such routers.
#
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/lent.sh"
. "$SOURCE_ROOT/tests/net/lib/setups.sh"
isolate --run "$@"
plan 84

uri=$("$SOURCE_ROOT/scripts/libvirtd" uri /run/lv lxc)
machine_snapshot "$T/before"

scenario_two "$uri" "bridged, dedicated" "rates: { pps: [300, 600] }, duration: 500 ms"

vrbench up "$T/two.yaml" 2>"$T/err"
is "without a daemon nothing can be made" $? 3
like "  which is reported with the package" "$(cat "$T/err")" 'package libvirt-daemon-driver-lxc'
unchanged "  and nothing is left" "$T/before"

own_libvirtd lxc
# note_names — of the containers that run. none_runs — of these no control group is left, whatever others have.
note_names() { machines >>"$T/names"; }
none_runs() {
    [ -z "$(machines)" ] || return 1
    while read -r name; do
        ! ls -d /sys/fs/cgroup/*/machine/lxc-*-"$name".* 2>/dev/null || return 1
    done <"$T/names"
}

first() { recorded "$1" first; }
domain() { recorded "$1" domain; }

for topology in bridged dedicated; do
    ok "$topology: up" vrbench up "$T/two.yaml" --topology "$topology"
    note_names
    is "  libvirt has the containers" "$(machines | tr '\n' ' ')" \
        "$(domain r1t3) $(domain r2t3) "
    is "  and routers are listed" \
        "$(vrbench list --json | jq -r 'map(.name + " " + .state) | join(", ")')" \
        "host running, r1t3 running, r2t3 running"
    ok "  the networks carry packets" reaches 0
    ok "  both" reaches 1

    # While r1t3 is rebooted, r2t3 must not lose a packet.
    old=$(field r1t3 id)
    vrbench console source -- ping -q -i 0.005 -c 400 198.19.1.2 >"$T/ping1" 2>&1 &
    ping=$!
    ok "  r1t3 is rebooted" vrbench reboot r1t3
    wait $ping
    is "  while r2t3 forwards on without loss" "$(lost "$T/ping1")" 0
    ok "  r1t3 has a new id" [ "$(field r1t3 id)" -gt "$old" ]
    ok "  and forwards" reaches 0

    ok "  r1t3 is destroyed" vrbench destroy r1t3
    is "  its container with it" "$(machines)" "$(domain r2t3)"
    ok "  its network is cut off" cut_off 0
    ok "  r1t3 is created" vrbench create r1t3
    ok "  and forwards" reaches 0

    # Behind our back: r1t3 is restarted, r2t3 is not.
    ok "  destroyed by others" virsh -q -c "$uri" destroy "$(domain r1t3)"
    ok "  r1t3 is restarted" wait_for 60 field_is r1t3 restarts 1
    ok "  and forwards" wait_for 60 reaches 0
    kill -KILL "$(first r2t3)"
    ok "  killed, r2t3 is cleared away, as it was to be" wait_for 60 field_is r2t3 state crashed
    ok "  down" vrbench down two
    ok "  with no container left" wait_for 60 none_runs
    unchanged "  nor anything else" "$T/before"
done

sed -i 's|r1t3: {|& sysctl: { net.ipv4.ip_default_ttl: 77 }, nft: rules.nft, files: { /etc/vrbench-lab/a.txt: a.txt, /etc/hostname: a.txt, /etc/os-release: a.txt }, run: ["ip route add 203.0.113.0/24 dev eth1", "'"$setup_run"'"],|' "$T/two.yaml"
setup_add
{ cat "$T/tenth.nft" && echo 'table ip lab { }'; } >"$T/rules.nft"
echo "of the lab" >"$T/a.txt"
host_files=$(cat /etc/hostname /etc/os-release) # the second is a link that leads out of /etc
has_startup() {
    vrbench console r1t3 -- sh -c 'cat /proc/sys/net/ipv4/ip_default_ttl /etc/vrbench-lab/a.txt /etc/hostname /etc/os-release; ip route; nft list ruleset' >"$T/startup" 2>&1
    grep -qx 77 "$T/startup" && grep -q '^203.0.113.0/24 dev eth1' "$T/startup" && [ "$(grep -cx "of the lab" "$T/startup")" -eq 3 ] && [ ! -e /etc/vrbench-lab ] && [ "$(cat /etc/hostname /etc/os-release)" = "$host_files" ] &&
        grep -q 'table ip lab' "$T/startup"
}
ok "consoles: up" vrbench up "$T/two.yaml"
note_names
ok "  with settings, rules and routes of a router's own" has_startup
ok "  every packet is accounted for through both routers and impaired cables" setup_conserves nft
is "a command sees the container's own processes and interfaces" \
    "$(vrbench console r1t3 -- sh -c 'cat /proc/1/comm; ls /sys/class/net' | tr '\n' ' ')" \
    "sh eth0 eth1 eth2 eth3 lo "
is "  and a /run of its own" "$(vrbench console r1t3 -- ls -A /run)" ""
cpus() { awk '$1 == "Cpus_allowed_list:" { print $2 }' "/proc/$1/status"; }
task() { recorded "$1" tasks | jq '.[0]'; }
is "  they run where its forwarding does" "$(cpus "$(first r1t3)")" "$(cpus "$(task r1t3)")"
echo 'exit 7' | vrbench console r1t3
is "  and the exit status of a shell comes back" $? 7
is "  and its weight is as in the scenario" "$(vrbench cpu r1t3 --json | jq -r '.[0].weight')" 512
# What is run inside is the router's: half a second of CPU time.
cpu_s() { field r1t3 cpu_seconds; }
used=$(cpu_s)
vrbench console r1t3 -- sh -c 'half=$(($(getconf CLK_TCK) / 2)) ticks=0
    while [ "$ticks" -lt "$half" ]; do
        read -r _ _ _ _ _ _ _ _ _ _ _ _ _ ticks _ </proc/self/stat
    done'
ok "what its processes use is the router's, $used s before" \
    between "$(cpu_s)" "$(awk "BEGIN { print $used + 0.5 }")" "$(awk "BEGIN { print $used + 5 }")"

# --- lent ----------------------------------------------------------------------------------------

testbed_state "$T/stands" two r1t3 r2t3
ok "the testbed is measured" measured --on two -o "$T/lent"
ok "  every sum holds" points_sane "$T/lent"
ok "  and routers have their parts" jq -es 'length == 2 and all(.cpu |
    map(select(.name == "r1t3"))[0].parts | map(.name) == ["napi", "processes"])' "$T/lent/points.jsonl"
ok "a load is sent by hand" vrbench send NET1 --pps 1k -t 0.2 -i 0.1 --engine packet
is "  every packet is accounted for" \
    "$(awk '$1 == "Total" { print ($2 > 0), ($2 == $3 + $4) }' "$T/ok.log")" "1 1"
ok "  and the testbed is as it was" is_as_before two r1t3 r2t3
sed 's/pps: \[.*\]/pps: [300, 400, 500, 600]/' "$T/two.yaml" >"$T/four.yaml"
ok "a run" borrow two "$T/four.yaml" --no-stability-check -o "$T/died"
died_points() { has_points "$T/died" 1; }
ok "  whose router dies" wait_for 60 died_points
kill -KILL "$(first r1t3)"
end_run
is "  goes on" "$run_status $(points "$T/died")" "0 4" || cat "$T/run.err"
ok "  after the router's restart" jq -es '[.[-1].networks[] | select(.name != "NET2")] | all(.rx > 0)' "$T/died/points.jsonl"
ok "  every packet is accounted for again" setup_conserves nft
testbed_state "$T/stands" two r1t3 r2t3
ok "a run that is killed" borrow two "$T/four.yaml" --no-stability-check -o "$T/robbed"
kill -KILL "$run_pid"
end_run
ok "  gives the testbed back" wait_for 60 vrbench cpu r1t3 --weight 512
ok "  as it was" wait_for 60 is_as_before two r1t3 r2t3

ok "the daemon is restarted" libvirtd_again
ok "  with the containers forwarding on" reaches 0
ok "  and can be rebooted afterwards" vrbench reboot r1t3
ok "  with its settings, rules and routes" has_startup
ok "  every packet is accounted for again" setup_conserves nft
ok "destroyed and created" sh -c '"$VRBENCH" destroy r1t3 && "$VRBENCH" create r1t3'
ok "  every packet is accounted for again" setup_conserves nft
old=$(first r1t3)
holder=$(virsh -q -c "$uri" domid "$(domain r1t3)")
"$SOURCE_ROOT/scripts/libvirtd" kill "$lv"
kill -KILL "$holder"
libvirtd_again >/dev/null
ok "a container that has lost libvirt's process around it is rebooted, too" vrbench reboot r1t3
ok "  and ends" wait_for 60 gone "$old"
# Its empty control groups are left: libvirt no longer has a record of them.
rmdir /sys/fs/cgroup/*/machine/lxc-"$holder"-* 2>/dev/null
ok "  and forwards" wait_for 60 reaches 0
ok "down" vrbench down two

# --- killed --------------------------------------------------------------------------------------

sed 's/duration: 500 ms/duration: 30 s/' "$T/two.yaml" >"$T/long.yaml"
start_run "$T/long.yaml" -o "$T/killed"
ok "a run stands" wait_for 60 testbed_up bridged
kill -KILL "$run_pid"
end_run
ok "  killed" [ -n "$(machines)" ]
note_names
ok "  it is cleaned up after" vrbench cleanup
ok "  with no container left" wait_for 60 none_runs
unchanged "nothing is left" "$T/before"
