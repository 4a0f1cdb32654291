# SPDX-License-Identifier: GPL-3.0-or-later
#
# The process that owns the testbeds that stand: started by the first command, one only, asleep while
# nothing happens, gone with its last testbed; what it does while it is busy, and when it is killed.
#
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 52

scenario_two netns "bridged"
machine_snapshot "$T/before"
owners() { pgrep --ns $$ --nslist mnt -x vrbench-owner | wc -l; }

is "nothing stands, and no owner is started to say so" "$(vrbench list; ls /run/vrbench 2>/dev/null)" \
    "no testbeds"

# An owner that can't start says why.
mkdir -p /run/vrbench/owner.sock/full
vrbench up "$T/two.yaml" 2>"$T/err"
is "an owner that can't start is a failure" $? 1
like "  with its reason" "$(cat "$T/err")" '^vrbench: starting the testbed owner: .*owner\.sock'
rm -r /run/vrbench/owner.sock

# Ten at once: one builds, nine are refused.
for number in 0 1 2 3 4 5 6 7 8 9; do
    (vrbench up "$T/two.yaml" >/dev/null 2>"$T/up.$number"; echo $? >"$T/status.$number") &
done
wait
is "ten ups of one name give one testbed" "$(sort "$T"/status.* | tr '\n' ' ')" \
    "0 1 1 1 1 1 1 1 1 1 "
is "  and the others are refused" "$(cat "$T"/up.* | sed 's/is being built/already exists/' | sort -u)" \
    "vrbench: testbed two already exists; vrbench down two removes it"
is "  with one record" "$(ls /run/vrbench/*.json | wc -l)" 1
is "  and one owner" "$(owners)" 1
vrbench owner 2>"$T/err"
is "a second owner ends" $? 1
like "  and says why" "$(cat "$T/err")" 'another process owns the testbeds'
ok "  the first takes requests" vrbench list

# It sleeps: not one system call in three seconds. The first readings may find its last thread ending.
calls() { timeout -k 5 -s INT "$1" strace -f -qq -p "$(owner)" 2>&1 | grep -cv 'resuming\|detached\|attached\|unfinished'; }
asleep() { [ "$(calls 3)" -le 1 ]; }
if command -v strace >/dev/null && strace -qq true 2>/dev/null; then
    ok "an idle owner makes no system call" wait_for 30 asleep
else
    skip "an idle owner makes no system call" "no strace here"
fi

# An owner that can start no thread says so, and goes on.
if command -v strace >/dev/null && strace -qq true 2>/dev/null; then
    strace -f -qq -o "$T/trace" -p "$(owner)" -e trace=clone3 -e inject=clone3:error=EAGAIN &
    tracer=$!
    is_traced() { ! grep -q '^TracerPid:.0$' "/proc/$(owner)/status"; }
    wait_for 20 is_traced
    vrbench reboot r1t3 2>"$T/err"
    is "without threads, a request is refused" "$? $(grep -c 'starting a thread' "$T/err")" "1 1"
    kill $tracer
    wait_for 20 fails is_traced
else
    skip "without threads, a request is refused" "no strace here"
fi
ok "  and the owner goes on" wait_for 20 vrbench reboot r1t3

# A listing does not wait for work on a testbed, and is whole while routers are rebooted.
ok "a router is rebooted while others list" vrbench reboot r1t3
for number in 1 2 3 4 5; do
    vrbench reboot r1t3 >/dev/null 2>"$T/err" || cp "$T/err" "$T/reboot.failed"
done &
rebooting=$!
listed=0
while alive "$rebooting"; do
    vrbench list --json >"$T/list" || cp "$T/list" "$T/list.failed"
    [ "$(jq length "$T/list")" = 3 ] || cp "$T/list" "$T/list.failed"
    listed=$((listed + 1))
done
wait "$rebooting"
ok "  none of these failed" fails ls "$T/reboot.failed" "$T/list.failed"
ok "  and there were some" [ "$listed" -ge 1 ]

# Killed at any moment: routers forward on, and the next command starts an owner that continues. Caps hold.
# The first cap needs a probe, which does not wait for a measuring process.
: >/run/vrbench.caps
flock -s /run/vrbench.caps sleep 300 &
measuring=$!
at_exit "kill $measuring"
locked() { ! flock -n -x /run/vrbench.caps true; }
wait_for 20 locked
timeout 60 "$VRBENCH" cpu r2t3 --cap 40 2>"$T/err"
is "the first cap is refused while another process measures" $? 1
like "  and why" "$(cat "$T/err")" 'another vrbench measures.*try again'
pkill -P $measuring
wait_for 20 fails locked
ok "a cap is set" vrbench cpu r2t3 --cap 40
cap_holds() { [ "$(vrbench cpu r2t3 --json | jq '.[0].cap_percent')" = 40 ]; }
"$VRBENCH" console source -- ping -i 0.01 -w 60 198.19.1.2 >"$T/ping" 2>&1 &
ping=$!
for what in "reboot r1t3" "destroy r1t3" "create r1t3" "cpu r1t3 --weight 300" "reboot r1t3" "list"; do
    # shellcheck disable=SC2086 # words
    vrbench $what >/dev/null 2>&1 &
    command=$!
    kill -KILL "$(owner)" 2>/dev/null
    wait "$command"
    ok "killed beside $what, the next owner lists three" \
        sh -c '[ "$("$VRBENCH" list --json | jq length)" = 3 ]'
