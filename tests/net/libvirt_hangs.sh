# SPDX-License-Identifier: GPL-3.0-or-later
#
# A hypervisor that does not answer, and a guest that doesn't: the figures of its testbed grow old, and say
# so; orders and figures of other testbeds go on at once, and orders for the same testbed don't wait for
# the reading of its figures. Before that: environment variables are those of the command that orders.
#
# Runs beside others: nothing is measured.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
own_libvirtd
plan 29

scenario_capped vm "$uri" bridged
scenario_two netns bridged
machine_snapshot "$T/before"
sed 's/^name: .*/name: without/' "$T/vm.yaml" >"$T/without.yaml"
ok "a testbed stands, ordered without an image" env VRBENCH_IMAGE=/nowhere "$VRBENCH" up "$T/two.yaml"
ok "  and a machine, ordered with one" vrbench up "$T/vm.yaml"
(cd "$T" && VRBENCH_IMAGE=nowhere "$VRBENCH" up without.yaml 2>"$T/err")
is "  another machine is refused without one" $? 3
like "  which is looked for where the command was given" "$(cat "$T/err")" "$T/nowhere"
# The machine's router has the name of one of the other testbed's.
vm() { vrbench list --json | jq -r --arg key "$1" '.[] | select(.testbed == "vm" and .name == "r1t3") | .[$key]'; }
is "its figures are read" "$(vm state)" running
# Of a command that would wait for what hangs, a minute and more.
within() {
    within_began=$(date +%s%N)
    within_limit=$1
    shift
    "$@" || return 1
    echo "$(ms_since "$within_began") ms"
    [ "$(ms_since "$within_began")" -lt "$within_limit" ]
}
warns_of_age() {
    vrbench list 2>&1 >/dev/null | grep -E 'testbed vm: figures (are [0-9.]* s old|have not been read yet)'
}
fresh() { ! warns_of_age; }

# --- libvirtd ------------------------------------------------------------------------------------

ok "figures of the machine have been read" wait_for 60 fresh
daemon=$(cat "$lv/pid")
at_exit "kill -CONT $daemon"
kill -STOP "$daemon"
ok "libvirtd is stopped: all testbeds are listed" within 10000 vrbench list
ok "  the figures of its testbed get an age" wait_for 20 warns_of_age
like "  which is its last reading's" "$(cat "$T/wait.log")" 'figures are [0-9.]+ s old'
is "  it is listed as it was" "$(vm state)" running
ok "  a listing does not wait for it once more" within 900 vrbench list --json
ok "  an order for another testbed" within 10000 vrbench cpu two/r1t3 --weight 300
ok "    and a reboot there" within 10000 vrbench reboot two/r1t3
ok "    whose figures are fresh" within 10000 field_is r2t3 state running
# Who needs it waits until it counts as hung, all at the same time.
# ordered NAME COMMAND... — in the background: its words in $T/NAME.said, its status and the ms that it took in
# $T/NAME.end.
ordered() {
    order=$1
    shift
    (
        began=$(date +%s%N) order_status=0
        "$@" >"$T/$order.said" 2>&1 || order_status=$?
        echo "$order_status $(ms_since "$began")" >"$T/$order.end"
    ) &
    orders="${orders-} $!"
}
# answered NAME LIMIT STATUS — it was, within LIMIT ms, with that status.
answered() {
    read -r order_status order_ms <"$T/$1.end"
    echo "status $order_status after $order_ms ms: $(cat "$T/$1.said")"
    [ "$order_status" -eq "$3" ] && [ "$order_ms" -lt "$2" ]
}
ordered reboot vrbench reboot vm/r1t3
ordered list vrbench list --platform "$uri"
ordered up vrbench up "$T/without.yaml"
# shellcheck disable=SC2086 # a list of processes
wait $orders
# Its first call takes 20 s, and opening the connection again; its further calls know that it hangs.
ok "  a reboot that needs it is answered" answered reboot 75000 3
like "    by what restarts it" "$(cat "$T/reboot.said")" 'has not answered for [2-9][0-9] s: restart it'
ok "  so is a listing of its foreign machines" answered list 60000 3
ok "  and a testbed to be built with it" answered up 60000 3
kill -CONT "$daemon"
ok "  once it continues, figures are fresh again" wait_for 30 fresh
ok "  and the router, of which nothing could be ended or made, is made again" vrbench create vm/r1t3

# --- a guest -------------------------------------------------------------------------------------

qemu=$(recorded r1t3 pid | grep -v null)
at_exit "kill -CONT $qemu"
kill -STOP "$qemu"
ok "a guest is stopped: all testbeds are listed" within 10000 vrbench list
ok "  its figures get an age" wait_for 20 warns_of_age
ok "  its weight is set at once" within 20000 vrbench cpu vm/r1t3 --weight 300
is "    and is what was asked for" "$(vrbench cpu vm/r1t3 --json | jq '.[0].weight')" 300
kill -CONT "$qemu"
ok "  once it continues, figures are fresh again" wait_for 30 fresh
kill -STOP "$qemu"
vrbench list >/dev/null 2>&1
ok "a guest that is stopped is taken down" within 50000 vrbench down vm
ok "  the testbed beside it forwards" reaches 0
ok "  and is taken down" vrbench down two
unchanged "nothing is left" "$T/before"
