# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs beside others
#
# Predictions from a recorded run of one router: the contract of the rows, what is not known, and bad
# input. Measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 43

recorded=$SOURCE_ROOT/tests/net/golden/one-router
cat >"$T/three.yaml" <<'END'
name: three
topologies: [direct, bridged, dedicated]
routers: { r1: {}, r2: { weight: 512 }, r3: { cap: 20 } }
networks: { A: { router: r1 }, B: { router: r2 }, C: { router: r3 } }
traffic: { engine: xdp, lengths: [64, 576, 1500], rates: { pps: [1000] } }
END

json() { jq -e "$@" >/dev/null; }
ok "a set-up of three routers is predicted" \
    sh -c '"$1" predict "$2" --for "$3" --json >"$4"' sh "$VRBENCH" "$recorded" "$T/three.yaml" "$T/rows"
is "  with a row for each topology with routers, length and network" "$(jq length "$T/rows")" 18
ok "  whose curves are complete" json 'all(.[]; .known and (.offered_pps | length) == 20 and
    ([.received_pps, .low_pps, .high_pps] | all(length == 20)))' "$T/rows"
ok "  and receive no more than was offered, within their intervals" json '
    all(.[]; [.offered_pps, .received_pps, .low_pps, .high_pps] | transpose |
        all(.[1] <= .[0] and .[2] <= .[1] and .[1] <= .[3]))' "$T/rows"
ok "  with intervals of throughput and highest rate" json 'all(.[]; [.throughput_pps, .max_pps] |
    all(.low <= .value and .value <= .high and .low >= 0))' "$T/rows"
ok "  and CPU of host, routers and all" json 'all(.[];
    [.cpu[].name] == ["host", "r1", "r2", "r3", "total"] and
    all(.cpu[]; .low <= .percent and .percent <= .high) and .cpu[4].percent <= 100)' "$T/rows"
conforms "  as the schema describes them" predict "$T/rows"
ok "  a cap holds" json 'all(.[].cpu[3].percent_at[]; . <= 20.001)' "$T/rows"
ok "  host uses CPU in bridged only" json 'all(.[]; (.cpu[0].percent > 0) == (.topology == "bridged"))' \
    "$T/rows"
ok "  and the bottleneck is named" json 'all(.[]; .bottleneck | length > 0)' "$T/rows"

"$VRBENCH" predict "$recorded" --for "$T/three.yaml" -o "$T/out" --baselines >"$T/table"
is "the table is at most 80 columns wide" "$(awk 'length > 80' "$T/table" | wc -l)" 0
is "-o writes rows and curves" "$(jq length "$T/out/predict.json") $(wc -l <"$T/out/predict.csv")" \
    "18 361"
is "  and a figure for each topology and length" "$(find "$T/out" -name 'predict_*.svg' -size +3k | wc -l)" 6
is "  with six baselines" "$(jq '[.[].baselines | length] | unique | .[0]' "$T/out/predict.json")" 6

is "options change the scenario" "$("$VRBENCH" predict "$recorded" --for default --routers 4 --length 576 --json |
    jq -c '[(map(.network) | unique | length), (map(.length) | unique)]')" "[4,[576]]"

