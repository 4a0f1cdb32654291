#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# All commands at once: runs, testbeds that are brought up, changed and taken down, and commands that
# look, each again and again. A command on a name that no other uses never fails, whatever the others
# do; on a name that two use, it fails for that reason only. At the end the machine is as it was before.
# The suite races for 12 seconds, `make soak` for 150.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/soak.sh"
isolate --run "$@"
seconds=12
! soak_whole || seconds=150
plan 20

# The first cap of a boot needs a probe, which is refused while others measure.
soak_scenario probe
probe_caps() { vrbench up "$T/probe.yaml" && vrbench cpu probe/r1 --cap 40 && vrbench down probe; }
ok "the probe of caps is done beforehand" probe_caps
no_owner() { [ ! -e /run/vrbench ]; }
wait_for 60 no_owner

machine_snapshot "$T/before"
for name in run1 run2 up1 up2 shared; do soak_scenario "$name"; done
soak_scenario run2 "direct, bridged"

end=$(($(date +%s) + seconds))
goes_on() { [ "$(date +%s)" -lt "$end" ]; }
# one WORKER COMMAND... — one command; a failure is noted with its words, in $T/WORKER.failures.
one() {
    worker=$1
    shift
    one_status=0
    timeout 120 "$VRBENCH" "$@" >"$T/$worker.log" 2>&1 </dev/null || one_status=$?
    echo "$1" >>"$T/$worker.done"
    # 4: other programs disturbed most points.
    [ "$one_status" -eq 0 ] || [ "$one_status" -eq 4 ] || {
        printf 'status %s of: %s: ' "$one_status" "$*"
        tail -n 3 "$T/$worker.log" | tr '\n' ' '
        echo
    } >>"$T/$worker.failures"
}
again() { # WORKER COMMAND...
    while goes_on; do one "$@"; done
}
runs() { # NAME
    run_number=0
    while goes_on; do
        run_number=$((run_number + 1))
        one "$1" run "$T/$1.yaml" -o "$T/$1.out.$run_number"
        rm -rf "$T/$1.out.$run_number"
    done
}
lives() { # NAME
    while goes_on; do
        one "$1" up "$T/$1.yaml"
        one "$1" cpu "$1/r1" --weight 300 --cap 40
        one "$1" reboot "$1/r2"
        one "$1" destroy "$1/r1"
        one "$1" create "$1/r1"
        one "$1" console "$1/r1" -- true
        one "$1" down "$1"
    done
}
shares() { # WORKER — of the name that two use
    while goes_on; do
        one "$1" up "$T/shared.yaml"
        one "$1" cpu shared/r1 --weight 200
        one "$1" down shared
    done
}

workers=
for worker in "runs run1" "runs run2" "lives up1" "lives up2" "shares shared1" "shares shared2" \
    "again list1 list" "again list2 list --json" "again cpu cpu --json" \
    "again top top -b -n 1 -d 0.1" "again cleanup cleanup"; do
    # shellcheck disable=SC2086 # words
    $worker &
    workers="$workers $!"
done
# shellcheck disable=SC2086 # numbers
wait $workers

# Two that share a name can find it there already, gone, or going.
sed -i -E '/^status [12] of: (up|down|cpu) .*(already exists|none|no testbed|no router|is being|was (taken|removed))/d' \
    "$T"/shared?.failures 2>/dev/null
never_failed() { # WORKER
    done=$(wc -l <"$T/$1.done") || return 1
    echo "$done commands"
    [ ! -s "$T/$1.failures" ] || {
        echo "$(grep -c ^status "$T/$1.failures") of $done failed:"
        sed 's/[0-9]\{3,\}-[0-9]*/ID/g; s/out\.[0-9]*/out/' "$T/$1.failures" | sort | uniq -c | sort -rn | head -n 20
        return 1
    }
}
for worker in run1 run2 up1 up2 shared1 shared2 list1 list2 cpu top cleanup; do
    ok "$worker: no command failed" never_failed "$worker"
    diag "$(head -n 1 "$T/ok.log")"
done
down_or_none() {
    vrbench down "$1" >"$T/down.log" 2>&1 || grep -qE 'no testbed|none' "$T/down.log" || cat "$T/down.log"
}
is "what the race left of up1 is taken down" "$(down_or_none up1)" ""
is "  of up2" "$(down_or_none up2)" ""
is "  of shared" "$(down_or_none shared)" ""
ok "cleanup finds nothing that it can't remove" vrbench cleanup
is "nothing stands" "$(vrbench list --json)" "[]"
unchanged "the machine is as it was" "$T/before"
ok "and a testbed can be built" vrbench up "$T/up1.yaml"
ok "  and taken down" vrbench down up1
