# SPDX-License-Identifier: GPL-3.0-or-later
#
# `vrbench run --rates-from DIR` measures the loads of another run, in their order, and refuses a run
# that lacks some before anything is made.
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/made_up.sh"
isolate --run "$@"
plan 13

made_up first 1 2
# Found in this order by a search; each load has two repeats.
jq -c 'select(.step < 3) | .requested_pps = [700, 300, 500][.step]' "$T/first/points.jsonl" >"$T/points"
mv "$T/points" "$T/first/points.jsonl"

scenario() { # TOPOLOGY RATES
    cat <<END
name: second
topologies: [$1]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], $2 }
END
}
scenario bridged "rates: { auto: 5 }, duration: 50 ms" >"$T/auto.yaml"
scenario bridged "rates: { pps: [100] }, duration: 50 ms" >"$T/fixed.yaml"
scenario dedicated "rates: { auto: 5 }, duration: 50 ms" >"$T/other.yaml"
scenario bridged "profile: { phases: [ { for: 50 ms, rate: 100 } ] }" >"$T/profile.yaml"

loads() { jq -sc 'map(.requested_pps)' "$1/points.jsonl"; }
for form in auto fixed; do
    measures "$T/$form" "$T/$form.yaml" --no-stability-check --rates-from "$T/first" >"$T/out" 2>&1
    is "$form rates are replaced by the run's" "$(loads "$T/$form")" "[300,500,700]"
done
is "  run.json says where they are from" "$(jq -r .rates_from "$T/auto/run.json")" "$T/first"
# A resumed run measures what is missing of the same loads.
sed -i 2d "$T/auto/points.jsonl"
measured "$T/auto.yaml" --resume -o "$T/auto" >"$T/out" 2>&1
is "  a resumed run keeps them" "$(loads "$T/auto" | jq -c sort)" "[300,500,700]"

is "a dry run prints these loads" "$("$VRBENCH" run "$T/auto.yaml" --rates-from "$T/first" --dry-run --json |
    jq -c '.[0] | [.loads, .lowest_pps, .highest_pps]')" "[3,300,700]"

machine_snapshot "$T/before"
ok "  and refuses a run that lacks them" exits 2 "$VRBENCH" run "$T/other.yaml" --dry-run --rates-from "$T/first"
ok "a topology that the run lacks is refused" exits 2 "$VRBENCH" run "$T/other.yaml" \
    --rates-from "$T/first" -o "$T/other"
like "  by name" "$("$VRBENCH" run "$T/other.yaml" --rates-from "$T/first" 2>&1)" \
    "no 64-byte packets in topology dedicated"
ok "so is a scenario with a profile" exits 2 "$VRBENCH" run "$T/profile.yaml" \
    --rates-from "$T/first" -o "$T/profile"
ok "and a folder without a run" fails "$VRBENCH" run "$T/auto.yaml" --rates-from "$T/none" -o "$T/none"
ok "a resumed run has its loads already" exits 2 "$VRBENCH" run "$T/auto.yaml" --resume \
    --rates-from "$T/first" -o "$T/auto"
ok "  and its order" exits 2 "$VRBENCH" run "$T/auto.yaml" --resume --seed 5 -o "$T/auto"
unchanged "  nothing was made" "$T/before"
