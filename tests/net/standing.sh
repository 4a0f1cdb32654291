# SPDX-License-Identifier: GPL-3.0-or-later
#
# Testbeds that are left standing, and routers by name: up, list, console, create, destroy, reboot,
# what on_crash says, the owner's own death, and down to nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 111

scenario_two netns "direct, bridged, dedicated"
sed 's/^name: two/name: other/' "$T/two.yaml" >"$T/other.yaml"
# first ROUTER — number of its first process, whose host name is the router's.
first() { recorded "$1" first; }

machine_snapshot "$T/before"
is "nothing stands" "$(vrbench list)" "no testbeds"
is "  and the list is empty" "$(vrbench list --json)" "[]"
vrbench console r1t3 -- true 2>"$T/err"
is "a router that is not there is bad usage" $? 2
like "  which says what to do" "$(cat "$T/err")" 'vrbench up'

for topology in bridged dedicated; do
    ok "$topology: up" vrbench up "$T/two.yaml" --topology "$topology"
    is "  two routers and the host are listed" \
        "$(vrbench list --json | jq -r 'map(.name + " " + .state) | join(", ")')" \
        "host running, r1t3 running, r2t3 running"
    is "  with weight" "$(field r1t3 weight)" 512
    is "  and topology" "$(field host topology)" "$topology"
    ok "  the networks carry packets" reaches 0
    ok "  both" reaches 1
    vrbench up "$T/two.yaml" 2>"$T/err"
    is "  a second one of that name is refused" $? 1

    # While r1t3 is rebooted, r2t3 must not lose a packet, even if other programs use the CPU.
    old=$(field r1t3 id)
    vrbench console source -- ping -q -i 0.005 -c 400 198.19.1.2 >"$T/ping1" 2>&1 &
    ping=$!
    vrbench console source -- ping -q -i 0.005 -c 400 198.19.0.2 >"$T/ping0" 2>&1 &
    ping0=$!
    ok "  r1t3 is rebooted" vrbench reboot r1t3 --json
    cp "$T/ok.log" "$T/reboot.json"
    wait $ping
    wait $ping0
    is "  while r2t3 forwards on without loss" "$(lost "$T/ping1")" 0
    ok "  r1t3 has a new id" [ "$(field r1t3 id)" -gt "$old" ]
    ok "  and forwards" reaches 0
    ok "  its outage is reported" jq -e '.outage_ms > 0 and .outage_ms < 60000' "$T/reboot.json"
    is "  and listed" "$(printf '%.3f' "$(field r1t3 last_outage_ms)")" \
        "$(jq -r '.outage_ms | tostring' "$T/reboot.json" | xargs printf '%.3f')"

    ok "  r1t3 is destroyed" vrbench destroy r1t3
    is "  and listed so" "$(field r1t3 state)" destroyed
    ok "  its network is cut off" cut_off 0
    ok "  the other is not" reaches 1
    vrbench destroy r1t3 2>/dev/null
    is "  it can't be destroyed twice" $? 2
    ok "  r1t3 is created" vrbench create r1t3
    ok "  and forwards" reaches 0

    # A crash: r1t3 is restarted, r2t3 is not.
    old=$(field r1t3 id)
    kill -KILL "$(first r1t3)" "$(first r2t3)"
    ok "  killed, r1t3 is restarted" wait_for 60 field_is r1t3 restarts 1
    ok "  and forwards" wait_for 60 reaches 0
    ok "  r2t3 is cleared away, as it was to be" wait_for 60 field_is r2t3 state crashed
    ok "  its network is cut off" cut_off 1

    ok "  down" vrbench down two
    unchanged "  to nothing" "$T/before"
done

ok "consoles: up" vrbench up "$T/two.yaml"
is "a command sees the router's own processes" \
    "$(vrbench console r1t3 -- sh -c 'hostname; cat /proc/1/comm; ls /sys/class/net' | tr '\n' ' ')" \
    "r1t3 vrbench-r1t3 eth0 eth1 lo "
is "without a terminal a shell reads commands" "$(echo 'hostname; exit 7' | vrbench console r1t3)" \
    r1t3
echo 'exit 7' | vrbench console r1t3
is "  and its exit status comes back" $? 7
is "with a terminal a shell prompts" \
    "$(echo 'exit' | SHELL=/bin/sh script -qec "$VRBENCH console r1t3" /dev/null | grep -c 'r1t3#')" 1
# What was started inside ends with the router.
vrbench console r1t3 -- sh -c 'sleep 1000 >/dev/null 2>&1 &'
sleeper=$(pgrep --ns "$(first r1t3)" --nslist pid -x sleep)
ok "a process inside lives on its own" alive "$sleeper"
ok "  until the router goes" vrbench destroy r1t3
ok "  then it goes too" wait_for 60 gone "$sleeper"

