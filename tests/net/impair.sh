#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Impaired cables: losses and rates in every topology, at the tester's cables and between routers. Every
# packet is accounted for, by the counters of interfaces too. They last in every life of a router and of
# the owner, and nothing is left.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 43

machine_snapshot "$T/before"
# scenario ROWS [TOPOLOGIES] [ENGINE] — in $T/lab.yaml
scenario() {
    cat >"$T/lab.yaml" <<END2
name: lab
topologies: [${2:-direct, bridged, dedicated}]
routers: { r1: , r2: }
networks:
  NET0: { routers: [r1, r2], directions: both }
impair: [$1]
traffic: { engine: ${3:-packet}, lengths: [64], rates: { pps: [4000] }, duration: 600 ms }
END2
}
# Each place loses its part of what reached it: within five standard deviations. A burst after a stall may lose more
# by the rate: 1 Mbit/s are 1,524 frames/s of 82 bytes.
figures='def at($where): [.drops[] | select(.where == $where) | .count] | add // 0;
    def part($lost; $of; $p): ($lost - $of * $p) | fabs <= 5 * ($of * $p * (1 - $p) | sqrt);
    .networks[0] as $forward | .networks[1] as $reverse |
    at("impairment of NET0 (source to r1)") as $a | at("impairment of (r1 to r2)") as $b |
    at("impairment of NET0 (sink to r2)") as $c | at("impairment of (r2 to r1)") as $d |
    part($a; $forward.tx; 0.2) and part($b; $forward.tx - $a; 0.1) and part($c; $reverse.tx; 0.05) and
    $d > 0 and $reverse.rx < 1000'
# has_figures ENGINE — of the points of $T/run: in direct nothing is impaired.
has_figures() {
    jq -es "map(select(.topology != \"direct\" and ((.why_invalid // \"\") | test(\"the tester was the limit\") | not))) |
        all($figures)" "$T/run/points.jsonl"
}
# only_impaired — nothing was lost elsewhere, unless the point says that the tester was the limit.
only_impaired() {
    jq -es 'map(select((.why_invalid // "") | test("the tester was the limit") | not)) | all(if .topology == "direct" then
        .drops == [] else all(.drops[]; .where | startswith("impairment of ")) end)' "$T/run/points.jsonl"
}

rows='{ from: source, to: r1, loss: 20 % }, { from: r1, to: r2, loss: 10 % },
    { from: sink, to: r2, network: NET0, loss: 5 % }, { from: r2, to: r1, rate: 1 Mbit/s, queue: 5 ms }'
for engine in packet xdp; do
    topologies=
    [ $engine = packet ] || topologies="bridged, dedicated"
    scenario "$rows" "$topologies" $engine
    for try in 1 2 3; do # a busy machine loses packets elsewhere
        rm -rf "$T/run"
        measured --no-stability-check "$T/lab.yaml" -o "$T/run" >"$T/run.log" 2>&1 || break
        ! only_impaired >/dev/null || break
    done
    ok "engine $engine: a run with losses and a rate" test -s "$T/run/points.jsonl"
    ok "  every sum holds" points_sane "$T/run"
    ok "  each cable loses its part" has_figures
    ok "  nothing is lost elsewhere" only_impaired
    ok "  run.json names the way of each direction" jq -e '.cables.dedicated | length == 4 and
        all(.way == "relay" or .way == "tc") and (.[] | select(.cable == "(r2 to r1)").way == "relay")' "$T/run/run.json"
    [ $engine = xdp ] || ok "  it is in points.csv" grep -q 'impairment of (r1 to r2)=' "$T/run/points.csv"
    rm -rf "$T/run"
done
unchanged "  nothing is left" "$T/before"

# --- delay and jitter ------------------------------------------------------------------------------------
# Only the forward direction is delayed, so the reverse one of the same trial shows all other delays. Delays vary
# by the jitter to both sides.
scenario '{ from: source, to: r1, delay: 20 ms, jitter: 5 ms }, { from: r2, to: sink, loss: 10 %, delay: 10 ms }'
delayed='(.networks[0].delay_ns) as $forward | (.networks[1].delay_ns) as $reverse |
    $forward.min >= 25e6 and $forward.min < 27e6 and $forward.p50 - $reverse.p50 > 28e6 and
    $forward.p50 - $reverse.p50 < 36e6 and $forward.p99 - $forward.min > 8e6 and .networks[1].lost == 0'
are_delayed() { jq -es "all(if .topology == \"direct\" then .networks[0].delay_ns.p50 < 20e6 else $delayed end)" "$T/run/points.jsonl"; }
for try in 1 2 3; do
    rm -rf "$T/run"
    measured --no-stability-check "$T/lab.yaml" -o "$T/run" >"$T/run.log" 2>&1 || break
    ! are_delayed >/dev/null || break
