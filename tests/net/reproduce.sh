# SPDX-License-Identifier: GPL-3.0-or-later
#
# A small part of the study's programme for real: what claim 8 rests on. It is interrupted, resumed,
# and judged; a run that can't be made is noted and passed over; a busy machine is refused.
#
# Runs beside others: its checks hold on a busy machine, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 51

only="--quick --noisy --claim 8"
json() { jq -e "$@" >/dev/null; }
start_reproduce() {
    "$VRBENCH" reproduce "$@" >"$T/out" 2>"$T/err" &
    run_pid=$!
}
machine_snapshot "$T/before"

# --- what is refused -----------------------------------------------------------------------------

ok "an operand is refused" exits 2 "$VRBENCH" reproduce "$T/r"
ok "a thirteenth claim is refused" exits 2 "$VRBENCH" reproduce --claim 13 -o "$T/r"
ok "two timings are refused" exits 2 "$VRBENCH" reproduce --quick --study-timing -o "$T/r"
ok "--resume needs a folder" exits 2 "$VRBENCH" reproduce --resume
ok "--redo needs --resume" exits 2 "$VRBENCH" reproduce --redo disturbed -o "$T/r"
ok "an unknown platform is refused" exits 2 "$VRBENCH" reproduce --platform vax -o "$T/r"
ok "  and nothing was made of all that" fails test -e "$T/r"

# --- a machine that is not fit -------------------------------------------------------------------

on_busy_machine() { # OPTIONS of reproduce
    timeout 60 sh -c 'while :; do :; done' &
    hog=$!
    exits 1 "$VRBENCH" reproduce --quick --claim 8 --wait-quiet 1 "$@" >"$T/out" 2>"$T/err"
    refused=$?
    kill "$hog"
    { wait "$hog"; } 2>/dev/null
    return $refused
}
on_busy_machine -o "$T/busy"
is "a busy machine is refused" $? 0 || sed 's/^/# /' "$T/err"
like "  the message shows what to do" "$(cat "$T/err")" "not fit for a reproduction now.*--wait-quiet SECONDS.*--noisy"
ok "  and nothing was measured" fails test -e "$T/busy/memory-1"

# --- interrupted ---------------------------------------------------------------------------------

# shellcheck disable=SC2086 # options
start_reproduce $only -o "$T/r"
wait_for 100 has_points "$T/r/memory-2" 1 || diag "no point of memory-2"
# shellcheck disable=SC2086
exits 2 "$VRBENCH" reproduce $only -o "$T/r" --resume 2>"$T/second"
is "a second reproduction in the same folder is refused" $? 0 || sed 's/^/# /' "$T/second"
like "  with the reason" "$(cat "$T/second")" "^vrbench: $T/r is being measured by another reproduction$"
kill -INT "$run_pid"
end_run
is "SIGINT within the second run ends it with status 130" "$run_status" 130 || sed 's/^/# /' "$T/err"
like "  the message shows how to continue" "$(cat "$T/err")" "Continue with: vrbench reproduce --resume -o $T/r --quick --noisy --claim 8"
like "  the rules were printed before" "$(cat "$T/out")" "^8  Memory\. Kernel memory"
like "  and which run of how many continues" "$(cat "$T/err")" "^Run 2 of 5, memory-2: "
ok "  reproduce.json says that it was interrupted" json '.status == "interrupted"' "$T/r/reproduce.json"
ok "  there is a report already" test -s "$T/r/report.html"
ok "  and leaves its claim open" \
    json '.claims[0].verdict == "not decidable here"' "$T/r/reproduce.json"
is "  the first run is whole" "$(points "$T/r/memory-1")" 4
unchanged "  nothing else is left" "$T/before"

# --- under control --------------------------------------------------------------------------------
start_reproduce --quick --noisy --claim 12 -o "$T/c"
wait_for 100 has_points "$T/c/shares-moved" 1 || diag "no point of shares-moved"
kill -KILL "$run_pid"
{ wait "$run_pid"; } 2>/dev/null
is "a run under control that is killed leaves its testbed" \
    "$("$VRBENCH" list --json | jq -r '[.[].testbed] | unique | .[]')" shares-moved
start_reproduce --quick --noisy --claim 12 -o "$T/c" --resume
end_run
ok "  which is replaced when it is resumed, whatever its claim then is" json '
    (.claims | length) == 1 and .claims[0].number == 12 and (.runs | length) == 3' "$T/c/reproduce.json" ||
    sed 's/^/# /' "$T/err"
ok "  with weights that the controller moved" jq -es '
    any(any(.cpu[]; .name == "r1t3" and .weight > 2 * 256))' "$T/c/shares-moved/points.jsonl"
ok "  and the contract in each point" jq -es '
    length > 0 and all(any(.control[]; .router == "r1t3" and .contract != "none"))' "$T/c/shares-moved/points.jsonl"
is "  and its testbed is gone" "$("$VRBENCH" list --json | jq length)" 0
cp "$T/r/memory-1/points.jsonl" "$T/first"

# shellcheck disable=SC2086
ok "it is not started again in the same folder" exits 2 "$VRBENCH" reproduce $only -o "$T/r"
ok "nor resumed with other timing" exits 2 "$VRBENCH" reproduce --claim 8 -o "$T/r" --resume
ok "  and the points stay" cmp "$T/first" "$T/r/memory-1/points.jsonl"