# CPU allocation: what is set is read back, from the kernel, by another process.
setting=$(cat /proc/sys/kernel/sched_rt_runtime_us)
# shares ROUTER KEY — as vrbench cpu prints it.
shares() { vrbench cpu "two/$1" --json | jq -r --arg key "$2" '.[0][$key]'; }
shares_are() { [ "$(shares "$1" weight) $(shares "$1" cap_percent)" = "$2" ]; }
uncapped() { chrt -p "$(task r2t3)" | grep -q SCHED_OTHER; }
task() { recorded "$1" tasks | jq '.[0]'; }
is "cpu shows all" "$(vrbench cpu --json | jq -r 'map("\(.name) \(.weight) \(.cap_percent)") | join(", ")')" \
    "host 256 0, r1t3 512 0, r2t3 256 0"
ok "weight and cap are set" vrbench cpu r2t3 --weight 1024 --cap 40
ok "  and read back" shares_are r2t3 "1024 40"
like "  with what holds it" "$(shares r2t3 cap_held_by)" '^(quota|deadline)$'
ok "the host's, too" vrbench cpu host --cap 70
ok "  and read back" shares_are host "256 70"
ok "a router keeps them over a reboot" vrbench reboot r2t3
ok "  weight and cap" wait_for 60 shares_are r2t3 "1024 40"
for wrong in "--weight 0" "--weight 65536" "--cap 101" "--cap -1" "--cap 10x" "--weight"; do
    # shellcheck disable=SC2086 # two words
    vrbench cpu r2t3 $wrong 2>/dev/null
    is "cpu $wrong is refused" $? 2
done
ok "  and changes nothing" shares_are r2t3 "1024 40"
vrbench cpu source --cap 10 2>/dev/null
is "the tester has no allocation" $? 2
ok "caps are taken off" vrbench cpu r2t3 --cap 0
ok "  both" vrbench cpu host --cap 0
ok "  so that nothing holds the router's threads" wait_for 60 uncapped
is_setting() { [ "$(cat /proc/sys/kernel/sched_rt_runtime_us)" = "$setting" ]; }
if ! wait_for 60 no_strangers; then
    skip "  and the machine's setting is as it was" "another vrbench runs, it may need the setting"
else
    ok "  and the machine's setting is as it was" wait_for 60 is_setting
fi

# The owner is killed: all stands, and the next command has another owner take the testbed over.
old_owner=$(owner)
ok "an owner is there" alive "$old_owner"
kill -KILL "$old_owner"
ok "  killed" wait_for 60 gone "$old_owner"
is "cleanup takes nothing that was left on purpose" "$(vrbench cleanup)" "nothing to clean up"
ok "the testbed stands" reaches 1
is "list shows it" "$(vrbench list --json | jq -r 'map(.name + " " + .state) | join(", ")')" \
    "host running, r1t3 destroyed, r2t3 running"
ok "  by another owner" alive "$(owner)"
# A cap is set while the router is not there: its threads share the cap once they are there.
divides() { grep -qx vrbench-divide /proc/"$(owner)"/task/*/comm; }
ok "  which sets a cap of the destroyed router" vrbench cpu r1t3 --cap 50
ok "a change" vrbench create r1t3
ok "  is made by it" reaches 0
if [ "$(shares r1t3 cap_held_by)" = deadline ]; then
    ok "  and divides the cap" wait_for 20 divides
else
    skip "  and divides the cap" "the kernel divides it"
fi
ok "  until it is taken off" vrbench cpu r1t3 --cap 0

# Two testbeds with routers of the same names.
ok "another testbed beside" vrbench up "$T/other.yaml"
vrbench reboot r1t3 2>"$T/err"
is "a name that fits two is refused" $? 2
like "  with both" "$(cat "$T/err")" 'two/r1t3.*other/r1t3|other/r1t3.*two/r1t3'
ok "with its testbed it is found" vrbench reboot other/r1t3

# One whose record is of no use, as of a newer vrbench: the next owner says which and why, and holds
# the other.
record=$(grep -l 'name: other' /run/vrbench/*.json)
cp "$record" "$T/record"
end_owner() {
    old_owner=$(owner)
    kill -KILL "$old_owner"
    wait_for 60 gone "$old_owner"
}
end_owner
jq '.topology = "ring"' "$T/record" >"$T/bad" && cat "$T/bad" >"$record"
vrbench list >"$T/out" 2>"$T/err"
is "list works without a testbed that it can't read" $? 0
like "  and says so" "$(cat "$T/err")" "a testbed is not listed: testbed other: .*can't be read"
like "  the other is there" "$(cat "$T/out")" '^two +r1t3 '
vrbench reboot other/r1t3 2>"$T/err"
like "a command for it says so, too" "$(cat "$T/err")" "the record of testbed .* can't be read"
end_owner
cat "$T/record" >"$record"
ok "down, by file" vrbench down "$T/other.yaml"
ok "down, by name" vrbench down two

# Several at the same time.
ok "up with two scenarios" vrbench up "$T/two.yaml" "$T/other.yaml"
is "  builds both" "$(vrbench list --json | jq -r 'map(.testbed) | unique | join(" ")')" "other two"
vrbench down two missing other >"$T/out" 2>"$T/err"
is "down with a name that does not exist is bad usage" $? 2
like "  which names it" "$(cat "$T/err")" 'missing'
is "  and removes the others" "$(cat "$T/out")" "two is down
other is down"
unchanged "nothing is left" "$T/before"