done
ok "a run with a delayed direction" test -s "$T/run/points.jsonl"
ok "  every sum holds" points_sane "$T/run"
ok "  its packets are late by the delay, and vary by the jitter" are_delayed
ok "  nothing is lost but by the impairment" only_impaired
unchanged "  nothing is left" "$T/before"

# tc has no room for less than two frames: this cable is the relay's on every kernel.
# --- a testbed that stands -----------------------------------------------------------------------------
# received INTERFACE — packets that r1 has received there.
received() { vrbench console r1 -- cat "/sys/class/net/$1/statistics/rx_packets"; }
# loses_as_counted — r1 receives what was sent, less what the cable to it dropped; and half of the packets are lost.
loses_as_counted() {
    was=$(received eth0)
    vrbench send NET0 --pps 2k -t 0.5 -i 0.5 --engine packet --json >"$T/sent.json" || return 1
    grew=$(($(received eth0) - was))
    jq -es --argjson grew "$grew" '.[] | select(.total) | .total |
        ([.drops[] | select(.where == "impairment of NET0 (source to r1)") | .count] | add // 0) as $lost |
        $grew == .tx - $lost and $lost > .tx * 0.4 and $lost < .tx * 0.6' "$T/sent.json" &&
        jq -es 'map(select(.networks)) | all(.networks[0].delay_ns.min >= 2e6)' "$T/sent.json"
}
scenario '{ from: source, to: r1, loss: 50 % }, { from: r2, to: sink, rate: 10 Mbit/s, queue: 1 ms, delay: 2 ms }' dedicated
sed -i 's/, directions: both }$/ }/' "$T/lab.yaml"
ok "a testbed stands" vrbench up "$T/lab.yaml"
ok "  whose record names the way of its cables" eval 'vrbench inspect lab | jq -e ".[0].cables | length == 2 and
    (.[] | select(.cable == \"NET0 (r2 to sink)\").way == \"relay\")"'
find_relay() { # the process that holds delayed packets
    relay=$(jq -r '.tester.tasks[][0]' /run/vrbench/*-*.json | while read -r task; do
        ! grep -qx vrbench-cables "/proc/$task/comm" || echo "$task"
    done)
}
policy() { sed 's/.*) //' "/proc/$relay/stat" | cut -d' ' -f38,39; } # priority and policy, proc(5)
find_relay
first_policy=$(policy)
ok "  its cable loses half of the packets, and r1's counter receives the rest" loses_as_counted
is "  its relay keeps its priority" "$(policy)" "$first_policy"
# udp_at_sink — datagrams with a good checksum, and those with a bad one, that sink got for a port that nobody reads.
udp_at_sink() { vrbench console sink -- cat /proc/net/snmp | awk '/^Udp: [0-9]/ { print $3, $8 }'; }
sink_address=$(vrbench console sink -- ip -4 -o address show | awk '$2 != "lo" { sub("/.*", "", $4); print $4; exit }')
sends_datagrams() { vrbench console r2 -- bash -c 'for i in 1 2 3; do echo x >"/dev/udp/$0/9"; done' "$sink_address"; }
before_udp=$(udp_at_sink)
ok "  r2 sends datagrams of its own" sends_datagrams
ok "  which pass the delayed cable whole" wait_for 10 eval '[ "$(udp_at_sink)" = "$((${before_udp% *} + 3)) ${before_udp#* }" ]'
ok "rebooted" vrbench reboot r1
ok "  it does so again" loses_as_counted
kill -KILL "$(recorded r1 first)"
ok "killed, it is restarted" wait_for 60 field_is r1 restarts 1
ok "  it does so again" loses_as_counted
kill -KILL "$(owner)"
ok "another owner adopts it" wait_for 60 vrbench list
ok "  it does so again" loses_as_counted
ok "  by the same relay" kill -0 "$relay"
ok "destroyed" vrbench destroy r1
ok "  and created" vrbench create r1
ok "  it does so again" loses_as_counted
sed 's/50 %/40 %/' "$T/lab.yaml" >"$T/other.yaml"
vrbench run --on lab "$T/other.yaml" -o "$T/other" 2>"$T/err"
is "a scenario with another loss does not fit" $? 2
like "  which is said" "$(cat "$T/err")" "cable from source to r1: its impairment differs"
ok "taken down" vrbench down lab
ok "  the relay has ended" gone "$relay"
unchanged "  nothing is left" "$T/before"

ok "a testbed stands again" vrbench up "$T/lab.yaml"
find_relay
kill -KILL "$relay"
ok "without its relay nothing is measured: exit status 1" exits 1 vrbench send NET0 --pps 2k -t 0.5 --engine packet
like "  which is said" "$(cat "$T/ok.log")" "the relay of delayed packets .PID $relay. has ended"
ok "taken down" vrbench down lab

like "the graph shows it" "$(vrbench run --check --dot --topology dedicated "$T/lab.yaml")" 'NET0 .source to r1.: loss 50 %'
