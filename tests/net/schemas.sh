#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# JSON Schemas: each describes what vrbench writes or reads, without a key more or less. This file checks the
# record and the outputs of one small run and of a standing testbed; the tests of doctor, image, predict,
# advise, reproduce and search check theirs.
# Runs beside others: its figures do not matter.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 42
. "$SOURCE_ROOT/tests/net/lib/made_up.sh"

schemas=${BUILD_DIR:-$(dirname "$VRBENCH")}/schemas

# --- files that people write ---------------------------------------------------------------------

conform() { "$SOURCE_ROOT/tests/net/lib/conforms.py" "$schemas/$1.schema.json" "$2" ${3-}; }
# shellcheck disable=SC2046 # our own file names
ok "every scenario that is installed conforms" "$SOURCE_ROOT/tests/net/lib/conforms.py" \
    "$schemas/scenario.schema.json" $(ls "$SOURCE_ROOT"/scenarios/*.yaml | grep -v /contracts.yaml)
ok "  and the contracts do" conform contracts "$SOURCE_ROOT/scenarios/contracts.yaml"
for file in unknown-key no-unit missing-keys; do
    ok "a scenario with the problem $file does not" \
        fails conform scenario "$SOURCE_ROOT/tests/bad-scenarios/$file.yaml"
done

# --- what would be measured ----------------------------------------------------------------------

"$VRBENCH" run --dry-run --json default scenario-1 >"$T/forecast"
conforms "run --dry-run --json conforms, of loads that are given or found" forecast "$T/forecast"
jq -c 'map(del(.about_s))' "$T/forecast" >"$T/timeless"
ok "  not without the time that it takes" fails conform forecast "$T/timeless"

# --- a run ---------------------------------------------------------------------------------------

cat >"$T/small.yaml" <<END
name: small
topologies: [direct, bridged]
routers: { r1t3: { weight: 300 } }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [1000] }, duration: 100 ms, repeats: 2 }
expect: [throughput >= 100 pps]
END
measure_small() { measured "$T/small.yaml" -o "$T/measured" --json >"$T/summary"; }
ok "a run is measured" measure_small
conforms "  run.json conforms" run "$T/measured/run.json"
conforms "  every point does" point "$T/measured/points.jsonl" --lines
conforms "  the summary does" summary "$T/summary"
jq -c 'select(.topology == "direct") | .surprise = 1' "$T/measured/points.jsonl" >"$T/odd"
jq -c 'select(.topology == "direct") | del(.networks[0].lost)' "$T/measured/points.jsonl" >"$T/short"
ok "  a point with another key does not" fails conform point "$T/odd" --lines
ok "  nor one that lacks a key" fails conform point "$T/short" --lines

# --- what is made from runs ----------------------------------------------------------------------

# The examples of docs/results.md read the folder run.
example() { awk -v begin="\`\`\`$1" '$0 == "```" { on = 0 } on; $0 == begin { on = 1 }' "$SOURCE_ROOT/docs/results.md"; }
cd "$T" || exit 1
made_up run 1 3 "bridged dedicated"
made_up faster 2
vrbench report run --json >"$T/report"
conforms "report --json conforms" report "$T/report"
cp -r run controlled
jq -c '.control = [{router: "r1t3", contract: "broken", broken_s: 0.1, margin_percent: -3.5, last_action: "why"}]' \
    run/points.jsonl >controlled/points.jsonl
vrbench report controlled --json >"$T/report"
conforms "  also of a controlled run" report "$T/report"
vrbench compare run faster --json >"$T/compare"
conforms "compare --json conforms" compare "$T/compare"
example jq >points.jq
is "the example of jq reads the points" "$(jq -r -f points.jq run/points.jsonl | grep -c NET0)" 48
example gnuplot >points.gp
ok "the example of gnuplot reads points.csv" gnuplot points.gp
ok "  and draws a figure" grep -q '</svg>' forwarded.svg
example python >points.py
ok "the example of pandas reads points.csv" env MPLCONFIGDIR="$T" MPLBACKEND=agg /usr/bin/python3 points.py
like "  and prints medians" "$(cat "$T/ok.log")" '^bridged +64 +'
ok "  and draws a figure" grep -q IHDR forwarded.png
example r >points.r
ok "the example of R reads points.csv" Rscript --vanilla points.r
like "  and prints medians" "$(cat "$T/ok.log")" '^1 +bridged +64 +'

# --- a standing testbed --------------------------------------------------------------------------

ok "a testbed is up" vrbench up "$T/small.yaml" --topology bridged
vrbench list --json >"$T/list"
conforms "  list --json conforms" list "$T/list"
vrbench list --long --json >"$T/long"
conforms "  list --long --json does" list-long "$T/long"
vrbench cpu --json >"$T/cpu"
conforms "  cpu --json does" cpu "$T/cpu"
vrbench top -n 1 -d 1 -x -v --json >"$T/top"
conforms "  top --json does" top "$T/top" --lines
for what in small small/r1t3; do
    vrbench inspect $what >"$T/inspect"
    conforms "  inspect ${what#small/} conforms" inspect "$T/inspect"
done
measured_send() { vrbench send NET0 --pps 1k -t 0.4 -i 0.2 --json >"$T/send" || [ $? -eq 4 ]; }
ok "  packets are sent by hand" measured_send
conforms "  send --json conforms" send "$T/send" --lines
cat >"$T/contracts.yaml" <<END
name: small
platform: netns
goal: contracts
host: { cpus: 1 }
contracts: { NET0: { rate: 500, length: 64, loss: 1 % } }
END
ok "  a contract is controlled" sh -c '"$VRBENCH" control "$1" --advise -d 0.5 --json >"$2"' - "$T/contracts.yaml" "$T/control"
conforms "  control --json conforms" control "$T/control"
"$VRBENCH" control "$T/contracts.yaml" >"$T/control.out" 2>&1 &
controller=$!
at_exit "kill $controller"
inspected() { vrbench inspect small >"$T/inspect" && jq -e '.[0].control.r1t3.contract' "$T/inspect"; }
ok "  while a controller acts, inspect has control" wait_for 20 inspected
conforms "    and conforms" inspect "$T/inspect"
vrbench list --json | tee "$T/list" | jq -e 'any(.[]; has("contract"))' >/dev/null || echo "no contract" >"$T/list"
conforms "    list does, with the contract" list "$T/list"
vrbench top -n 1 -d 0.2 --json | tee "$T/top" | jq -e 'any(.machines[]; has("contract"))' >/dev/null || echo "no contract" >"$T/top"
conforms "    and top" top "$T/top" --lines
{ kill $controller && wait $controller; } 2>/dev/null
vrbench reboot r1t3 --json >"$T/router"
conforms "  reboot --json does" router "$T/router"
ok "  it is removed" vrbench down "$T/small.yaml"
vrbench cleanup --json >"$T/cleanup"
conforms "cleanup --json conforms" cleanup "$T/cleanup"
