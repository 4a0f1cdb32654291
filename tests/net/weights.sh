# SPDX-License-Identifier: GPL-3.0-or-later
#
# Under overload, weights shift CPU between two routers, and what bridges and routers can't take is
# lost in named places. Routers are made slow by long lists of rules, so that overload takes few
# packets and the tester is not the limit.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
if sanitized; then plan 8; else plan 14; fi

machine_snapshot "$T/before"

# share W1 W2 — CPU of r1t3 over that of r2t3 in the middle of the load, where both always have more
# to do than they can: $ratio.
share() {
    cat >"$T/weights.yaml" <<END
name: weights
topologies: [dedicated]
host: { cpus: 1 }
routers: { r1t3: { weight: $1 }, r2t3: { weight: $2 } }
networks: { NET0: { router: r1t3 }, NET1: { router: r2t3 } }
traffic: { lengths: [64], rates: { pps: [60000] }, duration: 2 s }
END
    folder=$T/weights-$1-$2-$try
    start_run "$T/weights.yaml" -o "$folder"
    first_please
    hold_run dedicated && slow_down r1t3 ip 6000 && slow_down r2t3 ip 6000
    release_run
    watch_cpu 50 1 1.4 router-r1t3 router-r2t3
    end_run
    ratio=$(awk '$2 > 0 { printf "%.3f", $1 / $2 }' "$T/watched")
}
# overloaded — both routers lost much, without which weights decide nothing.
overloaded() { jq -e '.networks | all(.lost > 0.2 * .tx)' "$folder/points.jsonl"; }
# shares W1 W2 — within 10 % of the ratio. The machine may rob one of them or the tester: up to eight
# times.
shares() {
    low=$(awk "BEGIN { print 0.9 * $1 / $2 }")
    high=$(awk "BEGIN { print 1.1 * $1 / $2 }")
    for try in 1 2 3 4 5 6 7 8; do
        share "$1" "$2"
        if between "${ratio:-0}" "$low" "$high" && overloaded >/dev/null; then break; fi
        diag "weights $1 to $2, try $try: CPU ${ratio:-not known} to 1 ($(cat "$T/watched"))"
    done
    ok "weights $1 to $2 share the CPU $low to $high to 1: $ratio" \
        between "${ratio:-0}" "$low" "$high" || sed 's/^/# /' "$T/run.err" "$folder/points.jsonl"
    ok "  both are overloaded" overloaded
    ok "  and every sum holds" points_sane "$folder"
}
if ! sanitized; then
    shares 256 256
    shares 256 512
fi
shares 1024 256
ok "  the heavier forwards more" \
    jq -e '.networks[0].rx > 1.8 * .networks[1].rx' "$folder/points.jsonl"

# --- bridged overload ----------------------------------------------------------------------------

cat >"$T/bridged.yaml" <<'END'
name: overload
topologies: [bridged]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [1000, 700000] }, duration: 300 ms }
END
ok "far too much is offered to bridges" measured "$T/bridged.yaml" -o "$T/bridged"
ok "  and lost, all of it at named places" jq -es '.[1] |
    .networks[0].lost > 0 and .networks[0].rx > 0 and (.drops | length > 0) and
    ([.drops[].where] | any(startswith("unexplained")) | not)' "$T/bridged/points.jsonl" ||
    sed 's/^/# /' "$T/bridged/points.jsonl"
ok "  which sum to what was lost" points_sane "$T/bridged"
unchanged "nothing is left" "$T/before"
