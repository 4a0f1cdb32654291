#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers that are virtual machines, left standing: up, list, console, weight and cap, reboot,
# destroy and create; a kernel that panics, a machine destroyed behind our back, a libvirtd that is
# restarted or away; and down to nothing. By emulation where there is no KVM.
#
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/lent.sh"
. "$SOURCE_ROOT/tests/net/lib/setups.sh"
router_image
isolate --run "$@"
plan 74

own_libvirtd
scenario_two "$uri" bridged
sed -i 's|r1t3: {|& sysctl: { net.ipv4.ip_default_ttl: 77 }, files: { /etc/vrbench-lab/a.txt: a.txt }, run: ["ip route add 203.0.113.0/24 dev eth1", "'"$setup_run"'"],|' "$T/two.yaml"
setup_add
echo "of the lab, not empty" >"$T/a.txt"
# has_startup — whether r1t3 has what its scenario sets whenever it starts.
has_startup() {
    vrbench console r1t3 -- sh -c 'cat /proc/sys/net/ipv4/ip_default_ttl /etc/vrbench-lab/a.txt; ip route' >"$T/startup" 2>&1
    grep -qx 77 "$T/startup" && grep -q '^203.0.113.0/24 dev eth1' "$T/startup" && grep -qx "of the lab, not empty" "$T/startup"
}
# domain ROUTER — its machine's name. parameter ROUTER NAME — what virsh says of its scheduler.
domain() { recorded "$1" domain; }
parameter() { virsh -c "$uri" schedinfo "$(domain "$1")" | awk -v name="$2" '$1 == name { print $3 }'; }
# process ROUTER — that of its machine.
process() { recorded "$1" pid; }

# A stranger's machine, which nothing of this may touch.
cat >"$T/stranger.xml" <<END
<domain type='qemu'><name>vrbench-1-0-stranger</name><memory unit='MiB'>16</memory>
<os><type arch='x86_64'>hvm</type></os></domain>
END
virsh -c "$uri" create --paused "$T/stranger.xml" >/dev/null

machine_snapshot "$T/before"
umask 077 # which the owner of the testbeds has, too
ok "two machines: up" vrbench up "$T/two.yaml"
umask 022
is "  QEMU's user reaches their files" "$(stat -c %a /run/vrbench/*.machines)" 711
is "  they and the host are listed" \
    "$(vrbench list --json | jq -r 'map(.name + " " + .state) | join(", ")')" \
    "host running, r1t3 running, r2t3 running"
is "  with weight" "$(field r1t3 weight)" 512
ok "  and memory: that of the process" between "$(field r1t3 memory_bytes)" 90000000 1000000000
is "  libvirt has them" "$(machines | grep -c "r[12]t3")" 2
ok "  the networks carry packets" wait_for 60 reaches 0
ok "  both" wait_for 60 reaches 1
ok "  every packet is accounted for through both machines and impaired cables" setup_conserves
is "nothing is left in the caller's namespace" "$(ip -o link | wc -l)" 1
cpu=$(jq -r '.usable | last' /run/vrbench/*.json)
is "all of a machine's threads run on the CPU of the device under test" \
    "$(cat /proc/"$(process r1t3)"/task/*/status | awk '/^Cpus_allowed_list/ { print $2 }' | sort -u)" \
    "$cpu"

is "a command runs in the guest" "$(vrbench console r1t3 -- hostname)" r1t3
ok "  which has its settings and routes" has_startup
vrbench console r1t3 -- sh -c 'exit 7'
is "  and its exit status comes back" $? 7
is "without a terminal a shell reads a script" "$(echo 'hostname; exit 5' | vrbench console r2t3)" \
    r2t3
