# SPDX-License-Identifier: GPL-3.0-or-later
#
# Verdicts of `vrbench compare` on made-up runs: the words, the exit status for a threshold, JUnit
# and Markdown, and what differs between the machines.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/made_up.sh"
plan 20

made_up a 1
made_up b 0.9
made_up again 1.002
made_up once 0.5 1
jq '.machine.governor = "powersave" | .machine.mitigations = "meltdown: Vulnerable"' \
    "$T/b/run.json" >"$T/run.json" && mv "$T/run.json" "$T/b/run.json"

words() { jq -c "[.verdicts[] | select($2) | .verdict] | unique" "$T/$1.json"; }
for other in b again once; do
    vrbench compare --json "$T/a" "$T/$other" >"$T/$other.json"
done
is "a slower router is worse in its max rate" "$(words b '.figure == "max_pps"')" '["worse"]'
is "  and in CPU time per packet" "$(words b '.figure == "router_ns_per_packet"')" '["worse"]'
ok "  by its ratio" jq -e '.verdicts[] | select(.figure == "max_pps") |
    .ratio_low > 0.88 and .ratio_high < 0.92' "$T/b.json"
is "a faster one is better" "$(vrbench compare --json "$T/b" "$T/a" |
    jq -r '.verdicts[] | select(.figure == "max_pps") | .verdict')" better
is "a difference within the margin is none" "$(words again '.figure == "max_pps"')" '["same"]'
is "a run without repeats does not tell its rates" "$(words once '.figure == "max_pps"')" \
    '["can'"'"'t tell"]'
ok "  and how many would" jq -e '.verdicts[] | select(.figure == "max_pps") | .values == 1 and
    .values_needed >= 4' "$T/once.json"
like "  in the tables, too" "$(vrbench compare "$T/a" "$T/once")" \
    "Verdicts on rates require [0-9]* valid repeats"
like "a verdict is in the tables" "$(vrbench compare "$T/a" "$T/b")" \
    "bridged *64 *max rate .* worse"
like "  and what differs between the machines" "$(vrbench compare "$T/a" "$T/b")" \
    "The frequency governor differs: powersave in b, performance in a."
ok "within the threshold, the status is 0" vrbench compare --threshold 15 "$T/a" "$T/b"
ok "beyond it, 1" exits 1 "$VRBENCH" compare --threshold 5 "$T/a" "$T/b"
like "  with the worst figure" "$(vrbench compare --threshold 5 "$T/a" "$T/b" 2>&1 >/dev/null)" \
    "certainly worse than in a by more than 5 %; the worst is .* of made-up, bridged, 64-byte"
ok "what can't be told does not fail" vrbench compare --threshold 5 "$T/a" "$T/again"
ok "JUnit" vrbench compare "$T/a" "$T/b" --junit "$T/junit.xml"
like "  has a failure for each worse figure" "$(cat "$T/junit.xml")" \
    '<testcase classname="made-up, bridged, 64-byte packets" name="max rate of b"><failure'
is "  and the counts" "$(grep -c '<failure' "$T/junit.xml")" \
    "$(sed -n 's/.*failures="\([0-9]*\)".*/\1/p' "$T/junit.xml")"
like "Markdown" "$(vrbench compare --markdown "$T/a" "$T/b")" \
    "| bridged | 64 | .* | max rate |.*| worse |"
ok "  excludes JSON" exits 2 "$VRBENCH" compare --markdown --json "$T/a" "$T/b"
ok "  and a threshold of 0 is refused" exits 2 "$VRBENCH" compare --threshold 0 "$T/a" "$T/b"
