# SPDX-License-Identifier: GPL-3.0-or-later
#
# From a measurement to a report: a run leaves its page, `vrbench report` adds figures, and either
# says what is wrong with a folder or a machine.
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 15

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

ok "a folder without a run is refused" exits 2 "$VRBENCH" report "$T"
ok "and so is no folder at all" exits 2 "$VRBENCH" report
rm -r "$T/run/figures" "$T/run/report.html"
ok "missing gnuplot is reported" exits 3 env PATH=/nowhere "$VRBENCH" report "$T/run"
ok "  and the page is there all the same" test -s "$T/run/report.html"