done
ok "the cap is held on" cap_holds
[ "$(vrbench list --json | jq -r '.[] | select(.name == "r1t3") | .state')" = running ] ||
    vrbench create r1t3 >/dev/null
ok "the router that was worked on can be made again" reaches 0
end_inside "$ping" INT
# Those behind the last one that came back may have been under way.
missing() {
    awk '/ bytes from .*icmp_seq=/ { sub(/.*icmp_seq=/, ""); n = $1 + 0; count += !seen[n]++; if (n > most) most = n }
        END { if (count > 0) print most - count }' "$1"
}
is "the other router lost no packet" "$(missing "$T/ping")" 0
is "one owner" "$(owners)" 1

# A stop of the command ends what it asked for, with status 130; what stands stays.
sed 's/^name: two/name: stopped/' "$T/two.yaml" >"$T/stopped.yaml"
stopped=0
for delay in 0.01 0.02 0.03 0.05; do
    timeout -s INT "$delay" "$VRBENCH" up "$T/stopped.yaml" >/dev/null 2>"$T/err"
    status=$?
    if [ "$status" -eq 130 ] || [ "$status" -eq 124 ]; then
        stopped=$((stopped + 1))
    fi
    wait_for 60 sh -c '! grep -l "name: stopped" /run/vrbench/*.json >/dev/null 2>&1 ||
        "$VRBENCH" down stopped >/dev/null 2>&1'
done
ok "stopped ups leave nothing" fails grep -l 'name: stopped' /run/vrbench/*.json
ok "  and the testbed beside stands" reaches 1

# Who asks.
ok "a router is named with its testbed by another user" env SUDO_UID=4711 "$VRBENCH" reboot two/r1t3
SUDO_UID=4711 vrbench reboot r1t3 2>"$T/err"
is "  a bare name is refused" $? 2
like "  with the full one" "$(cat "$T/err")" 'another user.s testbed two; to use it, name it two/r1t3'
SUDO_UID=4711 vrbench console r1t3 -- true 2>"$T/err"
is "  and so is a bare name for a console" $? 2
like "  with the full one" "$(cat "$T/err")" "belongs to another user's testbed; to use it, name it two/r1t3"
ok "  by which it is entered" env SUDO_UID=4711 "$VRBENCH" console two/r1t3 -- true
printf '{"do": "explode"}\nnonsense\n' >"$T/bad"
ok "an unknown request is answered" sh -c '
    python3 "$SOURCE_ROOT/tests/net/ask.py" /run/vrbench/owner.sock <"$1" | grep -q "unknown request"' sh "$T/bad"
ok "  and harms nothing" vrbench list
is "  no other user may connect" "$(stat -c %a /run/vrbench/owner.sock)" 600

# A testbed whose record can't be used is reported if it is meant, or may be.
sed 's/^name: two/name: broken/' "$T/two.yaml" >"$T/broken.yaml"
ok "another testbed" vrbench up "$T/broken.yaml"
record=$(grep -l 'name: broken' /run/vrbench/*.json)
jq '.cgroups.root = "/none"' "$record" >"$T/damaged"
cp "$record" "$T/record"
kill -KILL "$(owner)"
cp "$T/damaged" "$record"
vrbench reboot broken/r1t3 2>"$T/err"
is "  that can't be taken over" "$? $(grep -c 'testbed broken: .*/none' "$T/err")" "1 1"
vrbench reboot r9 2>"$T/err"
is "  may have a router that no other one has" "$? $(grep -c 'testbed broken: ' "$T/err")" "1 1"
vrbench reboot two/r9 2>"$T/err"
is "  but not one of another testbed" "$? $(grep -c 'no router or node "two/r9"' "$T/err")" "2 1"
kill -KILL "$(owner)"
cp "$T/record" "$record"
ok "  and is used again with its record as it was" vrbench reboot broken/r1t3
ok "  and taken down" vrbench down broken

# A run at work is listed, and not touched.
sed 's/pps: \[[0-9]*\] }/pps: [1000] }, duration: 1 s/; s/^name: two/name: running/' "$T/two.yaml" \
    >"$T/running.yaml"
vrbench run "$T/running.yaml" -o "$T/run" >"$T/run.log" 2>&1 &
run=$!
runs() { vrbench list --json | jq -e 'map(select(.testbed == "running")) | length == 3' >/dev/null; }
ok "a run's testbed is listed" wait_for 60 runs
vrbench destroy running/r1t3 2>"$T/err"
is "  but not to be changed" $? 2
run_ends() { # 4: most of its points were disturbed
    wait "$run" || [ $? -eq 4 ]
}
ok "the run ends" run_ends

old=$(owner)
ok "down" vrbench down two
ok "the owner goes with its last testbed" wait_for 60 gone "$old"
unchanged "nothing is left" "$T/before"