echo 'exit 5' | vrbench console r2t3
is "  and its exit status comes back" $? 5
vrbench console r1t3 -- echo "" b 2>"$T/err"
is "an empty word, which the guest cannot take, is refused" "$? $(grep -c 'word 2 .* is empty' "$T/err")" "2 1"
# shellcheck disable=SC2046 # that many words
vrbench console r1t3 -- echo $(seq 1024) 2>"$T/err"
is "  and so are too many words" "$? $(grep -c 'at most 1024' "$T/err")" "2 1"
# computes — whether the machine of r1t3 takes a tenth of a CPU.
computes() {
    computes_was=$(awk '{ print $14 + $15 }' /proc/"$(process r1t3)"/stat)
    sleep 0.5
    [ "$(($(awk '{ print $14 + $15 }' /proc/"$(process r1t3)"/stat) - computes_was))" -ge 5 ]
}
rests() { ! computes; }
ok "a machine without a command rests" wait_for 30 rests
"$VRBENCH" console r1t3 -- sh -c 'while :; do :; done' 2>"$T/err" &
command_pid=$!
wait_for 30 computes || diag "the command does not run"
kill -INT "$command_pid"
wait "$command_pid"
is "a command that the user interrupts ends in the guest, too" "$? $(wait_for 30 rests && echo rests)" "130 rests"
# types — says a line to the serial console until it is answered; Ctrl-] leaves it.
types() {
    mkfifo "$T/keys"
    script -qec "$VRBENCH console r1t3" /dev/null <"$T/keys" >"$T/screen" 2>&1 &
    types_screen=$!
    exec 6>"$T/keys"
    for try in $(seq 30); do
        (printf '\recho a-word-$((6*7))\r' >&6) || break # a pipe without a reader ends its writer
        if wait_for 2 grep -a a-word-42 "$T/screen"; then break; fi
    done
    (printf '\035' >&6)
    exec 6>&-
    wait "$types_screen"
    cat "$T/screen"
    grep -qa a-word-42 "$T/screen"
}
ok "with a terminal the serial console answers" types

is "weight is libvirt's" "$(parameter r1t3 cpu_shares)" "$((2 * $(parameter r2t3 cpu_shares)))"
ok "weight and cap are set" vrbench cpu r2t3 --weight 1024 --cap 40
is "  and are libvirt's" \
    "$(parameter r2t3 cpu_shares) $(parameter r2t3 global_quota) $(parameter r2t3 global_period)" \
    "$((2 * $(parameter r1t3 cpu_shares))) 4000 10000"
is "  read back" "$(vrbench cpu two/r2t3 --json | jq -r '.[0] | "\(.weight) \(.cap_percent) \(.cap_held_by)"')" \
    "1024 40 quota"
vrbench cpu r2t3 --cap 101 2>/dev/null
is "a cap beyond the CPUs is refused" $? 2
ok "the cap is taken off" vrbench cpu r2t3 --cap 0
like "  of libvirt's too" "$(parameter r2t3 global_quota)" '^(-1|18446744073709551|17592186044415)'

# --- lent ----------------------------------------------------------------------------------------

sed 's/ rates:.*/ rates: { pps: [100, 200, 300, 400] }, duration: 500 ms }/' "$T/two.yaml" >"$T/four.yaml"
vrbench cpu r2t3 --weight 256 >"$T/cpu.out"
testbed_state "$T/stands" two r1t3 r2t3
ok "the testbed is measured" measured --on two "$T/four.yaml" --quick -o "$T/lent"
ok "  every sum holds" points_sane "$T/lent"
ok "  packets come through, and machines have their parts" jq -es 'length > 0 and all(
    ([.networks[] | select(.name != "NET2")] | all(.rx > 0.5 * .tx)) and (.cpu | map(select(.name == "r2t3"))[0].parts |
        map(.name) == ["vcpu0", "emulator"]))' "$T/lent/points.jsonl"
ok "a load is sent by hand" vrbench send NET1 --pps 200 -t 0.4 -i 0.2 --engine packet
is "  every packet is accounted for" \
    "$(awk '$1 == "Total" { print ($2 > 0), ($2 == $3 + $4) }' "$T/ok.log")" "1 1"
ok "  and the testbed is as it was" is_as_before two r1t3 r2t3
ok "a run" borrow two "$T/four.yaml" --no-stability-check -o "$T/died"
died_points() { has_points "$T/died" 1; }
ok "  whose machine dies" wait_for 60 died_points
kill -KILL "$(process r1t3)"
end_run
is "  goes on" "$run_status $(points "$T/died")" "0 4" || cat "$T/run.err"
ok "  after the machine's restart" jq -es '[.[-1].networks[] | select(.name != "NET2")] | all(.rx > 0)' "$T/died/points.jsonl"
testbed_state "$T/stands" two r1t3 r2t3
ok "a run that is killed" borrow two "$T/four.yaml" --no-stability-check -o "$T/robbed"
kill -KILL "$run_pid"
end_run
ok "  gives the testbed back" wait_for 60 vrbench cpu r1t3 --weight 512
ok "  as it was" wait_for 60 is_as_before two r1t3 r2t3

