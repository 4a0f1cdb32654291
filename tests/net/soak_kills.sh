#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every command is killed at a random moment of its work, and so are the process that holds a testbed and
# those that run in it. After each kill the testbed is taken down, by whatever is left of it, and cleanup
# removes the rest: nothing of it may be left, and another testbed that stands all the while forwards on.
# The suite does 2 kills of a kind, `make soak` 30. With arguments, these kinds only.
#
# Runs beside others: its packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/soak.sh"
isolate --run "$@"

[ $# -gt 0 ] || set -- run up down create destroy reboot cpu list top cleanup owner child
plan $(($# + 2))
kills=2
! soak_whole || kills=30

soak_scenario near bridged
ok "a testbed that stands" vrbench up "$T/near.yaml"
near_forwards() {
    vrbench console near/source -- ping -q -c 2 -i 0.01 -W 5 198.19.0.2 &&
        vrbench console near/source -- ping -q -c 2 -i 0.01 -W 5 198.19.1.2
}
wait_for 20 near_forwards
soak_state "$T/baseline"

# processes — of vrbench under this /run, but not near's: number and name.
processes() {
    for comm in /proc/[0-9]*/comm; do
        read -r name 2>/dev/null <"$comm" || continue
        case $name in
        vrbench*) stranger "${comm%/comm}" || echo "$(basename "${comm%/comm}") $name" ;;
        esac
    done 2>/dev/null | LC_ALL=C sort
}
# owner_of NAME — the process that holds the testbed of that name.
owner_of() {
    # By the name of its thread: the command line of a router's first process is that of the owner that made it.
    owner=$(pgrep --ns $$ --nslist mnt -x vrbench-owner | head -n 1)
    [ -n "$owner" ] || owner=$(jq -r --arg name "$1" \
        'select((.text // "") | startswith("name: \($name)\n")) | .maker[0]' /run/vrbench/*.json)
    echo "$owner"
}
# command KIND NAME — its words.
command_of() {
    case $1 in
    run) echo "run $run_checks $T/$2.yaml -o $T/$2.out" ;;
    up) echo "up $T/$2.yaml" ;;
    down) echo "down $2" ;;
    create | destroy | reboot) echo "$1 $2/r1" ;;
    cpu) echo "cpu $2/r1 --weight 300 --cap 40" ;;
    list) echo "list --json" ;;
    top) echo "top -b -n 2 -d 0.1" ;;
    cleanup) echo "cleanup" ;;
    owner | child) echo "reboot $2/r1" ;;
    esac
}
# prepare KIND NAME — what the command works on.
prepare() {
    soak_scenario "$2"
    case $1 in
    run | up) ;;
    cleanup) # has something to do only after a death
        # shellcheck disable=SC2086 # no word, or one
        "$VRBENCH" run $run_checks "$T/$2.yaml" -o "$T/$2.out" >/dev/null 2>&1 &
        prepared=$!
        sleep "0.$(printf '%03d' "$(random 400)")"
        kill -KILL $prepared
        { wait $prepared; } 2>/dev/null
        ;;
    *) vrbench up "$T/$2.yaml" || return 1 ;;
    esac
    [ "$1" != create ] || vrbench destroy "$2/r1"
}
# How long a command takes on this machine, ms: the first of its kind is let live. Those after it are
# killed within a little more.
takes() {
    prepare "$1" "$2" >/dev/null 2>&1 || return 1
    began=$(date +%s%N)
    takes_status=0
    # shellcheck disable=SC2046 # words
    vrbench $(command_of "$1" "$2") >"$T/command.log" 2>&1 || takes_status=$?
    # 4: other programs disturbed most points.
    [ "$takes_status" -eq 0 ] || [ "$takes_status" -eq 4 ] || return 1
    within=$(($(ms_since "$began") * 11 / 10 + 1))
}
# strike KIND NAME — begins the command, and kills what is to be killed at a random moment.
strike() {
    processes >"$T/processes.before"
    # shellcheck disable=SC2046 # words
    "$VRBENCH" $(command_of "$1" "$2") >"$T/command.log" 2>&1 &
    command=$!
    at=$(random "$within")
    sleep "$((at / 1000)).$(printf '%03d' $((at % 1000)))"
    case $1 in
    owner) victim=$(owner_of "$2") ;;
    child) # of what came with the command or stands in the testbed, not near's
        victim=$(processes | LC_ALL=C sort - "$T/near.processes" | uniq -u | grep -v "^$command " |
            shuf -n 1 | cut -d' ' -f1)
        ;;
    *) victim=$command ;;
    esac
    [ -z "$victim" ] || kill -KILL "$victim"
    { wait $command; } 2>/dev/null
}
# taken_down NAME — down may find none; cleanup must succeed; nothing is left then.
taken_down() {
    down_status=0
    vrbench down "$1" >"$T/down.log" 2>&1 || down_status=$?
    [ "$down_status" -eq 0 ] || grep -qE 'none|no testbed' "$T/down.log" || {
        echo "down: status $down_status: $(cat "$T/down.log")"
        return 1
    }
    vrbench cleanup >"$T/cleanup.log" 2>&1 || {
        echo "cleanup: status $?: $(cat "$T/cleanup.log")"
        return 1
    }
    soak_is "$T/baseline"
}
# removes NAME — again for some time: what a killed command had ordered may still be carried out, and the
# kernel takes namespaces down in its own time.
removes() {
    wait_step=0.2
    removed=0
    wait_for 20 taken_down "$1" || removed=$?
    wait_step=0.02
    return "$removed"
}

# survive KIND — all kills of a kind.
number=0
survive() {
    within=
    struck=0
    while [ "$struck" -le "$kills" ]; do
        number=$((number + 1))
        name=t$number
        if [ "$struck" -eq 0 ]; then
            takes "$1" "$name" || {
                echo "$1 fails without any kill:"
                cat "$T/command.log"
                return 1
            }
        else
            prepare "$1" "$name" || return 1
            strike "$1" "$name" 2>/dev/null
        fi
        removes "$name" || {
            echo "after kill $struck of $1, ${at:-0} ms after its beginning"
            return 1
        }
        near_forwards >"$T/near.log" 2>&1 || {
            cat "$T/near.log"
            echo "the other testbed does not forward after kill $struck of $1, at $at ms"
            return 1
        }
        struck=$((struck + 1))
    done
}

processes >"$T/near.processes"
for kind; do
    ok "$kills kills of: $kind" survive "$kind" || {
        # What can't be removed must not fail all that follow: they are judged by themselves.
        vrbench cleanup --all >/dev/null 2>&1 || vrbench cleanup >/dev/null 2>&1
        vrbench list --json 2>/dev/null | jq -e 'any(.testbed == "near")' >/dev/null ||
            vrbench up "$T/near.yaml" >/dev/null 2>&1
        soak_state "$T/baseline"
        processes >"$T/near.processes"
    }
    soak_is "$T/baseline" || soak_state "$T/baseline"
done
ok "the other testbed is taken down" vrbench down near
