#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Ctrl-C at random moments while routers are built and removed, by run and by up: each command ends soon, with
# status 130, or with 0 if it was done by then, and leaves nothing. The suite does 20 stops, `make soak` 200.
#
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/soak.sh"
isolate --run "$@"
plan 7
stops=10 # of each command
! soak_whole || stops=100

scenario_many 8 bridged
sed -i 's/duration: 500 ms/duration: 20 ms/' "$T/many.yaml"
machine_snapshot "$T/before"

# command_NAME WRAPPER... — the command; clear_NAME removes what it leaves rightly.
command_run() { "$@" "$VRBENCH" run $run_checks "$T/many.yaml" -o "$T/out"; }
command_up() { "$@" "$VRBENCH" up "$T/many.yaml"; }
clear_run() { rm -rf "$T/out"; }
clear_up() { ! ls /run/vrbench/*.json >/dev/null 2>&1 || vrbench down many; }

nothing_stands() { ! ls /run/vrbench/*.json 2>/dev/null; }
# stop_at COMMAND MS — a stop after so many ms. It may take 30 s to end, on a busy machine.
stop_at() {
    stop_status=0
    "command_$1" timeout --preserve-status -s INT -k 30 "$(($2 / 1000)).$(printf '%03d' $(($2 % 1000)))" \
        >"$T/stopped" 2>&1 || stop_status=$?
    case $stop_status in
    0 | 4) "clear_$1" >/dev/null ;;
    130) rm -rf "$T/out" ;;
    *) return 1 ;;
    esac
    nothing_stands
}
# stop_often COMMAND — at random moments of the time that it takes.
stop_often() {
    began=$(date +%s%N)
    began_status=0
    "command_$1" env || began_status=$?
    case $began_status in
    0 | 4) ;; # 4: other programs disturbed the points
    *) return 1 ;;
    esac
    within=$(($(ms_since "$began") * 11 / 10))
    "clear_$1"
    interrupted=0
    number=0
    # The first command may have been slow: each one that was not interrupted says how long it takes now.
    while [ "$number" -lt "$stops" ] ||
        { [ "$interrupted" -lt $((stops / 3)) ] && [ "$number" -lt $((3 * stops)) ]; }; do
        number=$((number + 1))
        at=$(random "$within")
        began=$(date +%s%N)
        stop_at "$1" "$at" || {
            echo "stop $number, after $at ms: status $stop_status"
            cat "$T/stopped"
            return 1
        }
        took=$(ms_since "$began")
        if [ "$stop_status" -eq 130 ]; then
            interrupted=$((interrupted + 1))
        elif [ "$took" -lt "$within" ]; then
            within=$took
        fi
    done
    echo "$interrupted of $number were interrupted, within $within ms"
}
for command in run up; do
    ok "$stops stops of $command, or more" stop_often $command
    diag "$(tail -n 1 "$T/ok.log")"
    ok "  of which most came before it was done" test "$interrupted" -ge $((stops / 3))
    unchanged "  nothing is left of it" "$T/before"
done
ok "cleanup finds nothing" sh -c '"$VRBENCH" cleanup 2>&1 | grep -q "nothing"'