sed 's/\[64, 576, 1500\]/[64, 3000]/' "$T/three.yaml" >"$T/long.yaml"
ok "a length beyond the points is not known" sh -c '"$1" predict "$2" --for "$3" --json |
    jq -e "map(select(.length == 3000)) | length == 6 and all(.[];
        .known == false and (.why_unknown | test(\"3000 bytes\")) and (has(\"max_pps\") | not))"' \
    sh "$VRBENCH" "$recorded" "$T/long.yaml"

sed 's/r1: {}/r1: { wait: 1 }/; s/router: r3/router: r9/' "$T/three.yaml" >"$T/bad.yaml"
ok "a bad scenario is bad input" exits 2 "$VRBENCH" predict "$recorded" --for "$T/bad.yaml"
"$VRBENCH" predict "$recorded" --for "$T/bad.yaml" 2>"$T/err"
is "  with the place of each problem" \
    "$(grep -cE '^[^ ]*bad\.yaml:[34]:[0-9]+: ' "$T/err")" 2
ok "a folder without a run is bad input" exits 2 "$VRBENCH" predict "$T" --for "$T/three.yaml"
ok "runs without --for, too" exits 2 "$VRBENCH" predict "$recorded"
ok "  and --measure beside runs" exits 2 "$VRBENCH" predict "$recorded" --measure "$T/three.yaml"

sed 's/r1: {}/r1t3: {}/; s/A: { router: r1 }/NET0: { router: r1t3 }/; s/, r2.*/ }/; s/, B.*/ }/' "$T/three.yaml" \
    >"$T/one.yaml"
ok "a prediction is compared with a run of its scenario" sh -c '"$1" predict "$2" --for "$3" \
    --against "$2" --baselines >"$4"' sh "$VRBENCH" "$recorded" "$T/one.yaml" "$T/check"
like "  the errors of each method are printed" "$(cat "$T/check")" "model .*[0-9]"
ok "  and in JSON, the measured figures" sh -c '"$1" predict "$2" --for "$3" --against "$2" --json |
    tee "$4" | jq -e "[.[] | select(.measured) | .measured.max_pps.high > 0] | length == 4 and all"' \
    sh "$VRBENCH" "$recorded" "$T/one.yaml" "$T/against"
conforms "    as the schema describes them" predict "$T/against"
# The options of a run change the number of networks, not the scenario's name.
cp -r "$recorded" "$T/two"
jq -c '.networks += [.networks[0] | .name = "NET1"] | .drops[]?.count *= 2' "$recorded/points.jsonl" >"$T/two/points.jsonl"
is "of several runs, that with as many networks is taken" "$("$VRBENCH" predict "$recorded" --for "$T/one.yaml" --routers 2 \
    --against "$recorded" --against "$T/two" --json | jq '[.[] | select(.measured)] | length')" 8
ok "a run without any of them is bad input" exits 2 "$VRBENCH" predict "$recorded" --for "$T/three.yaml" \
    --against "$recorded" -o "$T/nothing"
is "  but the predictions are written" "$(jq length "$T/nothing/predict.json")" 18
ok "  also with --json" exits 2 "$VRBENCH" predict "$recorded" --for "$T/three.yaml" --against "$recorded" --json
cp -r "$recorded" "$T/fixed"
jq -c '.networks[0].fixed_load = true' "$recorded/points.jsonl" >"$T/fixed/points.jsonl"
is "a network with a rate of its own has no measured throughput" "$("$VRBENCH" predict "$recorded" --for "$T/one.yaml" \
    --against "$T/fixed" --json | jq '[.[].measured | length] | add')" 0

# --- what --measure can't measure ----------------------------------------------------------------

ok "a tester without a CPU of its own is bad input, before anything is measured" \
    exits 2 taskset -c 0 "$VRBENCH" predict --measure "$T/one.yaml" -o "$T/shared"
like "  which names host.cpus" "$(tr -s ' \n' '  ' <"$T/ok.log")" "host.cpus: 1 of 1 usable CPUs"
ok "  and no folder is left" [ ! -e "$T/shared" ]
sed 's|^name: .*|&\nplatform: "qemu:///system"|; s/r1t3: {}/r1t3: { image: vyos.qcow2 }/' "$T/one.yaml" >"$T/image.yaml"
: >"$T/vyos.qcow2"
ok "an image of another system is bad input" exits 2 "$VRBENCH" predict --measure "$T/image.yaml"
like "  since vrbench's guest has other costs" "$(tr -s ' \n' '  ' <"$T/ok.log")" "boot images of their own"

# --- another platform, another machine -----------------------------------------------------------

sed 's|^name: .*|&\nplatform: "qemu:///system"|' "$T/one.yaml" >"$T/machine.yaml"
ok "points of namespaces predict no virtual machine" sh -c '"$1" predict "$2" --for "$3" --json |
    jq -e "length > 0 and all(.[]; .known == false) and
        all(.[] | select(.topology != \"direct\"); .why_unknown |
            test(\"no run on platform qemu:///system: CPU costs of netns do not transfer\"))"' \
    sh "$VRBENCH" "$recorded" "$T/machine.yaml"
# measured_on NAME MACHINE PLATFORM — the recorded run, as if it were of another machine.
measured_on() {
    cp -r "$recorded" "$T/$1"
    jq --argjson machine "$2" --argjson platform "$3" '.machine = $machine | .platform = $platform' \
        "$recorded/run.json" >"$T/$1/run.json"
}
netns='{"name":"netns","kind":"namespaces"}'
measured_on a '{"cpu_model":"A","kernel":"6.18"}' "$netns"
measured_on b '{"cpu_model":"B","kernel":"6.18"}' "$netns"
ok "runs of two machines are not joined" exits 2 "$VRBENCH" predict "$T/a" "$T/b" --for "$T/one.yaml"
like "  with the reason" "$(tr -s ' \n' '  ' <"$T/ok.log")" \
    '/a was measured on A, Linux 6.18, and .*/b on B, Linux 6.18: CPU costs of one do not transfer'
ok "  nor compared" exits 2 "$VRBENCH" predict "$T/a" --for "$T/one.yaml" --against "$T/b"
measured_on update '{"cpu_model":"A","kernel":"6.18.0-26"}' "$netns"
ok "runs before and after an update of the kernel are joined" \
    "$VRBENCH" predict "$T/a" "$T/update" --for "$T/one.yaml"
like "  with a warning" "$(tr -s ' \n' '  ' <"$T/ok.log")" \
    '/a was measured on Linux 6.18, and .*/update on Linux 6.18.0-26: CPU costs may differ'
measured_on next '{"cpu_model":"A","kernel":"6.1"}' "$netns"
ok "  but not of another version" exits 2 "$VRBENCH" predict "$T/a" "$T/next" --for "$T/one.yaml"
measured_on kvm '{"cpu_model":"A","kernel":"6.18"}' '{"name":"libvirt","kind":"machines","emulated":false}'
measured_on tcg '{"cpu_model":"A","kernel":"6.18"}' '{"name":"libvirt","kind":"machines","emulated":true}'
ok "  nor runs of virtualised and of emulated CPUs" exits 2 "$VRBENCH" predict "$T/kvm" "$T/tcg" --for "$T/one.yaml"
