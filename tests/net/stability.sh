# SPDX-License-Identifier: GPL-3.0-or-later
#
# Each topology is checked at a low load before it is measured; points of one that loses packets even there are
# marked. --no-stability-check leaves the check out.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 12

cat >"$T/sound.yaml" <<'END'
name: sound
topologies: [direct, dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [300, 600] }, duration: 500 ms }
END
entry() { jq -c ".stability[] | select(.topology == \"$2\") | $3" "$T/$1/run.json"; }

measures "$T/sound" "$T/sound.yaml" >"$T/out" 2>&1
is "both topologies are checked" "$(jq -c '.stability | map(.topology)' "$T/sound/run.json")" \
    '["direct","dedicated"]' || sed 's/^/# /' "$T/out"
is "  at a low load" "$(jq -c '.stability | map(.pps)' "$T/sound/run.json")" '[1000,1000]'
ok "  with packets" jq -e '.stability | all(.tx >= 50 and .trials >= 1)' "$T/sound/run.json"
is "  which makes no point" "$(points "$T/sound")" 4
# Noise may lose packets in each of several trials; then the points are marked, and only then.
ok "  and marks points only of what lost packets" sh -c '
    marked=$(jq -sc "map(select(.unstable != null).topology) | unique" "$1/points.jsonl")
    lossy=$(jq -c ".stability | map(select(.stable | not).topology) | unique" "$1/run.json")
    [ "$marked" = "$lossy" ]' sh "$T/sound"

measures "$T/out.none" "$T/sound.yaml" --no-stability-check >"$T/out" 2>&1
ok "the check can be left out" jq -e 'has("stability") | not' "$T/out.none/run.json"
is "  with the same points" "$(points "$T/out.none")" 4

ok "search checks, too" "$VRBENCH" search "$T/sound.yaml" --topology direct --goal quick --time-limit 1 \
    -o "$T/search" --json
is "  and says so" "$(entry search direct .pps)" 1000
ok "help lists the option" sh -c '"$VRBENCH" run -h | grep -q no-stability-check'
ok "ab has it, too" sh -c '"$VRBENCH" ab -h | grep -q no-stability-check'
ok "  and reproduce" sh -c '"$VRBENCH" reproduce -h | grep -q no-stability-check'
