# SPDX-License-Identifier: GPL-3.0-or-later
#
# Expectations of a scenario: which hold is printed under the table, kept in run.json and on the
# page, and decides the exit status.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 13

cat >"$T/expecting.yaml" <<'END'
name: expecting
topologies: [bridged]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [1000, 2000] }, duration: 100 ms, repeats: 3 }
expect:
  - loss <= 100 %
  - host cpu <= 99 % at 1 Mpps for 64 bytes
  - router cpu >= 9000 % at 1 kpps
END

"$VRBENCH" run -o "$T/run" "$T/expecting.yaml" >"$T/out" 2>"$T/err"
status=$?
# disturbed FOLDER — the machine made a point invalid, and so perhaps undecided what does not hold.
disturbed() { jq -es 'any(.[]; .valid | not)' "$1/points.jsonl"; }
# ends_unmet STATUS FOLDER — as a run does whose expectation does not hold.
ends_unmet() {
    case $1 in
    1) ;;
    0 | 4) disturbed "$2" ;;
    *) return 1 ;;
    esac
}
ok "a run ends with 1, unless it was disturbed" ends_unmet $status "$T/run"

# What other programs disturbed counts here.
jq -c '.valid = true | del(.why_invalid)' "$T/run/points.jsonl" >"$T/points"
mv "$T/points" "$T/run/points.jsonl"
ok "  its points decide, even if measured before" exits 1 "$VRBENCH" run --resume -o "$T/run" \
    "$T/expecting.yaml"
"$VRBENCH" run --resume -o "$T/run" "$T/expecting.yaml" >"$T/out" 2>"$T/err"
like "  what holds" "$(cat "$T/out")" "holds *bridged, 64-byte packets: loss <= 100 %"
like "  what can't be decided" "$(cat "$T/out")" "not decidable *bridged.*host cpu <= 99 % at 1 Mpps"
like "  what does not hold" "$(cat "$T/out")" "does not hold *bridged.*router cpu >= 9000 %"
like "  and the reason of the status" "$(cat "$T/err")" \
    "scenario expecting: an expectation does not hold: bridged, 64-byte packets: router cpu"
is "run.json has all three" "$(jq -c '[.expect[].verdict]' "$T/run/run.json")" \
    '["holds","not decidable","does not hold"]'
is "  and so has the summary as JSON" \
    "$("$VRBENCH" run --resume --json -o "$T/run" "$T/expecting.yaml" 2>/dev/null |
        jq -c '[.[0].expect[].verdict]')" '["holds","not decidable","does not hold"]'
# The same points show the intervals of repeats.
like "repeated loads have intervals" "$(grep -A 9 "Intervals of the medians" "$T/out" | tr '\n' ' ')" \
    "Intervals of the medians over the repeats:.*bridged.*3/[0-9].*An interval of 3 repeats holds with 75 % only; from 6"
is "  as JSON" "$("$VRBENCH" run --resume --json -o "$T/run" "$T/expecting.yaml" 2>/dev/null |
    jq -c '.[0].intervals.max_pps | [.repeats, .confidence]')" '[3,0.75]'
is "  and in medians.csv, a row a load" "$(cut -d, -f11 "$T/run/medians.csv" | paste -sd' ')" \
    "repeats 3 3"
sed 's/^name: .*/name: after/; /^expect/,$d' "$T/expecting.yaml" >"$T/after.yaml"
"$VRBENCH" run -o "$T/two" "$T/expecting.yaml" "$T/after.yaml" >"$T/out" 2>&1
ok "of several scenarios, those after it are measured" \
    test "$(wc -l <"$T/two/after/points.jsonl")" -eq 6
sed -i 's/^  - router.*//' "$T/expecting.yaml"
ok "changed expectations are another scenario" exits 2 "$VRBENCH" run --resume -o "$T/run" \
    "$T/expecting.yaml"
