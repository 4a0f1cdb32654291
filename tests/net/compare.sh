# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs for real, set side by side: starts are timed, caps and the platform recorded, what has no
# counterpart is reported, and bad folders are refused.
#
# Runs beside others under sanitizers.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 24

cat >"$T/one.yaml" <<'END'
name: sides
topologies: [direct, bridged]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64, 256], rates: { pps: [1000, 2000] }, duration: 200 ms }
END
sed 's/\[64, 256\]/[64, 1024]/; s/{ r1t3: {} }/{ r1t3: { cap: 50 } }/' "$T/one.yaml" >"$T/other.yaml"

json() { jq -e "$@" >/dev/null; }
ok "a run" measured "$T/one.yaml" -o "$T/one"
ok "  says what its platform was" json '.platform | .name == "netns" and .kind == "namespaces"' \
    "$T/one/run.json"
is "  times the start of its router in each bridged point" \
    "$(jq -s '[.[] | select(.topology == "bridged" and (.start | length) == 1 and
        .start[0].name == "r1t3" and .start[0].ns > 0)] | length' "$T/one/points.jsonl")" 4
is "  and of none in direct" "$(jq -s '[.[] | select(.topology == "direct" and .start)] | length' \
    "$T/one/points.jsonl")" 0
is "  and has no cap anywhere" "$(jq -s '[.[].cpu[].cap // empty] | length' "$T/one/points.jsonl")" 0
capped=yes
measured "$T/other.yaml" -o "$T/other" >"$T/out" 2>"$T/err"
case $? in
0) pass "another, with a cap" ;;
3)
    capped=
    skip "another, with a cap" "no cap can be held here"
    "$VRBENCH" run -o "$T/other" "$T/one.yaml" >/dev/null
    ;;
*) flunk "another, with a cap" && diag <"$T/err" ;;
esac
if [ -n "$capped" ]; then
    is "  records it in each bridged point" \
        "$(jq -s '[.[] | select(.topology == "bridged") | .cpu[] | select(.name == "r1t3") | .cap] |
            unique' -c "$T/other/points.jsonl")" "[50]"
else
    skip "  records it" "no cap can be held here"
fi

# Other programs may have disturbed every one of them; here they are to be compared all the same.
for run in one other; do
    jq -c '.valid = true | del(.why_invalid)' "$T/$run/points.jsonl" >"$T/points"
    mv "$T/points" "$T/$run/points.jsonl"
done
ok "they are compared" "$VRBENCH" compare "$T/one" "$T/other"
"$VRBENCH" compare "$T/one" "$T/other" >"$T/tables"
if [ -n "$capped" ]; then
    like "  a length that only one side has is reported" "$(cat "$T/tables")" \
        "bridged, 256-byte packets: not measured in other"
    like "  on either side" "$(cat "$T/tables")" "bridged, 1024-byte packets: not measured in one"
    like "  and another cap" "$(cat "$T/tables")" "r1t3 had a cap of 50 % in other, no cap in one"
else
    for what in "a length" "another length" "another cap"; do
        skip "  $what is reported" "no cap can be held here"
    done
fi
ok "  as JSON too" sh -c '"$VRBENCH" compare --json "$1" "$2" >"$3"' - "$T/one" "$T/other" "$T/json"
ok "  with a ratio for every figure of what both have" json '
    .rows[] | select(.run == "other" and .topology == "bridged" and .length_bytes == 64) |
    .compared and .max_ratio > 0 and .router_ns_ratio > 0 and .host_ns_ratio > 0 and
    .start_ratio > 0' "$T/json"
ok "  and into a folder" "$VRBENCH" compare "$T/one" "$T/other" -o "$T/compared"
whole=yes
for file in compare.csv compare-caps.csv compare.json compare.html \
    figures/compare_sides_rates.svg figures/compare_sides_rates.png figures/compare_sides_rates.gp; do
    [ -s "$T/compared/$file" ] || whole="no $file"
done
is "  that has everything" "$whole" yes
is "  the same as was printed" "$(jq -c .rows "$T/compared/compare.json")" "$(jq -c .rows "$T/json")"

ok "one folder is not enough" exits 2 "$VRBENCH" compare "$T/one"
ok "the same twice is refused" exits 2 "$VRBENCH" compare "$T/one" "$T/other/../one"
ok "a folder that isn't there is refused" exits 2 "$VRBENCH" compare "$T/one" "$T/nowhere"
ok "one without a run, too" exits 2 "$VRBENCH" compare "$T/one" "$T/compared"
ok "a run's folder is no place for a comparison" exits 2 \
    "$VRBENCH" compare "$T/one" "$T/other" -o "$T/one"
sed 's/"bridged"/"dedicated"/; s/"direct"/"x"/' "$T/one/points.jsonl" | jq -c 'select(.topology == "dedicated")' \
    >"$T/dedicated"
mkdir "$T/alone" && cp "$T/one/run.json" "$T/alone" && mv "$T/dedicated" "$T/alone/points.jsonl"
ok "nothing in common is an error" exits 2 "$VRBENCH" compare "$T/one" "$T/alone"
jq '.schema = 7' "$T/one/run.json" >"$T/alone/run.json"
ok "another version's format, too" exits 2 "$VRBENCH" compare "$T/one" "$T/alone"
ok "missing gnuplot is reported" exits 3 env PATH=/nowhere "$VRBENCH" compare "$T/one" "$T/other" \
    -o "$T/undrawn"
