# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers that are LXC containers, measured: a sweep, caps and weights under overload.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
caps="20 50"
if sanitized; then caps=20 && plan 8; else plan 10; fi

own_libvirtd lxc
machine_snapshot "$T/before"
scenario_two "$uri" "bridged, dedicated" "rates: { pps: [300, 600] }, duration: 500 ms"
# A cable that loses few of its packets, so that the rest shows what the containers forward.
echo "impair: [{ from: source, to: r1t3, loss: 2 % }]" >>"$T/two.yaml"

ok "a sweep" measured "$T/two.yaml" -o "$T/sweep"
is "  of four points" "$(points "$T/sweep")" 4
like "  and says what it ran on" \
    "$(jq -r '.platform | .kind + " of " + .hypervisor' "$T/sweep/run.json")" '^containers of LXC [0-9]'
ok "  whose sums hold" points_sane "$T/sweep"
ok "  in which every packet came through or is accounted for, and a router has its parts" jq -es '
    all((.networks | all(.rx > 0.9 * .tx)) and (.cpu | map(select(.name == "r1t3"))[0] |
        ([.parts[].name] == ["napi", "processes"]) and
        ((([.parts[].percent] | add) - .percent) | . < 0.01 and . > -0.01) and
        .parts[0].percent > 0))' "$T/sweep/points.jsonl" || sed 's/^/# /' "$T/sweep/points.jsonl"
ok "  and an impaired cable loses some, in its place" jq -es '[.[].drops[] | select(.where | test("^impairment of .* .source to r1t3.$")) | .count] |
    add > 0' "$T/sweep/points.jsonl"

# rationed ROUTERS NETWORKS SECONDS GROUP... — overload with routers made slow, watched in
# $T/watched.
rationed() {
    cat >"$T/ration.yaml" <<END
name: ration
platform: $uri
topologies: [dedicated]
host: { cpus: 1 }
routers: { $1 }
networks: { $2 }
traffic: { lengths: [64], rates: { pps: [60000] }, duration: 3 s }
END
    watch_how=$3
    shift 3
    rm -rf "$T/ration"
    start_run "$T/ration.yaml" -o "$T/ration"
    first_please
    hold_run dedicated && for group; do slow_down "${group#router-}" ip 5000; done
    release_run
    # shellcheck disable=SC2086
    watch_cpu $watch_how "$@"
    end_run
}
nearest() { awk -v cap="$1" '{ d = $1 > cap ? $1 - cap : cap - $1 }
    NR == 1 || d < least { least = d; best = $1 } END { print best }' "$T/watched"; }
# The machine may rob a router, never the other way round: up to three times.
for cap in $caps; do
    for try in 1 2 3; do
        rationed "r1: { cap: $cap }" "NET0: { router: r1 }" "200 3 0.6" router-r1
        percent=$(nearest "$cap")
        if between "${percent:-0}" $((cap - 2)) $((cap + 2)); then break; fi
        diag "cap $cap, try $try: $(tr '\n' ' ' <"$T/watched")"
    done
    ok "a container under a cap of $cap forwards with ${percent:-?} %" \
        between "${percent:-0}" $((cap - 2)) $((cap + 2)) || sed 's/^/# /' "$T/run.err"
done
weights_share() {
    for try in 1 2 3 4 5; do
        rationed "r1: { weight: 512 }, r2: {}" "NET0: { router: r1 }, NET1: { router: r2 }" \
            "50 1 1.4" router-r1 router-r2
        ratio=$(awk '$2 > 0 { printf "%.3f", $1 / $2 }' "$T/watched")
        if between "${ratio:-0}" 1.8 2.2; then break; fi
        diag "weights, try $try: ${ratio:-not known} ($(cat "$T/watched"))"
    done
    ok "weights 2:1 share the CPU ${ratio:-?} to 1" between "${ratio:-0}" 1.8 2.2
}
sanitized || weights_share
unchanged "nothing is left" "$T/before"
