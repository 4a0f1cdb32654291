# SPDX-License-Identifier: GPL-3.0-or-later
#
# A router's cap is divided among its interfaces' threads as their load goes: traffic in one direction,
# in both, in the other, and turning all the time. In each phase all threads together use no more than
# the cap, and much more of it than fixed halves would let one direction have (20 of 40): what they miss
# of it then is what the machine's neighbours took. How near it comes is for the bench to show.
# Not under sanitizers: figures alone. What of the program runs here does so in caps, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 10

machine_snapshot "$T/before"
cat >"$T/turning.yaml" <<'END'
name: turning
topologies: [dedicated]
host: { cpus: 1 }
routers: { r1: { cap: 40 } }
networks: { NET0: { router: r1 } }
traffic: { lengths: [64], rates: { pps: [1000] }, duration: 100 ms }
END
mkfifo "$T/hold"
"$(helper allocation)" "$T/turning.yaml" <"$T/hold" >"$T/out" 2>&1 &
holder=$!
exec 5>"$T/hold"
ok "a router under a cap of 40 stands" wait_for 60 grep -q 'r1 256 40' "$T/out" ||
    sed 's/^/# /' "$T/out"
testbed_up dedicated
slow_down r1 ip 3000
for end in source sink; do # so that no answers go the other way
    printf 'add table ip end\nadd chain ip end in { type filter hook input priority 0; policy drop; }\n' |
        node "$end" nft -f -
done

# A stream in each direction, stopped and continued by signal, on the tester's CPU and before others.
cpu=$(awk '/^Cpus_allowed_list/ { split($2, c, /[-,]/); print c[1] }' /proc/self/status)
stream() { # NODE ADDRESS
    nsenter --net="$testbed/ns-$1" taskset -c "$cpu" nice -n -19 \
        "$(helper blast)" "$2" 9 60000 &
    stream=$!
    at_exit "kill -KILL $stream"
    kill -STOP $stream
}
stream source 198.19.0.2
there=$stream
stream sink 198.18.0.2
back=$stream
turn_to() {
    kill -STOP $there $back
    for stream; do kill -CONT "$stream"; done
}

# phase DESC PID... — these streams, watched a second at a time from their beginning: some second is
# well above a half of the cap, and none above the cap. Up to five: the machine may rob it.
phase() {
    phase_text=$1
    shift
    turn_to "$@"
    : >"$T/phase"
    for try in 1 2 3 4 5; do
        watch_cpu 0 1 1 router-r1
        cat "$T/watched" >>"$T/phase"
        if between "$(cat "$T/watched")" 30 41.5; then break; fi
    done
    ok "$phase_text: $(tr '\n' ' ' <"$T/phase")%" between "$(tail -n 1 "$T/phase")" 30 41.8
    ok "  and never more" awk '$1 > 41.8 { exit 1 }' "$T/phase"
}
phase "in one direction" $there
phase "in both" $there $back
phase "in the other" $back

# Turning five times a second: a turn costs some periods of the kernel's, not what it cost to learn.
turning() {
    while :; do
        turn_to $there
        sleep 0.2
        turn_to $back
        sleep 0.2
    done
}
for try in 1 2 3 4 5; do
    turning &
    turner=$!
    watch_cpu 0 1 2 router-r1
    kill "$turner"
    wait "$turner" 2>/dev/null
    if between "$(cat "$T/watched")" 26 41.8; then break; fi
    diag "turning, try $try: $(cat "$T/watched")"
done
ok "turning all the time: $(cat "$T/watched") %" between "$(cat "$T/watched")" 26 41.8

kill -KILL $there $back
exec 5>&-
ok "the testbed is taken down well" wait "$holder"
unchanged "nothing is left" "$T/before"
