# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/caps.sh [whole] — run in a machine by ../caps.sh: caps are held by CFS bandwidth, weights
# share what is wanted by two, and nothing is left. Rates and rules are what an emulated CPU can do: a
# packet costs a slowed-down router some tenths of a millisecond.
#
# What its host takes from an emulated machine it can't see. A party seems to work then, and pays for
# it; periods in which it got nothing are lost to it. So a cap may read low, by a third on a host that
# is busy, and never high for long: that much is asked in the suite. `whole`, for a quiet host,
# asks of more caps that they be met within a point.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
caps="20:dedicated 30:bridged"
weights="512:256"
least=60 # percent of the cap that is used
seconds=6
if [ "${1-}" = whole ]; then
    caps="10:dedicated 20:dedicated 30:dedicated 50:dedicated 80:dedicated
        10:bridged 20:bridged 30:bridged 50:bridged 80:bridged"
    weights="256:256 512:256 256:1024"
    least=whole seconds=8
fi
# shellcheck disable=SC2086
plan $(($(echo $caps | wc -w) * 3 + $(echo $weights | wc -w) * 2 + 5))

machine_snapshot "$T/before"
"$VRBENCH" doctor --json >"$T/doctor.json" 2>"$T/doctor.err"
is "doctor finds all that is needed" "$?" 0 || sed 's/^/# /' "$T/doctor.err" "$T/doctor.json"
finding() { jq -r --arg s "$1" '.[] | select(.subject == $s).found' "$T/doctor.json"; }
like "  and that CFS bandwidth holds caps" "$(finding "CPU caps")" '^held by CFS bandwidth; '
like "  in control groups of version 2" "$(finding "CPU control groups")" '^version 2 at /sys/fs/cgroup'

# loaded FILE TOPOLOGY SLOW GROUP... — runs the scenario with these routers slowed down; what the
# groups used in the middle of the load goes to $T/watched.
loaded() {
    loaded_file=$1 loaded_topology=$2 loaded_slow=$3
    shift 3
    rm -rf "$T/out"
    start_run "$loaded_file" -o "$T/out"
    first_please
    if hold_run "$loaded_topology"; then
        for group; do slow_down "${group#router-}" ip "$loaded_slow"; done
    fi
    release_run
    watch_cpu 100 2 2 "$@"
    end_run
}
nearest() { awk -v cap="$1" '{ d = $1 > cap ? $1 - cap : cap - $1 }
    NR == 1 || d < least { least = d; best = $1 } END { print best }' "$T/watched"; }
mean_within() { awk -v most="$1" '{ sum += $1 } END { exit !(NR > 0 && sum / NR <= most) }' \
    "$T/watched"; }

holds() { # CAP TOPOLOGY
    cat >"$T/caps.yaml" <<END
name: caps
topologies: [$2]
host: { cpus: 1 }
routers: { r1: { cap: $1 } }
networks: { NET0: { router: r1 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [${PPS:-10000}] }, duration: $seconds s }
END
    low=$(($1 - 1))
    [ "$least" = whole ] || low=$(awk "BEGIN { print $1 * $least / 100 }")
    : >"$T/all"
    for try in 1 2 3; do
        loaded "$T/caps.yaml" "$2" "${SLOW:-500}" router-r1
        diag "cap $1, $2, try $try: $(tr '\n' ' ' <"$T/watched")"
        cat "$T/watched" >>"$T/all"
        percent=$(nearest "$1")
        if between "${percent:-0}" "$low" $(($1 + 1)); then break; fi
    done
    mv "$T/all" "$T/watched"
    ok "$2, a router under a cap of $1 uses $1: ${percent:-?} %" \
        between "${percent:-0}" "$low" $(($1 + 1)) || sed 's/^/# /' "$T/run.err"
    ok "  and no more on the whole" mean_within $(($1 + 2))
    is "  the run ended well" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
    diag "$(jq -c '{valid, why_invalid, cpu, drops}' "$T/out/points.jsonl")"
}
for cap in $caps; do holds "${cap%:*}" "${cap#*:}"; done

# By what vrbench itself metered over the whole of a trial.
shares() { # W1 W2
    cat >"$T/weights.yaml" <<END
name: weights
topologies: [dedicated]
host: { cpus: 1 }
routers: { r1: { weight: $1 }, r2: { weight: $2 } }
networks: { NET0: { router: r1 }, NET1: { router: r2 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [${PPS:-10000}] }, duration: 4 s }
END
    low=$(awk "BEGIN { print 0.9 * $1 / $2 }")
    high=$(awk "BEGIN { print 1.1 * $1 / $2 }")
    for try in 1 2 3; do
        rm -rf "$T/out"
        start_run "$T/weights.yaml" -o "$T/out"
        hold_run dedicated && slow_down r1 ip "${SLOW:-500}" && slow_down r2 ip "${SLOW:-500}"
        release_run
        end_run
        ratio=$(jq '(.cpu | map({(.name): .percent}) | add) as $cpu | $cpu.r1 / $cpu.r2' \
            "$T/out/points.jsonl")
        diag "weights $1 to $2, try $try: ${ratio:-?}, $(jq -c .cpu "$T/out/points.jsonl")"
        if between "${ratio:-0}" "$low" "$high"; then break; fi
    done
    ok "weights $1 to $2 share the CPU $low to $high to 1: ${ratio:-?}" \
        between "${ratio:-0}" "$low" "$high" || sed 's/^/# /' "$T/run.err"
    is "  the run ended well" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
}
for pair in $weights; do shares "${pair%:*}" "${pair#*:}"; done

unchanged "nothing is left" "$T/before"
is "  and no controller stays switched on in the root group" \
    "$(cat /sys/fs/cgroup/cgroup.subtree_control)" ""