# --- resumed -------------------------------------------------------------------------------------

# shellcheck disable=SC2086
start_reproduce $only -o "$T/r" --resume --json
end_run
is "it is resumed" "$run_status" 0 || sed 's/^/# /' "$T/err"
ok "  without measuring the first run again" cmp "$T/first" "$T/r/memory-1/points.jsonl"
ok "  every point of every run is there just once" sh -c '
    for n in 1 2 4 8; do
        jq -es "length == 4 and (map([.topology, .step, .repeat]) | unique | length) == 4 and
                all(.[]; .networks | length == $n)" "$1/memory-$n/points.jsonl" || exit 1
    done' sh "$T/r"
ok "  --json prints the file" sh -c 'jq -S . "$1" >"$1.a"; jq -S . "$2" | cmp - "$1.a"' \
    sh "$T/out" "$T/r/reproduce.json"
conforms "  as the schema describes it" reproduce "$T/out"
ok "  which is done and has the runs in order" json '
    .schema == 1 and .status == "done" and .quick and .platform == "netns" and
    .started < .ended and ([.runs[].folder] == [
        "memory-1", "memory-2", "memory-4", "memory-8", "memory-16"])' \
    "$T/out"
ok "  and the claim with its rule and verdict" json '
    (.claims | length) == 1 and (.claims[0] | .number == 8 and .title == "Memory" and
    (.verdict | IN("confirmed", "refuted", "not decidable here")) and
    all(.claim, .study_saw, .rule, .measured, .why, .meaning; type == "string" and . != "") and
    .runs == ["memory-1", "memory-2", "memory-4", "memory-8", "memory-16"] and
    all(.values[]; (.name | type) == "string" and (.value | type) == "number"))' "$T/out"
ok "  the figures are those of the points" sh -c '
    jq -e --slurpfile points "$1/memory-16/points.jsonl" '\''
        ([$points[] | select(.topology == "bridged") | .memory |
          map(select(.name != "host")) | select(length > 0) | map(.bytes) | add / 1048576][0]) as $mib |
        [.claims[0].values[] | select(.name == "16 routers, bridged") | .value] as $shown |
        ($shown == [] or ($shown[0] - $mib | fabs) < 0.001)'\'' "$1/reproduce.json"' sh "$T/r"
ok "  report.html has the claim" \
    sh -c 'grep -q "grows linearly with the number of virtual routers" "$1/report.html"' sh "$T/r"
unchanged "  nothing else is left" "$T/before"
ok "a run's scenario can be measured by itself" \
    measured --check "$T/r/memory-4.yaml"

# --- for people, and what can't be run -----------------------------------------------------------

# shellcheck disable=SC2086
ok "what is complete is judged again at once" \
    sh -c '"$1" reproduce '"$only"' -o "$2" --resume >"$3" 2>&1 || [ $? -eq 4 ]' sh "$VRBENCH" "$T/r" "$T/text"
like "  with a table of what the study saw, what is here, and the verdict" "$(cat "$T/text")" \
    "^ *Claim +The study +Here +Verdict"
like "  before the details" "$(grep -o -e '^ *8  Memory  ' -e '^8  Memory: ' "$T/text" | tr -s ' \n' ' ')" \
    "^ ?8 Memory 8 Memory: $"
is "  within 80 columns" "$(sed -n '/^The rules/,$p' "$T/text" | grep -v "$T" | awk 'length > 80' | wc -l)" 0

jq .claims "$T/r/reproduce.json" >"$T/claims"
on_busy_machine -o "$T/r" --resume --redo disturbed
is "a busy machine is refused, too, when points are to be measured again" $? 0 || sed 's/^/# /' "$T/err"
is "  and the verdicts stay" "$(jq .claims "$T/r/reproduce.json")" "$(cat "$T/claims")"

spoil() { jq -c ". + {valid: (.repeat == 0 or $1)} | if .valid then del(.why_invalid) else .why_invalid = \"a test says so\" end"; }
for n in 1 2 4 8 16; do
    spoil "$n > 1" <"$T/r/memory-$n/points.jsonl" >"$T/spoilt"
    cp "$T/spoilt" "$T/r/memory-$n/points.jsonl"
done
# shellcheck disable=SC2086
start_reproduce $only -o "$T/r" --resume --redo disturbed
end_run
is "disturbed points are measured again" \
    "$run_status $(grep -c 'a test says so' "$T/r/memory-1/points.jsonl") $(points "$T/r/memory-1")" "0 0 4"

rm -r "$T/r/memory-4"
sed -i 's/^host:.*/host: { cpus: 1, colour: red }/' "$T/r/memory-4.yaml"
# shellcheck disable=SC2086
start_reproduce $only -o "$T/r" --resume
end_run
is "a run that can't be made is passed over" "$run_status" 0 || sed 's/^/# /' "$T/err"
ok "  noted with the reason" \
    json '.runs[] | select(.name == "memory-4") | .lacking | contains("colour")' "$T/r/reproduce.json"
ok "  and its claim is not decidable" json '
    .claims[0] | .verdict == "not decidable here" and (.why | contains("memory-4 could not be run"))' \
    "$T/r/reproduce.json"
unchanged "  nothing else is left" "$T/before"
