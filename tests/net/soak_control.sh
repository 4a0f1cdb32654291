#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A controller and the owner of its testbed are killed at random moments. After each kill the shares in force
# are whole: those of a controller or of the static plan, never some of one and some of another; the testbed
# forwards, and control goes on or can be taken again. Then both are late or silent, a contract changes, and a
# load is steady, during which control does nothing. The suite does 4 kills and 5 s of steady load, `make soak`
# 60 kills and 10 minutes.
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/soak.sh"
isolate --run "$@"
kills=4 steady=5
! soak_whole || kills=60 steady=600
plan $((kills + 16))

soak_scenario c
# contracts RATE RATE — of NET0 and NET1. They allow what stalls of the machine lose.
contracts() {
    cat >"$T/new.yaml" <<END2
name: k
contracts:
  NET0: { rate: $1, length: 64, loss: 30 % }
  NET1: { rate: $2, length: 64, loss: 30 % }
END2
    mv "$T/new.yaml" "$T/k.yaml"
}
contracts 12000 3000
machine_snapshot "$T/before"
ok "a testbed stands" vrbench up "$T/c.yaml"
testbed_up dedicated
for network in 0 1; do
    nsenter --net="$testbed/ns-source" "$(helper blast)" 198.19.$network.2 9 2000 &
    blasters="${blasters-} $!"
    at_exit "kill $!"
done

# control ARG... — a controller in the background, $controller, with the output $T/control.out.
control() {
    : >"$T/audit"
    "$VRBENCH" control "$T/k.yaml" --audit "$T/audit" "$@" >"$T/control.out" 2>&1 &
    controller=$!
    at_exit "kill -KILL $controller"
}
kill_control() { { kill "-$1" "$controller" && wait "$controller"; } 2>/dev/null; }
has_line() { grep -q "$1" "$2"; }
controls() { has_line 'controlling testbed' "$T/audit"; }
# Controllers and plans set weights whose sum is 10000, apart from changes that are too small for an action, of a tenth
# of a share. Most mixtures of weights of one and of another have other sums. `up` set three of 256.
sum_of_weights() { vrbench list --json | jq '[.[] | select(.testbed == "c") | .weight] | add'; }
shares_are_whole() { between "$(sum_of_weights)" 9000 11000 || [ "$sum_was" = "$(sum_of_weights)" ]; }
forwards() {
    vrbench console c/source -- ping -q -c 1 -W 2 198.19.0.2 && vrbench console c/source -- ping -q -c 1 -W 2 198.19.1.2
}
pause() { sleep "0.$(printf '%03d' "$(random 900)")"; }

# --- kills ----------------------------------------------------------------------------------------
# A policy whose shares differ from those in force, so that kills hit actions.
policy=static
other_policy() { if [ $policy = static ]; then policy=contract; else policy=static; fi; }
goes_on() { has_line 'another testbed owner runs; control goes on' "$T/audit"; }
# Before it has control, a controller whose owner is killed may end; one that has not connected yet starts another
# owner without a word.
had_control=true
goes_on_somehow() { goes_on || { ! $had_control && { controls || ! alive "$controller"; }; }; }
survives_kill() { # NUMBER
    sum_was=$(sum_of_weights)
    other_policy
    control --policy $policy
    pause
    if [ $(($1 % 2)) -eq 1 ]; then
        kill_control KILL
    else
        had_control=true
        controls || had_control=false
        kill -KILL "$(owner)"
        wait_for 30 goes_on_somehow || return 1
    fi
    sum_was=768
    wait_for 30 shares_are_whole && wait_for 30 forwards || return 1
    [ $(($1 % 2)) -eq 1 ] || kill_control INT
    # Another one is not refused.
    control --policy $policy
    wait_for 30 controls && kill_control INT
    wait_for 30 shares_are_whole
}
kill_number=0
while [ $kill_number -lt $kills ]; do
    kill_number=$((kill_number + 1))
    ok "kill $kill_number" survives_kill $kill_number ||
        { vrbench list; tail -n 5 "$T/audit" /run/vrbench/owner.log; kill_control KILL; } 2>&1 | sed 's/^/# /'
done

# --- silence --------------------------------------------------------------------------------------
control
ok "control" wait_for 30 controls
has_plan() { [ "$(sum_of_weights)" -gt 9000 ] && wait_for 1 has_line '"action":"set"' "$T/audit"; }
wait_for 20 has_plan || :
kill -STOP "$(owner)"
sleep 0.8 # the time by which readings are late
kill -CONT "$(owner)"
ok "readings that are late are reported" wait_for 20 has_line 'readings come late' "$T/audit"
ok "  and survived" alive "$controller"
kill -STOP "$controller"
ok "a controller that is silent" wait_for 30 has_line "(process $controller) does not answer" /run/vrbench/owner.log
kill -CONT "$controller"
ok "  takes control again" wait_for 30 has_line 'had withdrawn control; taking it again' "$T/audit"
ok "  and goes on" wait_for 30 shares_are_whole

# --- a contract that changes ----------------------------------------------------------------------
first_is_greater() { [ "$(field r1 weight)" -gt "$(field r2 weight)" ]; }
second_is_greater() { ! first_is_greater; }
ok "the greater contract has the greater share" wait_for 20 first_is_greater
contracts 3000 12000
ok "  once it changes," wait_for 20 has_line 'its contracts are in force' "$T/audit"
ok "  the other one has" wait_for 20 second_is_greater
kill_control INT
ok "the shares stay once it ends" second_is_greater

# --- a steady load --------------------------------------------------------------------------------
ok "control settles" vrbench control "$T/k.yaml" -d 2
ended() { ! alive "$controller"; }
# Where the machine held up the controller or the load, control may act: then the load is controlled once more.
for try in 1 2 3; do
    began=$(date +%s)
    control -d "$steady"
    controlled=true
    { wait_for 30 controls && wait_for $((steady + 30)) ended; } || controlled=false
    actions=$(jq -r 'select(.action) | .time | fromdateiso8601' "$T/audit" | awk -v from=$((began + 2)) '$1 > from' | wc -l)
    [ "$actions" -gt 0 ] && has_line 'readings come late' "$T/audit" || break
    diag "try $try of 3: $actions actions beside late readings"
done
ok "a steady load is controlled for $steady s" $controlled
is "  without an action" "$actions" 0 || sed 's/^/# /' "$T/audit"

# shellcheck disable=SC2086 # several
kill $blasters
ok "the testbed goes down" vrbench down c
unchanged "  to nothing" "$T/before"
