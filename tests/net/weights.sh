# SPDX-License-Identifier: GPL-3.0-or-later
#
# Under overload, weights shift CPU between two routers, and what bridges and routers can't take is
# lost in named places. Routers are made slow by long lists of rules, so that overload takes few
# packets and the tester is not the limit.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 14

machine_snapshot "$T/before"

# slow_down ROUTER — every packet walks rules that never match: some tens of microseconds.
slow_down() {
    {
        echo "add table ip slow"
        echo "add chain ip slow walk { type filter hook forward priority 0; }"
        i=0
        while [ $i -lt 2500 ]; do
            echo "add rule ip slow walk ip saddr 10.$((i / 250)).$((i % 250)).1 udp dport 7 drop"
            i=$((i + 1))
        done
    } | node "$1" nft -f -
}

# share W1 W2 — the point's CPU time of r1t3 over that of r2t3, under these weights: $ratio.
share() {
    cat >"$T/weights.yaml" <<END
name: weights
topologies: [dedicated]
routers: { r1t3: { weight: $1 }, r2t3: { weight: $2 } }
networks: { NET0: { router: r1t3 }, NET1: { router: r2t3 } }
traffic: { lengths: [64], rates: { pps: [60000] }, duration: 800 ms }
END
    folder=$T/weights-$1-$2-$try
    start_run "$T/weights.yaml" -o "$folder"
    hold_run dedicated && slow_down r1t3 && slow_down r2t3
    release_run
    end_run
    ratio=$(jq '(.cpu | map({(.name): .percent}) | add) | .r1t3 / .r2t3' "$folder/points.jsonl")
}
# shares W1 W2 LOW HIGH — the machine may rob one of them: up to three times.
shares() {
    for try in 1 2 3; do
        share "$1" "$2"
        if between "${ratio:-0}" "$3" "$4"; then break; fi
        diag "weights $1 to $2, try $try: CPU ${ratio:-not known} to 1"
    done
    ok "weights $1 to $2 share the CPU $3 to $4 to 1" between "${ratio:-0}" "$3" "$4" ||
        sed 's/^/# /' "$T/run.err" "$folder/points.jsonl"
    ok "  both are overloaded" jq -e '.networks | all(.lost > 0)' "$folder/points.jsonl"
    ok "  and every sum holds" points_sane "$folder"
}
shares 256 256 0.6 1.6
shares 1024 256 2.5 6
ok "  the heavier forwards more" \
    jq -e '.networks[0].rx > 1.8 * .networks[1].rx' "$folder/points.jsonl"
shares 256 1024 0.16 0.4

# --- bridged overload ----------------------------------------------------------------------------

cat >"$T/bridged.yaml" <<'END'
name: overload
topologies: [bridged]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [1000, 700000] }, duration: 300 ms }
END
ok "far too much is offered to bridges" "$VRBENCH" run "$T/bridged.yaml" -o "$T/bridged"
ok "  and lost, all of it at named places" jq -es '.[1] |
    .networks[0].lost > 0 and .networks[0].rx > 0 and (.drops | length > 0) and
    ([.drops[].where] | any(startswith("unexplained")) | not)' "$T/bridged/points.jsonl" ||
    sed 's/^/# /' "$T/bridged/points.jsonl"
ok "  which sum to what was lost" points_sane "$T/bridged"
unchanged "nothing is left" "$T/before"
