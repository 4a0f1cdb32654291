# SPDX-License-Identifier: GPL-3.0-or-later
#
# Networks with a load and a length of their own, beside one that has the scenario's: by both built-in
# engines, with constant loads and with one that changes in time, as tcpdump sees them at the routers.
# Nothing depends on the speed of the machine.
#
# Runs beside others: its checks hold on a busy machine, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/witness.sh"
isolate --run "$@"
plan 32

# NET1 sends 400 packets/s of 1200 bytes at every point: 100 in 250 ms.
scenario() { # FILE LOAD
    cat >"$1" <<END
name: own
routers: { r1: {}, r2: {} }
networks:
  NET0: { router: r1 }
  NET1: { router: r2, rate: 400, length: 1200 }
traffic: { lengths: [200], $2 }
END
}
scenario "$T/own.yaml" "rates: { pps: [320, 500, 700, 900] }, duration: 250 ms"
scenario "$T/changes.yaml" "profile: { phases: [{ for: 250 ms, rate: 400 }, { for: 250 ms, rate: 800 }] }"

own_load_is_kept() {
    jq -es 'length == 4 and ([.[].networks[0] | .tx + .unsent] == [80, 125, 175, 225]) and
        all(.[].networks[0]; has("length") or has("fixed_load") or has("requested_pps") | not) and
        all(.[].networks[1]; .tx + .unsent == 100 and .length == 1200 and .fixed_load and
            .requested_pps == 400)' "$folder/points.jsonl"
}
# lengths PLACE — of the test packets of a capture.
lengths() { packets "$1" | sed 's/^ttl [0-9]* length \([0-9]*\) .*/\1/' | sort -u; }

for engine in packet xdp; do
    folder=$T/$engine
    start_run "$T/own.yaml" -o "$folder" --topology dedicated --engine $engine
    first_please
    ok "$engine: the testbed stands" hold_run dedicated
    watch r1.eth0 r2.eth0
    release_run
    end_run
    unwatch
    is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
    ok "  every sum holds" points_sane "$folder"
    ok "  one network has the offered load, the other its own" own_load_is_kept ||
        sed 's/^/# /' "$folder/points.jsonl"
    ok "  tcpdump saw what was sent" agree tx r1.eth0 r2.eth0
    is "  with the scenario's length" "$(lengths r1.eth0)" 200
    is "  and with its own" "$(lengths r2.eth0)" 1200
    ok "  numbered from 0, each once, rising" numbered_in_order r2.eth0 1

    folder=$T/changes-$engine
    ok "$engine: a load that changes in time is measured" measures "$folder" "$T/changes.yaml" \
        --topology direct --engine $engine
    ok "  every sum holds" points_sane "$folder"
    is "  one network follows it" \
        "$(jq -c '[.intervals[].networks[0] | .tx + .unsent]' "$folder/points.jsonl")" '[100,200]'
    is "  the other does not" \
        "$(jq -c '[.intervals[].networks[1] | .tx + .unsent]' "$folder/points.jsonl")" '[100,100]'
done

# The summary has bounds for the network with the offered load only.
measured "$T/own.yaml" -o "$T/summary" --topology direct --json >"$T/summary.json" 2>"$T/summary.err"
is "the summary" "$(jq -c '[.[].network] | unique' "$T/summary.json")" '["NET0"]' ||
    sed 's/^/# /' "$T/summary.err"

# iperf has lengths of its own, too: those of UDP payloads.
cat >"$T/iperf.yaml" <<'END'
name: iperf
topologies: [direct]
routers: { r1: {} }
networks: { NET0: { router: r1 }, NET1: { router: r1, length: 1000 } }
traffic: { engine: iperf, lengths: [100], rates: { pps: [200] }, duration: 500 ms }
END
start_run "$T/iperf.yaml" -o "$T/iperf"
first_please
ok "iperf: the testbed stands" hold_run direct
nsenter --net="$testbed/ns-sink" tcpdump -Z root -n -U --immediate-mode -i any -w "$T/iperf.pcap" udp 2>"$T/iperf.err" &
watchers=$!
wait_for 60 grep -q 'listening on' "$T/iperf.err"
release_run
end_run
unwatch
is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
tcpdump -r "$T/iperf.pcap" -n -t "udp and dst net 198.19.0.0/24" 2>/dev/null | sed 's/.*length //' | sort -u \
    >"$T/short"
tcpdump -r "$T/iperf.pcap" -n -t "udp and dst net 198.19.1.0/24" 2>/dev/null | sed 's/.*length //' | sort -u \
    >"$T/long"
is "  with the scenario's length" "$(cat "$T/short")" 100
is "  and with its own" "$(cat "$T/long")" 1000
ok "  every sum holds" jq -es 'length == 1 and all(.[]; (.networks | all(.tx == .rx + .lost)) and
    ([.networks[].lost] | add) == ([.drops[].count] | add // 0))' "$T/iperf/points.jsonl"

ok "a load of its own is refused with iperf" exits 2 vrbench run --check "$T/own.yaml" --engine iperf
like "  with line, column and the reason" "$(cat "$T/ok.log")" \
    'own.yaml:5:23: rate: engine iperf cannot send different loads on several networks'
