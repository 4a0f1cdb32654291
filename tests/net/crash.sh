# SPDX-License-Identifier: GPL-3.0-or-later
#
# The program is killed at random moments while it builds, measures and takes down, and cleanup is
# killed at its work, too. What cleanup leaves then is the machine as it was before, lent interfaces
# in their place. Runs that live are not touched.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 19

KILLS=12 # at least, in each of the three stages
! sanitized || KILLS=5

make_links() {
    for made in a0 lan; do ip link del dev "$made" 2>/dev/null; done
    ip link add name a0 index 1001 type veth peer name a1 index 1002
    ip link add name lan index 1003 address 02:11:22:33:44:66 type bridge
    ip link set dev lan up
    ip link set dev a0 address 02:11:22:33:44:55 mtu 1600 master lan up
    ip link set dev a1 address 02:11:22:33:44:57 up
    ip address add 192.0.2.1/24 dev a1
}
settled() { # all of it up, and its IPv6 addresses no longer tentative
    [ "$(ip -o link show up | grep -c 'state UP')" -eq 3 ] && [ -z "$(ip -o address show tentative)" ]
}
make_links
wait_for 60 settled

scenario() { # FILE TOPOLOGY LINKS
    cat >"$1" <<END
name: short
topologies: [$2]
routers: { r1t3: {}, r2t3: {} }
networks: { NET0: { router: r1t3 }, NET1: { router: r2t3 } }
$3
traffic: { lengths: [64], rates: { pps: [400] }, duration: 10 ms }
END
}
scenario "$T/0.yaml" bridged ""
scenario "$T/1.yaml" dedicated ""
scenario "$T/2.yaml" bridged "links: { NET0: { source: a0, ingress: a1 } }"
scenario "$T/3.yaml" dedicated "links: { NET1: { egress: a1, sink: a0 } }"
machine_snapshot "$T/before"

# random LIMIT — 0 to LIMIT - 1.
random() { echo $(($(od -An -N4 -tu4 /dev/urandom) % $1)); }
pause() { sleep "0.$(printf '%03d' "$(random "$1")")"; } # less than so many ms

exists() { # PATTERN… — true if the first of the paths that a pattern stands for is there
    [ -e "$1" ]
}
# Waits without rest, as a stage lasts but some milliseconds.
await() {
    await_end=$(($(date +%s) + 60))
    until "$@"; do
        kill -0 "$run_pid" 2>/dev/null && [ "$(date +%s)" -lt $await_end ] || return 0
    done
}
building() { exists /run/vrbench/*.lock; }
built() { exists /run/vrbench/*/ns-r2t3; }
has_measured() { [ -s "$folder/points.jsonl" ]; }

# find_pin PID NAME — true if a testbed of that process has that pin.
find_pin() { ls /run/vrbench/"$1"-*/"$2"; }

# crash STAGE — kills a run there and counts it in $killed if it had not ended before; cleans up.
crash() {
    number=$((number + 1))
    folder=$T/run-$number
    start_run "$T/$((number % 4)).yaml" -o "$folder"
    case $1 in
    building) await building && pause 30 ;;
    measuring) await built && pause 400 ;;
    ending) await has_measured && pause 40 ;;
    esac
    kill -KILL "$run_pid" 2>/dev/null
    end_run
    [ "$run_status" -ne 137 ] || killed=$((killed + 1))
    if ! "$VRBENCH" cleanup >"$T/cleanup.log" 2>&1; then
        diag "$1, run $number: cleanup failed: $(cat "$T/cleanup.log")"
        broken=$((broken + 1))
    fi
    restored "$1, run $number"
}
restored() { # WHERE
    wait_for 60 machine_is "$T/before" || {
        diag "$1: the machine is not as it was:"
        diff "$T/snapshot.was" "$T/snapshot.now" | sed 's/^/#   /'
        broken=$((broken + 1))
        make_links # the next ones are not to suffer for it
    }
}

number=0 broken=0
for stage in building measuring ending; do
    killed=0 tries=0
    while [ "$killed" -lt "$KILLS" ] && [ "$tries" -lt $((KILLS * 3)) ]; do
        crash "$stage"
        tries=$((tries + 1))
    done
    ok "$killed runs were killed while $stage" [ "$killed" -ge "$KILLS" ]
