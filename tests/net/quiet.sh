# SPDX-License-Identifier: GPL-3.0-or-later
#
# A machine on which other programs run: doctor and run name them, a run's exit status says that most
# points are invalid, too many disturbed points end a run, and --redo disturbed measures them again.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 29

cat >"$T/busy.yaml" <<'END'
name: busy
topologies: [bridged]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [300, 600, 900] }, duration: 200 ms }
END

# As many busy processes as CPUs, of a priority that leaves the program a quarter of them; each ends by itself after
# 5 minutes of CPU time.
hogs=
for _ in $(seq "$(nproc)"); do
    nice -n -5 sh -c 'ulimit -t 300; while :; do :; done' &
    hogs="$hogs $!"
done

# names_hog TEXT — the text has the process ID of a hog.
names_hog() {
    for each in $hogs; do
        case $1 in *"(pid $each)"*) return 0 ;; esac
    done
    return 1
}

"$VRBENCH" doctor --json >"$T/doctor.json" 2>"$T/doctor.err"
found=$(jq -r '.[] | select(.subject == "background load") | .level + ": " + .found' "$T/doctor.json")
like "doctor reports the background load" "$found" "^limit: other programs use [0-9]+ % of a CPU"
ok "  and names a program that causes it" names_hog "$found"
ok "  and looks for stalls of the CPUs" jq -e 'any(.[]; .subject == "stalls")' "$T/doctor.json"

start_run "$T/busy.yaml" -o "$T/all"
wait "$run_pid"
is "a run with most points invalid ends with status 4" $? 4 || sed 's/^/# /' "$T/run.err"
like "  it warned" "$(cat "$T/run.err")" "this machine is not quiet: other programs use"
ok "  and named a program" names_hog "$(cat "$T/run.err")"
is "  it measured all points" "$(points "$T/all")" 3
ok "  its points name a program that used the CPU" jq -es --arg hogs "$hogs" '($hogs | split(" ")) as $hogs |
    any(.[].others[]?; .pid | tostring | IN($hogs[]))' "$T/all/points.jsonl"
like "  the commonest reason is below the table" "$(cat "$T/run.out")" \
    "[23] × background load: other programs used about … % of a measurement CPU"

start_run "$T/busy.yaml" -o "$T/few" --most-disturbed 2 --attempts 2
end_run
is "--most-disturbed 2 ends the run" "$run_status" 1
like "  says so" "$(cat "$T/run.err")" "2 points in a row were disturbed, the last one because: .*background load"
is "  after two points" "$(points "$T/few")" 2
is "  of two trials each, as --attempts says" "$(jq .attempts "$T/few/points.jsonl" | sort -u)" 2
is "  run.json says that it failed" "$(jq -r .status "$T/few/run.json")" failed

ok "--wait-quiet waits in vain" exits 1 "$VRBENCH" run "$T/busy.yaml" -o "$T/waits" --wait-quiet 1
like "  and says what disturbs" "$(cat "$T/ok.log")" "did not become quiet within 1 s: other programs use"
ok "  and makes no folder" test ! -e "$T/waits"
ok "--redo without --resume is refused" exits 2 "$VRBENCH" run "$T/busy.yaml" -o "$T/few" --redo disturbed
ok "  and another word" exits 2 "$VRBENCH" run "$T/busy.yaml" -o "$T/few" --resume --redo all

# shellcheck disable=SC2086
kill $hogs
# shellcheck disable=SC2086
wait $hogs 2>/dev/null
cp "$T/few/points.jsonl" "$T/before.jsonl"
ok "--redo disturbed completes the run" measured "$T/busy.yaml" -o "$T/few" --resume --redo disturbed
is "  it has every point once" "$(jq -cs 'map(.step) | sort' "$T/few/points.jsonl")" "[0,1,2]"
ok "  the disturbed ones are kept aside" cmp "$T/before.jsonl" "$T/few/points.aside.jsonl"
is "  none of them is among the points" \
    "$(cat "$T/before.jsonl" "$T/few/points.jsonl" | sort | uniq -d | wc -l)" 0

# --- softirqs of others --------------------------------------------------------------------------

# Packets of others, which arrive at the end of a veth pair on the CPU that sends them, that of the router.
sed '1s/.*/name: flooded/; s/\[300, 600, 900\]/[1000]/' "$T/busy.yaml" >"$T/flooded.yaml"
# softirqs — runs; $cpu is the router's CPU, and $softirq the percent of its time that softirqs took.
softirqs() {
    rm -rf "$T/flooded"
    start_run "$T/flooded.yaml" --no-stability-check -o "$T/flooded"
    end_run
    jq -c '.processors[] | select(.used_by == "dut")' "$T/flooded/points.jsonl" >"$T/processor"
    cpu=$(jq .cpu "$T/processor")
    softirq=$(jq .softirq_percent "$T/processor")
}
flood() { # on $cpu
    unshare -n sh -c 'ip link add flood0 type veth peer name flood1 address 02:00:00:00:00:02 &&
        ip link set flood0 up && ip link set flood1 up &&
        ip address add 10.0.0.1/24 dev flood0 &&
        ip neighbour add 10.0.0.2 lladdr 02:00:00:00:00:02 dev flood0 &&
        exec taskset -c "$0" "$@"' "$cpu" "$(helper blast)" 10.0.0.2 9 500000 &
    flooder=$!
    at_exit "kill $flooder"
}
if [ -x "$(helper hold_cpu)" ]; then
    more() { awk -v a="$without" -v b="$softirq" 'BEGIN { exit !(b > 2 * a + 0.5) }'; }
    for _ in 1 2 3; do
        softirqs
        without=$softirq
        flood
        softirqs
        kill "$flooder"
        ! more || break
    done
    diag "of the router's CPU, softirqs took $without %, and $softirq % beside packets of others"
    ok "a point records softirqs of others" more
    is "  and their kind" "$(jq -r .softirqs_most_of "$T/processor")" NET_RX
else
    skip "a point records softirqs of others" "built without BPF"
    skip "  and their kind" "built without BPF"
fi

# --- a CPU that is away --------------------------------------------------------------------------

cat >"$T/stalled.yaml" <<'END'
name: stalled
topologies: [bridged]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [50000] }, duration: 1 s }
END
start_run "$T/stalled.yaml" -o "$T/stalled"
ok "the testbed of a further run stands" wait_for 60 grep -qs dut_cpus "$T/stalled/run.json"
cpu=$(jq -r '.placement.dut_cpus | match("[0-9]+").string' "$T/stalled/run.json")
# Every 150 ms a process of the highest real-time priority holds the CPU of the router for 30 ms, for two minutes
# at most.
"$(helper stall)" "$cpu" 30 120 120 &
staller=$!
end_run
kill "$staller"
is "  it ends well" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
ok "  the point records that the CPU was away" jq -e --argjson cpu "$cpu" '
    .processors[] | select(.cpu == $cpu) | .stalls |
    .count >= 2 and .longest_ns > 15e6 and .total_ns >= 2 * 15e6' "$T/stalled/points.jsonl"
ok "  and is invalid if stalls touched more than half of its time" jq -e '
    .left_out_ratio > 0.2 and
    (.left_out_ratio > 0.5) == (.why_invalid // "" | test("stalls of this machine touched"))
    ' "$T/stalled/points.jsonl"
