# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every topology forwards everything at a low load, networks are counted apart, the run's folder is
# whole, and what can't be done is refused with the right status.
# Runs beside others under sanitizers.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 34

# --- one router, three topologies, three lengths -------------------------------------------------

cat >"$T/one.yaml" <<'END'
name: one
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64, 256, 1500], rates: { pps: [1000] }, duration: 200 ms }
END
machine_snapshot "$T/before"

one=$T/one
measured "$T/one.yaml" -o "$one" --json >"$T/summary.json" 2>"$T/summary.err"
is "a run of three topologies succeeds" $? 0 || sed 's/^/# /' "$T/summary.err"
ok "every sum holds" points_sane "$one"
is "points in order: topology, length" \
    "$(jq -r '"\(.topology) \(.length)"' "$one/points.jsonl" | paste -sd,)" \
    "direct 64,direct 256,direct 1500,bridged 64,bridged 256,bridged 1500,dedicated 64,dedicated 256,dedicated 1500"
for topology in direct bridged dedicated; do
    is "$topology forwards every packet of every length" \
        "$(jq -c "select(.topology == \"$topology\") | .networks[] |
            [.lost, .duplicated, .reordered, .corrupt, .tx == .rx]" "$one/points.jsonl" | sort | uniq -c |
            awk '{ print $1, $2 }')" "3 [0,0,0,0,true]"
done
ok "what was sent is what was requested, or the difference is reported" jq -es '
    all((.networks[0].tx + .networks[0].unsent == 200 and .networks[0].unsent == 0) or
        (.valid | not))' "$one/points.jsonl"
ok "a point without a router names none" jq -es '
    all(.topology != "direct" or (.networks[0] | has("router") | not) and
        ([.cpu[].name] == ["tester"]) and (has("cpu_total_percent") | not))' "$one/points.jsonl"
ok "with one, CPU of host, router and tester are reported" jq -es '
    all(.topology == "direct" or .networks[0].router == "r1t3" and
        [.cpu[].name] == ["host", "r1t3", "tester"] and .cpu[1].percent > 0 and
        .cpu_total_percent > 0 and .cpu[1].ns_per_packet > 0)' "$one/points.jsonl"
ok "bridging costs the host CPU, dedicated links don't" jq -es '
    all((.topology == "bridged") == (.cpu | any(.name == "host" and .percent > 0)))' \
    "$one/points.jsonl"
unchanged "nothing is left of it" "$T/before"

# --- the folder ----------------------------------------------------------------------------------

ok "run.json describes a completed run" jq -e '
    .schema == 1 and .status == "done" and .started <= .ended and .scenario.name == "one" and
    .scenario.topologies == ["direct", "bridged", "dedicated"] and (.error == null) and
    (.scenario.text | contains("lengths: [64, 256, 1500]")) and
    (.machine.kernel | length) > 0 and (.machine.doctor | length) > 3 and
    .placement.shared == (.machine.cpus_usable == 1)' "$one/run.json"
is "its folder holds the five files" "$(ls "$one" | paste -sd' ')" \
    "points.csv points.jsonl report.html report.xlsx run.json summary.csv"
