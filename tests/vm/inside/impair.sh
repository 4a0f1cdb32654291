# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/impair.sh — run in a machine by ../harness.sh: where the kernel has netem and tbf, they impair cables,
# and their counters are the places of the losses. Rates are what an emulated CPU can do.
#
#     impair [whole]        — with whole, by engine xdp and in topology bridged, too
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
if [ "${1-}" = whole ]; then plan 16; else plan 9; fi

machine_snapshot "$T/before"
only_impaired() { jq -es 'all(.[].drops[]; .where | startswith("impairment of "))' "$T/run/points.jsonl"; }
# figure CONDITION — holds for each point.
figure() { jq -es "def at(\$where): [.drops[] | select(.where == \"impairment of NET0 (\" + \$where + \")\") | .count] | add // 0;
    length == $points and all(.networks[0] as \$forward | .networks[1] as \$reverse | $1)" "$T/run/points.jsonl"; }
# impaired ENGINE TOPOLOGIES COUNT — a run over impaired cables, with a point for each of COUNT topologies.
impaired() {
    points=$3
    cat >"$T/lab.yaml" <<END2
name: lab
topologies: [$2]
routers: { r1: }
networks: { NET0: { router: r1, directions: both } }
impair:
  - { from: source, to: r1, loss: 20 % }
  - { from: r1, to: sink, delay: 30 ms, jitter: 5 ms }
  - { from: sink, to: r1, rate: 500 kbit/s, queue: 60 ms }
  - { from: r1, to: source, loss: 10 %, delay: 20 ms, rate: 300 kbit/s, queue: 100 ms }
traffic: { engine: $1, lengths: [64], rates: { pps: [1000] }, duration: 1 s }
END2
    # A source that stood still sends a burst then, and may lose packets of it elsewhere.
    for try in 1 2 3; do
        rm -rf "$T/run"
        measured --no-stability-check "$T/lab.yaml" -o "$T/run" >"$T/run.log" 2>&1 || break
        ! only_impaired >/dev/null 2>&1 || break
    done
    ok "engine $1, $2: a run over impaired cables" test -s "$T/run/points.jsonl" || sed 's/^/# /' "$T/run.log"
    is "  which tc impairs" "$(jq -c '[.cables[][] | .way] | unique' "$T/run/run.json")" '["tc"]' ||
        { diag "$(uname -r) $(jq -c .cables "$T/run/run.json")"; modprobe sch_netem 2>&1 | sed 's/^/# /'; }
    ok "  every sum holds" points_sane "$T/run"
    ok "  nothing is lost elsewhere" only_impaired
    # Within five standard deviations.
    ok "  one drops its part" figure '(at("source to r1") - $forward.tx * 0.2 | fabs) <= 5 * ($forward.tx * 0.16 | sqrt) and
        at("r1 to sink") == 0 and $forward.lost == at("source to r1")'
    ok "  one delays, and varies the delay" figure '$forward.delay_ns.min >= 25e6 and $forward.delay_ns.p50 >= 28e6 and
        $forward.delay_ns.p99 - $forward.delay_ns.min > 5e6'
    # 762 and 457 frames/s of 82 bytes: in the second that it is sent, the queue, and as much again for timers that are late.
    ok "  and two have a rate" figure '$reverse.tx - at("sink to r1") <= 762 * 1.12 + 40 and
        $reverse.rx <= 457 * 1.25 + 40 and at("r1 to source") > 0 and
        $reverse.lost == at("sink to r1") + at("r1 to source") and $reverse.delay_ns.p50 > 60e6'
    [ "$test_failures" -eq 0 ] || diag "$(jq -c '{topology, networks, drops, why_invalid}' "$T/run/points.jsonl")"
}
# Its verifier is stricter than that of later kernels.
ok "this kernel loads the engine xdp" sh -c \
    '"$VRBENCH" doctor --json | jq -e "any(.[]; .subject == \"engine xdp\" and .level == \"good\")"' ||
    "$VRBENCH" doctor --json | jq -c '.[] | select(.subject == "engine xdp")' | sed 's/^/# /'
impaired packet dedicated 1
[ "${1-}" != whole ] || impaired xdp "bridged, dedicated" 2
unchanged "  nothing is left" "$T/before"
