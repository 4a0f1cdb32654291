# SPDX-License-Identifier: GPL-3.0-or-later
#
# SIGINT and SIGTERM end every command soon, with status 130, whatever it waits for and whenever they
# come; nothing is left of it. What could be waited for without end is refused.
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 20

# many N — a scenario of N routers.
many() {
    echo "name: many"
    echo "topologies: [bridged]"
    echo "routers:"
    for i in $(seq "$1"); do echo "  r$i: {}"; done
    echo "networks:"
    for i in $(seq "$1"); do echo "  N$i: { router: r$i }"; done
    echo "traffic: { engine: packet, lengths: [64], rates: { pps: [100] }, duration: 100 ms }"
}
many 1 >"$T/one.yaml"
many 12 >"$T/many.yaml"
machine_snapshot "$T/before"

# stopped SIGNAL SECONDS — $pid is sent the signal and ends within so many seconds; its status.
stopped() {
    kill "-$1" "$pid"
    wait_for "$2" ended_or_gone "$pid" || kill -KILL "$pid"
    wait "$pid"
}
ended_or_gone() { ! grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; }
asleep() { grep -q '^State:.S' "/proc/$1/status"; }

# --- pipes in place of files ------------------------------------------------------------------------

mkdir "$T/fifo" && mkfifo "$T/fifo/points.jsonl"
ok "a pipe in place of points.jsonl is refused" \
    exits 2 timeout 20 "$VRBENCH" run "$T/one.yaml" -o "$T/fifo"
mkdir "$T/link" && : >"$T/elsewhere" && ln -s ../elsewhere "$T/link/points.jsonl"
ok "  a symbolic link, too" exits 2 timeout 20 "$VRBENCH" run "$T/one.yaml" -o "$T/link"
ok "  what it leads to is as it was" test ! -s "$T/elsewhere"
mkfifo "$T/scenario"
"$VRBENCH" run "$T/scenario" --check >"$T/out" 2>&1 &
pid=$!
wait_for 20 asleep $pid
stopped TERM 5
is "SIGTERM ends the wait for a scenario from a pipe without a writer" $? 130
ok "a scenario from a pipe is read whole" \
    sh -c 'cat "$1" | "$2" run /dev/stdin --check' sh "$T/one.yaml" "$VRBENCH"

# --- standard streams -------------------------------------------------------------------------------

mkfifo "$T/input"
sleep 60 >"$T/input" &
writer=$!
"$VRBENCH" xen-stats --from-xentop - <"$T/input" >/dev/null 2>&1 &
pid=$!
wait_for 20 asleep $pid
stopped INT 5
is "SIGINT ends the wait for standard input" $? 130
kill $writer

mkfifo "$T/output"
sleep 60 <"$T/output" &
reader=$!
{ head -c 65536 /dev/zero && exec "$VRBENCH" run -h; } >"$T/output" 2>/dev/null &
pid=$!
wait_for 20 sh -c 'grep -q ^vrbench /proc/$1/comm && grep -q "^State:.S" /proc/$1/status' sh $pid
stopped TERM 10
is "SIGTERM ends a command whose output is not read" $? 130
kill $reader

# --- limits ------------------------------------------------------------------------------------------

(
    ulimit -f 1
    exec "$VRBENCH" run "$T/one.yaml" -o "$T/limit" --quick
) >"$T/out" 2>"$T/err"
is "a limit of file sizes ends a run with status 1" $? 1
like "  and is reported" "$(cat "$T/err")" "File too large"

# --- waiting for others ----------------------------------------------------------------------------

mkdir -p /run/vrbench
flock /run/vrbench sleep 60 &
holder=$!
wait_for 20 fails flock -n /run/vrbench true
"$VRBENCH" run "$T/one.yaml" -o "$T/waits" >"$T/out" 2>&1 &
pid=$!
wait_for 60 sh -c 'ls /proc/$1/task/*/wchan | xargs grep -l . >/dev/null; ls /proc/$1/task | grep -c . | grep -qv "^1$"' sh $pid
stopped INT 20
is "SIGINT ends a run that waits for another's trial" $? 130
kill $holder
wait $holder 2>/dev/null
unchanged "  nothing is left" "$T/before"

# --- at any moment while routers are built and removed --------------------------------------------

has_ended() { jq -e '.status == "done"' "$T/stopped/run.json" >/dev/null; }
# random_stops COMMAND — some runs of it, each stopped after a random time.
random_stops() {
    statuses=
    slowest=0
    for i in $(seq "$STOPS"); do
        "$VRBENCH" "$@" >"$T/out" 2>&1 &
        pid=$!
        sleep "$(awk -v seed="$i$$" 'BEGIN { srand(seed); printf "%.3f", 0.02 + 1.2 * rand() }')"
        began=$(date +%s%N)
        stopped INT 30
        status=$?
        took=$((($(date +%s%N) - began) / 1000000))
        [ $took -lt $slowest ] || slowest=$took
        # The signal may come when everything is done. A run on a disturbed machine then ends with 4.
        case $1:$status in
        *:130 | up:0) ended= ;;
        run:0 | run:4) ended=$(has_ended || echo no) ;;
        *) ended=no ;;
        esac
        if [ -n "$ended" ]; then
            statuses="$statuses $status"
            sed 's/^/# /' "$T/out"
        fi
        rm -rf "$T/stopped"
        [ "$1" != up ] || "$VRBENCH" down many >/dev/null 2>&1
    done
    diag "the slowest took $slowest ms"
}
STOPS=${STOPS:-15}
random_stops run "$T/many.yaml" -o "$T/stopped"
is "a run that is stopped while routers are built ends with 130" "$statuses" ""
ok "  soon" between $slowest 0 25000
unchanged "  nothing is left" "$T/before"
ok "up that is not stopped completes" "$VRBENCH" up "$T/many.yaml"
ok "  and down" "$VRBENCH" down many
random_stops up "$T/many.yaml"
is "up ends with 130, or was done" "$statuses" ""
ok "  soon" between $slowest 0 25000
ok "  cleanup finds nothing" sh -c '"$1" cleanup | grep -q "nothing"' sh "$VRBENCH"
unchanged "  nothing is left" "$T/before"
