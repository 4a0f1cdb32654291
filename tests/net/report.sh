# SPDX-License-Identifier: GPL-3.0-or-later
#
# From a measurement to a report: a run leaves its page, `vrbench report` adds figures, and either
# says what is wrong with a folder or a machine.
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 22

cat >"$T/short.yaml" <<'END'
name: short
topologies: [direct, bridged]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [1000, 2000] }, duration: 200 ms }
END

# data PAGE — the JSON that a page carries.
data() { sed -n 's/.*id="data">\(.*\)<\/script>$/\1/p' "$1"; }

ok "a run" measured "$T/short.yaml" -o "$T/run"
ok "  leaves its page" test -s "$T/run/report.html"
is "  with every point" "$(data "$T/run/report.html" | jq '.runs[0].points | length')" 4
is "  as they were measured" "$(data "$T/run/report.html" | jq -c '.runs[0].points[]')" \
    "$(jq -c 'del(.networks[].delay_classes)' "$T/run/points.jsonl")"
is "  and the machine's findings" "$(data "$T/run/report.html" | jq -c .runs[0].run.machine)" \
    "$(jq -c .machine "$T/run/run.json")"
ok "  but no figures" test ! -e "$T/run/figures"

rm "$T/run/points.csv" "$T/run/report.xlsx"
ok "report" "$VRBENCH" report "$T/run"
ok "  makes again what was lost" test -s "$T/run/points.csv" -a -s "$T/run/report.xlsx"
figures=$(find "$T/run/figures" -name '*.gp' | sed 's/\.gp$//')
ok "  makes figures" test -n "$figures"
whole=yes
for figure in $figures; do
    [ -s "$figure.svg" ] && [ -s "$figure.png" ] && [ -s "$figure.pdf" ] || whole="no: $figure"
done
is "  each as SVG, PNG and PDF" "$whole" yes
is "  and the page links them all" \
    "$(data "$T/run/report.html" | jq -r '.runs[0].figures[]' | LC_ALL=C sort)" \
    "$(echo "$figures" | sed 's|.*/||' | LC_ALL=C sort)"

is "a run without a controller has no table of contracts" \
    "$("$VRBENCH" report "$T/run" | grep -c "Contracts under") $(find "$T/run" -name control.csv)" "0 "

# A record as a run with --controlled leaves it: a contract broken in one of two points.
cp -r "$T/run" "$T/controlled"
jq -c 'select(.topology == "bridged") | .control = [{router: "r1t3", margin_percent: 12.5} +
    if .requested_pps < 1500 then {contract: "broken", broken_s: 0.3, last_action: "NET0 loses 3 %"}
    else {contract: "kept", broken_s: 0} end]' "$T/run/points.jsonl" >"$T/controlled/points.jsonl"
"$VRBENCH" report "$T/controlled" >"$T/report.out"
like "report prints contracts of a controlled run" "$(cat "$T/report.out")" 'r1t3 +broken +1 +2 +0.30 +12.5'
like "  and the last action" "$(cat "$T/report.out")" 'r1t3, last action: NET0 loses 3 %'
is "  which control.csv has" "$(tail -n +2 "$T/controlled/control.csv" | tr -d '\r')" "r1t3,broken,1,2,0.3,12.5,NET0 loses 3 %"
like "  and a sheet" "$("$(helper zipcat)" "$T/controlled/report.xlsx" xl/workbook.xml)" 'sheet name="Contracts"'
is "  and its JSON" "$("$VRBENCH" report "$T/controlled" --json | jq -c '.control[] | [.run, .router, .broken_points]')" \
    "[\"$T/controlled\",\"r1t3\",1]"
grep -v '"control"' "$T/run/points.jsonl" >"$T/controlled/points.jsonl"
"$VRBENCH" report "$T/controlled" >"$T/report.out"
ok "  without control control.csv goes" test ! -e "$T/controlled/control.csv"

ok "a folder without a run is refused" exits 2 "$VRBENCH" report "$T"
ok "and so is no folder at all" exits 2 "$VRBENCH" report
rm -r "$T/run/figures" "$T/run/report.html"
ok "missing gnuplot is reported" exits 3 env PATH=/nowhere "$VRBENCH" report "$T/run"
ok "  and the page is there all the same" test -s "$T/run/report.html"