is "points.csv has a heading and a row a point" "$(grep -c . "$one/points.csv")" 10
ok "its rows equal points.jsonl" sh -c '
    tr -d "\r" <"$1/points.csv" | awk -F, "
        NR == 1 { for (i = 1; i <= NF; i++) at[\$i] = i; next }
        { print \$at[\"topology\"], \$at[\"length_bytes\"], \$at[\"tx\"], \$at[\"rx\"], \$at[\"lost\"] }" >"$2/csv"
    jq -r "\"\(.topology) \(.length) \" + (.networks[0] | \"\(.tx) \(.rx) \(.lost)\")" \
        "$1/points.jsonl" >"$2/jsonl"
    diff "$2/csv" "$2/jsonl"' sh "$one" "$T"
ok "report.xlsx is a sound zip file" "$(helper zipcat)" "$one/report.xlsx"
like "it has a sheet Valors" "$("$(helper zipcat)" "$one/report.xlsx" xl/workbook.xml)" \
    '<sheet name="Valors"'
is "it has a chart for each topology and length that has a valid point" \
    "$("$(helper zipcat)" "$one/report.xlsx" | grep -c '^xl/charts/chart[0-9]*\.xml$')" \
    "$(jq -s 'map(select(.valid)) | length' "$one/points.jsonl")"
ok "--json prints the summary: a row a topology, length and network" jq -e '
    length == 9 and all(.[]; .points == 1 and .scenario == "one" and .network == "NET0") and
    ([.[] | select(.invalid == 0)] | all(.throughput_pps.low > 900 and (.throughput_pps | has("high") | not) and
        .pdr_pps.low > 900 and .max_pps.value > 900 and .max_pps.at_least and (.saturated | not)))
    ' "$T/summary.json"

# --- two networks at once ------------------------------------------------------------------------

cat >"$T/two.yaml" <<'END'
name: two
routers: { r1t3: {}, r2t3: {} }
networks: { NET0: { router: r1t3 }, NET1: { router: r2t3 } }
traffic: { lengths: [128], rates: { pps: [400] }, duration: 300 ms }
END
ok "two networks are measured at once" measured "$T/two.yaml" -o "$T/two"
ok "their sums hold" points_sane "$T/two"
ok "each is counted apart and forwards everything" jq -es '
    length == 3 and all(.[]; [.networks[].name] == ["NET0", "NET1"] and
        (.networks | all(.lost == 0 and .rx == .tx and .tx + .unsent == 120)))' "$T/two/points.jsonl"
ok "by a router of its own" jq -es '
    map(select(.topology != "direct")) | length == 2 and
    all(.[]; [.networks[].router] == ["r1t3", "r2t3"] and
        [.cpu[].name] == ["host", "r1t3", "r2t3", "tester"] and
        .cpu[1].percent > 0 and .cpu[2].percent > 0)' "$T/two/points.jsonl"
is "points.csv has a row a point and network" "$(grep -c . "$T/two/points.csv")" 7

# --- narrowed, checked, refused ------------------------------------------------------------------

ok "--topology measures only that" measured "$T/two.yaml" -o "$T/narrow" --topology dedicated
is "  and nothing else" "$(jq -r .topology "$T/narrow/points.jsonl" | paste -sd,)" dedicated

cp -R "$one" "$T/kept"
ok "a folder with a run is refused" exits 2 "$VRBENCH" run "$T/one.yaml" -o "$one"
ok "  and stays as it was" diff -r "$one" "$T/kept"

cat >"$T/bad.yaml" <<'END'
name: bad
colour: blue
routers: { r1t3: {} }
networks: { NET0: { router: r2t3 } }
traffic: { lengths: [64], rates: { pps: [1000] } }
END
exits 2 "$VRBENCH" run "$T/bad.yaml" -o "$T/none" >"$T/bad.out" 2>&1
is "a bad scenario ends with status 2" $? 0
like "  and every problem is named by file, line and column" "$(paste -sd' ' "$T/bad.out")" \
    "bad.yaml:2:1: .*colour.*bad.yaml:4:[0-9]+: .*r2t3"
ok "  before anything is made" fails test -e "$T/none"

# nobody may neither read $T nor the source tree: a place that everybody may read.
mkdir -m 755 /run/open
cp "$VRBENCH" "$VRBENCH-full" "$T/one.yaml" /run/open
chmod 755 /run/open/vrbench /run/open/vrbench-full
chmod 644 /run/open/one.yaml
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
ok "measuring without root ends with status 3" \
    exits 3 nobody /run/open/vrbench run /run/open/one.yaml -o /run/open/none
machine_snapshot "$T/before"
nobody /run/open/vrbench run --check /run/open/one.yaml >"$T/check" 2>&1
is "--check needs no root and shows every node of every topology" \
    "$? $(grep -cE '^   (source|sink|host|r1t3) \((tester|host|router)\)$' "$T/check")" "0 10"
unchanged "--check touches nothing" "$T/before"
