# SPDX-License-Identifier: GPL-3.0-or-later
#
# `vrbench ab A B` measures two scenarios in alternation at the same loads, and compares them; or searches for their
# throughput in alternation.
#
# Runs beside others under sanitizers.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 28

scenario() { # NAME CAP RATES
    cat <<END
name: $1
topologies: [bridged]
routers: { r1t3: { cap: $2 } }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: $3, duration: 50 ms }
END
}
fixed="{ pps: [500, 1000, 2000] }"
scenario free 0 "$fixed" >"$T/free.yaml"
scenario capped 50 "$fixed" >"$T/capped.yaml"
scenario same 0 "{ auto: 3 }" >"$T/auto.yaml"

loads() { jq -sc 'map([.requested_pps, .repeat]) | sort' "$1/points.jsonl"; }
# Ends with 0, or with 4 where a busy neighbour disturbed most of it.
compared() {
    ab_status=0
    "$VRBENCH" ab --json --repeats 3 --seed 5 -o "$T/ab" "$T/free.yaml" "$T/capped.yaml" >"$T/ab.json" || ab_status=$?
    [ $ab_status -eq 0 ] || [ $ab_status -eq 4 ]
}
machine_snapshot "$T/before"
ok "ab measures both and compares them" compared
conforms "  its JSON is as described" compare "$T/ab.json"
is "  each load so many times" "$(loads "$T/ab/free")" \
    "[[500,0],[500,1],[500,2],[1000,0],[1000,1],[1000,2],[2000,0],[2000,1],[2000,2]]"
is "  of the other, too" "$(loads "$T/ab/capped")" "$(loads "$T/ab/free")"
ok "  in the order of the seed" \
    jq -es 'map(.seed) == [5, 5]' "$T/ab/free/run.json" "$T/ab/capped/run.json"
order() { jq -sc 'map([.repeat, .requested_pps])' "$1/points.jsonl"; }
is "  which is the same for both" "$(order "$T/ab/capped")" "$(order "$T/ab/free")"
# A B, B A, A B
not_before() { ! [ "$(jq -r ".$2" "$T/ab/$1/run.json")" \< "$(jq -r ".$4" "$T/ab/$3/run.json")" ]; }
ok "  in alternation" not_before free resumed capped started
ok "  and the last repeat in the order of the first" \
    test "$T/ab/capped/points.jsonl" -nt "$T/ab/free/points.jsonl"
ok "  the comparison is of both" jq -e '.runs | map(.label) == ["free", "capped"]' \
    "$T/ab/compare.json"
# A busy neighbour may disturb all points of one run, which then has no figure.
has_verdicts() {
    jq -e '.verdicts | length > 2' "$T/ab/compare.json" ||
        ! jq -es 'any(.valid)' "$T/ab/free/points.jsonl" ||
        ! jq -es 'any(.valid)' "$T/ab/capped/points.jsonl"
}
ok "  with a verdict or its lack for each figure" has_verdicts
ok "  and a page" test -s "$T/ab/compare.html"
unchanged "  nothing is left" "$T/before"
ok "a folder with runs is refused" exits 2 "$VRBENCH" ab -o "$T/ab" "$T/free.yaml" "$T/capped.yaml"
ok "  a folder that is a run, too" exits 2 "$VRBENCH" ab -o "$T/ab/free" "$T/free.yaml" "$T/capped.yaml"
ok "  before anything is measured" [ ! -e "$T/ab/free/capped" ]
# No tester sends two of these three loads.
scenario much 0 "{ pps: [500, 90000000, 95000000] }" >"$T/much.yaml"
"$VRBENCH" ab --repeats 1 --no-stability-check -o "$T/much" "$T/much.yaml" "$T/much.yaml" >"$T/much.out" 2>&1 && status=0 || status=$?
is "of more than half invalid points the exit status is 4" $status 4 || sed 's/^/# /' "$T/much.out"
"$VRBENCH" run --json --quick --no-stability-check -o "$T/two" "$T/free.yaml" "$T/capped.yaml" >"$T/two.json" 2>"$T/two.err"
is "two scenarios have one JSON summary" "$(jq -c 'map(.scenario) | unique' "$T/two.json")" '["capped","free"]'
ok "one scenario is refused" exits 2 "$VRBENCH" ab -o "$T/one" "$T/free.yaml"
"$VRBENCH" ab --quick --repeats 1 -o "$T/auto" "$T/auto.yaml" "$T/auto.yaml" >"$T/out" 2>&1
is "loads that A finds are B's, too" "$(loads "$T/auto/b")" "$(loads "$T/auto/a")" || cat "$T/out"
is "  as run.json says" "$(jq -r .rates_from "$T/auto/b/run.json")" "$T/auto/a"

# --- searches --------------------------------------------------------------------------------------

ok "short trials of loads are none of a search" exits 2 "$VRBENCH" ab --quick --search -o "$T/no" "$T/free.yaml" "$T/free.yaml"
ok "  and an unknown goal is refused" exits 2 "$VRBENCH" ab --goal fast -o "$T/no" "$T/free.yaml" "$T/free.yaml"
scenario one 0 "$fixed" | sed 's/bridged/dedicated/' >"$T/one.yaml"
sed 's/name: one/name: other/' "$T/one.yaml" >"$T/other.yaml"
# goals SIDE — those whose searches found a bound. Other programs may disturb all trials of a search, or of a side, which
# then is not compared. Then it is tried again.
goals() {
    jq -es 'any(.valid)' "$T/found/$1/points.jsonl" >/dev/null || { echo '[]'; return; }
    jq -c '[.search[] | select((.relevant_lower_pps // 0) > 0 or .relevant_upper_pps) | .goal] | unique' \
        "$T/found/$1/run.json"
}
# Without a valid point on either side there is nothing to compare.
all_disturbed() { [ "$(jq -s 'any(.valid)' "$T"/found/*/points.jsonl)" = false ]; }
for _ in 1 2 3; do
    searched=0
    rm -rf "$T/found"
    "$VRBENCH" ab --goal quick --repeats 2 --no-stability-check -o "$T/found" "$T/one.yaml" "$T/other.yaml" >"$T/out" 2>&1 ||
        searched=$?
    found=$(jq -nc --argjson a "$(goals one)" --argjson b "$(goals other)" '$a - ($a - $b)')
    [ "$found" != '["quick-ndr","quick-pdr"]' ] || break
done
ok "searches of both are compared" sh -c '[ "$1" -eq 0 ] || $2' sh "$searched" "$(all_disturbed && echo true || echo false)" ||
    sed 's/^/# /' "$T/out"
rows() { jq -c '.search | map([.goal, .repeat // 0]) | sort' "$T/found/$1/run.json"; }
is "  each goal so many times" "$(rows one)" '[["quick-ndr",0],["quick-ndr",1],["quick-pdr",0],["quick-pdr",1]]'
is "  of the other, too" "$(rows other)" "$(rows one)"
conforms "  run.json is as described" run "$T/found/other/run.json"
verdicts() { # FILTER
    jq -c "[.verdicts[]? | select(.figure == \"search_pps\")] | $1" "$T/found/compare.json" 2>/dev/null || echo '[]'
}
is "  there is one verdict for each goal" "$(verdicts 'map(.goal) | sort')" "$found"
is "  which two searches cannot decide" \
    "$(verdicts 'map(select(.verdict != "can'"'"'t tell" or .values > 2 or (.values_needed // 4) < 4))')" '[]'
