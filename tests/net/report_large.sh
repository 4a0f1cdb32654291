# SPDX-License-Identifier: GPL-3.0-or-later
#
# A report of 100,000 points: its page stays small and says what it leaves out, the tables have all,
# and it takes little memory.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
plan $((12 - $(sanitized && echo 1 || echo 0)))

mkdir "$T/run"
"$(helper manypoints)" 1000 10 >"$T/run/points.jsonl"
is "there are 100,000 points" "$(points "$T/run")" 100000
ok "a report of them" "$(helper maxrss)" "$T/used" "$VRBENCH" report "$T/run"
read -r memory ms <"$T/used"
diag "$ms ms, $memory KiB"
# Sanitizers take more.
sanitized || ok "  takes at most 300 MB" between "$memory" 1 300000
page=$T/run/report.html
ok "  its page has at most 10 MB" between "$(stat -c %s "$page")" 100000 10000000
sed -n 's/.*id="data">\(.*\)<\/script>$/\1/p' "$page" >"$T/data"
is "  and says how many points there are" "$(jq '.runs[0].points_total' "$T/data")" 100000
ok "  of which it has some" between "$(jq '.runs[0].points | length' "$T/data")" 500 10000
is "  of how many loads it draws some" "$(jq '.runs[0].sweeps[0].steps_total' "$T/data")" 1000
ok "  from the first to the last" jq -e '.runs[0].sweeps | all(.[]; (.steps | length) <= 301 and
    .steps[0].requested == 500 and .steps[-1].requested == 500000)' "$T/data"
is "  and every reason why points are invalid" \
    "$(jq -c '.runs[0].reasons | map(.reason)' "$T/data")" \
    '["background load: other programs used about … % of a measurement CPU"]'
is "points.csv has all" "$(wc -l <"$T/run/points.csv")" 100001
is "  and so has the spreadsheet" \
    "$("$(helper zipcat)" "$T/run/report.xlsx" xl/worksheets/sheet2.xml | grep -o '<row ' | wc -l)" 100001
ok "figures are drawn" test -s "$T/run/figures/many_bridged_64_cpu.svg" -a \
    -s "$T/run/figures/many_dedicated_1500_loss.png"