done
is "cleanup left the machine each time as it had been" "$broken" 0

# --- cleanup killed ------------------------------------------------------------------------------

broken=0 killed=0
for try in 1 2 3 4 5 6; do
    folder=$T/twice-$try
    start_run "$T/$((try % 4)).yaml" -o "$folder"
    await built
    kill -KILL "$run_pid"
    end_run
    "$VRBENCH" cleanup >/dev/null 2>&1 &
    run_pid=$!
    pause 12
    kill -KILL "$run_pid" 2>/dev/null
    end_run
    [ "$run_status" -ne 137 ] || killed=$((killed + 1))
    "$VRBENCH" cleanup >"$T/cleanup.log" 2>&1 || broken=$((broken + 1))
    restored "cleanup killed, $try"
done
is "a second cleanup does what a killed one ($killed of 6) left undone" "$broken" 0

# --- runs that live ------------------------------------------------------------------------------

is "with nothing to clean up, cleanup says so" "$("$VRBENCH" cleanup) $("$VRBENCH" cleanup --json)" \
    'nothing to clean up {"removed": 0, "left": []}'
cat >"$T/long.yaml" <<'END'
name: long
topologies: [dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [300] }, duration: 200 ms, repeats: 10 }
END
start_run "$T/long.yaml" -o "$T/live"
live=$run_pid
ok "a run stands" wait_for 60 has_points "$T/live" 1
for dead in 0 1; do
    start_run "$T/$dead.yaml" -o "$T/dead-$dead"
    wait_for 60 find_pin "$run_pid" ns-r2t3
    kill -KILL "$run_pid"
    end_run
done
# The second one cleaned up, at its start, after the first.
is "  cleanup removes what another left that was killed beside it" \
    "$("$VRBENCH" cleanup --json)" '{"removed": 1, "left": []}'
ok "  the living one still stands" find_pin "$live" ns-r1t3
run_pid=$live
end_run
is "  and finishes" "$run_status $(points "$T/live")" "0 10"
ok "  well" jq -es 'all(.[]; .networks[0].lost == 0)' "$T/live/points.jsonl"
unchanged "  and nothing is left" "$T/before"

start_run "$T/2.yaml" -o "$T/last"
wait_for 60 find_pin "$run_pid" ns-r2t3
kill -KILL "$run_pid"
end_run
ok "a run cleans up by itself, at its start, after a dead one" \
    measured "$T/long.yaml" -o "$T/after" --quick
unchanged "  and nothing is left of both" "$T/before"

# A record that is no JSON, as of a run that died within a write, with nothing made yet.
mkdir -p /run/vrbench
: >/run/vrbench/4194000-0.lock
echo '{"nics": [' >/run/vrbench/4194000-0.json
ok "a torn record is cleaned up" "$VRBENCH" cleanup
unchanged "  and leaves nothing" "$T/before"

# What a dead run forked holds its lock and its socket a moment longer: cleanup waits for the one, not for the other.
holds='
import fcntl, os, socket, sys, time
name = "/run/vrbench/%d-0." % os.getpid()
lock = open(name + "lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
open(name + "json", "w").write("{}")
listener = socket.socket(socket.AF_UNIX)
listener.bind("/run/vrbench/run-%d" % os.getpid())
listener.listen()
child = os.fork()
if child:
    print(child, flush=True)
    os._exit(0)
os.close(1)
if sys.argv[1] == "lock":
    listener.close()
else:
    lock.close()
time.sleep(float(sys.argv[2]))'
mkdir -p /run/vrbench
holder=$(python3 -c "$holds" lock 1)
is "the record of a dead run is removed once its processes have ended" "$("$VRBENCH" cleanup --json)" \
    '{"removed": 1, "left": []}'
mkdir -p /run/vrbench
holder=$(python3 -c "$holds" socket 60)
"$VRBENCH" cleanup >/dev/null
is "its socket is removed, though a child holds it" "$(ls /run/vrbench 2>/dev/null)" ""
ok "  for which nothing waits" kill "$holder"