# --- control -------------------------------------------------------------------------------------
# Of the only testbed that stands: a run that was killed may have left files of another name.
set -- /run/vrbench/*-*.json
testbed=${1%.json}
cat >"$T/k.yaml" <<END
name: k
contracts:
  NET0: { rate: 2000, length: 64, loss: 1 % }
  NET1: { rate: 100, length: 64, loss: 1 % }
END
# More than a machine forwards: its tap's queue overflows. The other network sends little.
nsenter --net="$testbed/ns-source" "$(helper blast)" 198.19.1.2 9 60000 &
flooder=$!
nsenter --net="$testbed/ns-source" "$(helper blast)" 198.19.0.2 9 1000 &
sender=$!
at_exit "kill $flooder $sender"
# row NETWORK — its row of the controller's last table.
row() { jq -c --arg network "$1" '.[] | select(.network == $network)' "$T/rows.json"; }
loses_at_tap() {
    "$VRBENCH" control "$T/k.yaml" --advise -d 1 --json >"$T/rows.json" && row NET1 | jq -e '.loss_percent > 5'
}
ok "a controller observes losses at a tap" wait_for 60 loses_at_tap
is "  and changes nothing as an adviser" "$(parameter r1t3 cpu_shares)" "$((4 * 512))"
controls() {
    "$VRBENCH" control "$T/k.yaml" -d 1 --json >"$T/rows.json" &&
        [ "$(parameter r1t3 cpu_shares)" -gt $((4 * $(parameter r2t3 cpu_shares))) ]
}
ok "  it moves libvirt's shares to the greater contract" wait_for 60 controls
# The host counts for a controller: a guest that does not answer does not delay it.
stopped=$(process r2t3)
at_exit "kill -CONT $stopped"
kill -STOP "$stopped"
in_time() {
    rm -f "$T/late"
    "$VRBENCH" control "$T/k.yaml" --advise -d 1.5 --json --audit "$T/late" >"$T/rows.json" && ! grep 'come late' "$T/late"
}
ok "  its readings wait for no guest" wait_for 60 in_time
kill -CONT "$stopped"
kill "$flooder" "$sender"
for router in host r2t3; do vrbench cpu $router --weight 256 >/dev/null; done
ok "  which can be set again" vrbench cpu r1t3 --weight 512

# --- lives ---------------------------------------------------------------------------------------
old=$(field r1t3 id)
vrbench reboot r1t3 --json >"$T/rebooted"
is "r1t3 is rebooted" $? 0
ok "  its outage is reported" jq -e '.outage_ms > 0' "$T/rebooted"
ok "  it has a new id" more_than r1t3 id "$old"
ok "  and forwards" wait_for 60 reaches 0
is "  with its weight" "$(parameter r1t3 cpu_shares)" 2048
ok "  with its settings and routes" has_startup
ok "  every packet is accounted for again" setup_conserves

restarts=$(field r1t3 restarts)
(sleep 1; vrbench console r1t3 -- sh -c 'echo c >/proc/sysrq-trigger') >/dev/null 2>&1 &
ok "its kernel panics: it is restarted" wait_for 120 more_than r1t3 restarts "$restarts"
ok "  and forwards" wait_for 60 reaches 0
ok "  with its settings and routes" wait_for 60 has_startup
ok "  every packet is accounted for again" setup_conserves
virsh -c "$uri" destroy "$(domain r2t3)" >/dev/null
ok "r2t3, destroyed behind our back, is cleared away, as it was to be" \
    wait_for 60 field_is r2t3 state crashed
ok "  its network is cut off" cut_off 1
ok "  the other is not" reaches 0
ok "it is created again" vrbench create r2t3
ok "  and forwards" wait_for 60 reaches 1
ok "  every packet is accounted for again" setup_conserves

# --- libvirtd ------------------------------------------------------------------------------------
libvirtd_again
ok "libvirtd restarted: the machines are there" reaches 0
is "  and listed" "$(field r1t3 state)" running
ok "  a weight can be set" vrbench cpu r1t3 --weight 256
ok "  a router is destroyed" vrbench destroy r2t3
is "  in libvirt, too" "$(machines | grep -c r2t3)" 0
ok "the owner lives on" alive "$(owner)"
restarts=$(field r1t3 restarts)
kill -KILL "$(process r1t3)"
ok "  and restarts r1t3, killed" wait_for 120 more_than r1t3 restarts "$restarts"
ok "  which forwards" wait_for 60 reaches 0

ok "down" vrbench down two
is "  the stranger's machine is untouched" "$(machines)" vrbench-1-0-stranger
virsh -c "$uri" destroy vrbench-1-0-stranger >/dev/null
unchanged "  and nothing is left" "$T/before"
