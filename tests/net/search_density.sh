# SPDX-License-Identifier: GPL-3.0-or-later
#
# vrbench search --of density: what each router carries while 1, 2, … routers are loaded at once. The
# searches are cut after two seconds, so that no figure is judged: their numbers, names and sums are.
#
# Runs beside others under sanitizers.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 15

cat >"$T/three.yaml" <<'YAML'
name: three
topologies: [direct, dedicated]
routers: { r1: {}, r2: {}, r3: {} }
networks: { A: { router: r1 }, B: { router: r2 }, C: { router: r3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [1000] }, duration: 1 s }
YAML
sed 's/, r2: {}, r3: {}//; s/, B: .*/ }/; s/three/one/' "$T/three.yaml" >"$T/one.yaml"

ok "a single router is refused" exits 2 "$VRBENCH" search "$T/one.yaml" --of density
sed 's/r3: {}/r3: {}, r4: {}/' "$T/three.yaml" >"$T/four.yaml"
ok "  and so is a router that no network passes" exits 2 "$VRBENCH" search "$T/four.yaml" --of density
like "  which is named" "$(cat "$T/ok.log")" "no network passes router r4"
ok "  and a load" exits 2 "$VRBENCH" search "$T/three.yaml" --of density --at 1000
ok "  and loads of each network's own" exits 2 "$VRBENCH" search "$T/three.yaml" --of density --apart
ok "help explains it" sh -c '"$VRBENCH" search -h | grep -q "With --of density"'

machine_snapshot "$T/before"
"$VRBENCH" search "$T/three.yaml" -o "$T/found" --of density --time-limit 2 \
    --no-stability-check >"$T/table" 2>"$T/err"
status=$?
ok "a search with 1, 2 and 3 routers ends" [ $status -eq 0 -o $status -eq 4 ] || sed 's/^/# /' "$T/err"
rows() { jq -c "[.search[] | $1]" "$T/found/run.json"; }
is "a row for each number of routers and goal, without topology direct" \
    "$(rows '"\(.of) \(.topology) \(.goal) \(.routers)"')" \
    "$(jq -nc '[("0", "0.5%") as $goal | (1, 2, 3) | "density dedicated \($goal) \(.)"]')" ||
    sed 's/^/# /' "$T/table"
is "  with as many networks" "$(rows .networks)" "[1,2,3,1,2,3]"
ok "  whose sum is that of equal loads" jq -e '[.search[] |
    (.total_pps.low // 0) == .networks * (.relevant_lower_pps // 0) and
    (.total_pps.high // 0) == .networks * (.relevant_upper_pps // 0)] | all' "$T/found/run.json"
jq .search "$T/found/run.json" >"$T/search"
conforms "  as the schema describes them" search "$T/search"
ok "  and whose share is that of one alone" jq -e '.search | group_by(.goal) | all(
    .[0].relevant_upper_pps as $alone | all(.share.low == null or $alone == null or
        (.share.low - .relevant_lower_pps / $alone | fabs) < 1e-9))' "$T/found/run.json"
is "trials with different routers are different scenarios" \
    "$(jq -c '"\(.scenario) \(.networks | length)"' "$T/found/points.jsonl" | sort -u |
        grep -vcx '"three-x\([123]\) \1"')" 0
like "a table shows them" "$(tr '\n' ' ' <"$T/table")" "Routers.*dedicated  *64  *0  *1 .*dedicated  *64  *0.5%  *3"
unchanged "nothing is left" "$T/before"
