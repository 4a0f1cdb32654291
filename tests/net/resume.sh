# SPDX-License-Identifier: GPL-3.0-or-later
#
# A run that is stopped keeps what it measured and leaves nothing else; --resume completes it, and
# measures no point twice. A full disk stops it as well. Two runs at once don't meet.
#
# Runs beside others: its checks hold on a busy machine, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 57

cat >"$T/long.yaml" <<'END'
name: long
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64, 512], rates: { pps: [300, 600] }, duration: 100 ms }
END
POINTS=12
cat >"$T/other.yaml" <<'END'
name: other
topologies: [dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [300, 600, 900] }, duration: 100 ms }
END
machine_snapshot "$T/before"

# Every point of the scenario is there just once.
complete() {
    jq -es "length == $POINTS and (map([.topology, .length, .step, .repeat]) | unique | length) == $POINTS" \
        "$1/points.jsonl"
}
status_is() { jq -e --arg is "$2" '.status == $is' "$1/run.json"; }

# interrupted SIGNAL FOLDER POINTS — sends it as soon as so many points are there.
interrupted() {
    start_run "$T/long.yaml" -o "$2"
    wait_for 60 has_points "$2" "$3" || diag "no $3 points"
    kill "-$1" "$run_pid"
    end_run
    is "SIG$1 after $3 points ends the run with status 130" "$run_status" 130 ||
        sed 's/^/# /' "$T/run.err"
    ok "  points are kept" between "$(points "$2")" "$3" $((POINTS - 1))
    ok "  run.json says that it was interrupted" status_is "$2" interrupted
    like "  the message shows how to continue" "$(cat "$T/run.err")" \
        "interrupted: $(points "$2") of $POINTS points? (is|are) saved in $2\. Continue with: vrbench run --resume -o $2 ${run_checks:+$run_checks }$T/long\.yaml"
    unchanged "  nothing else is left" "$T/before"
}

# --- while a testbed is built, in direct, in the last topology ------------------------------------

start_run "$T/long.yaml" -o "$T/early"
wait_for 60 test -e /run/vrbench
kill -INT "$run_pid"
end_run
is "SIGINT while the testbed is built ends the run with status 130" "$run_status" 130
unchanged "  nothing is left" "$T/before"
ok "  it is resumed" measured "$T/long.yaml" -o "$T/early" --resume
ok "  and then complete" complete "$T/early"
ok "  run.json says that it is done" status_is "$T/early" done

interrupted INT "$T/int" 1
cp "$T/int/points.jsonl" "$T/int.before"
ok "a run of another scenario can't resume it" \
    exits 2 "$VRBENCH" run "$T/other.yaml" -o "$T/int" --resume
ok "  nor one of the same with --quick" \
    exits 2 "$VRBENCH" run "$T/long.yaml" -o "$T/int" --resume --quick
printf '{"torn' >>"$T/int/points.jsonl"
cp "$T/int/points.jsonl" "$T/int.torn"
is "  nothing is printed before it is refused" \
    "$("$VRBENCH" run "$T/other.yaml" -o "$T/int" --resume 2>/dev/null)" ""
ok "  not even a torn line is touched" cmp "$T/int/points.jsonl" "$T/int.torn"
cp "$T/int.before" "$T/int/points.jsonl"
like "  nor one of fewer topologies, which is named" \
    "$("$VRBENCH" run "$T/long.yaml" -o "$T/int" --resume --topology direct 2>&1)" \
    "topology bridged: left out now, measured then"
ok "  and the points stay" cmp "$T/int/points.jsonl" "$T/int.before"
ok "it is resumed" measured "$T/long.yaml" -o "$T/int" --resume
ok "  and then complete" complete "$T/int"
ok "  with the earlier points as they were" \
    sh -c 'head -n "$(wc -l <"$1")" "$2" | cmp - "$1"' sh "$T/int.before" "$T/int/points.jsonl"
is "  points.csv has them all" "$(grep -c . "$T/int/points.csv")" $((POINTS + 1))

interrupted TERM "$T/term" 9
printf '{"schema":1,"scenario":"long","topo' >>"$T/term/points.jsonl"
ok "with a torn last line it is resumed as well" measured "$T/long.yaml" -o "$T/term" --resume
ok "  and then complete" complete "$T/term"
ok "  with every sum right" points_sane "$T/term"
cp "$T/term/points.jsonl" "$T/term.before"
ok "a complete run has nothing to resume" measured "$T/long.yaml" -o "$T/term" --resume
ok "  and stays as it is" cmp "$T/term/points.jsonl" "$T/term.before"

# Killed, it could not say anything in run.json; its testbed is cleaned up at the start.
start_run "$T/long.yaml" -o "$T/kill"
wait_for 60 has_points "$T/kill" 2
kill -KILL "$run_pid"
end_run
ok "a killed run is resumed, too" measured "$T/long.yaml" -o "$T/kill" --resume
ok "  and then complete" complete "$T/kill"
unchanged "  and nothing is left of either" "$T/before"
ok "--resume needs a folder" exits 2 "$VRBENCH" run "$T/long.yaml" --resume

# run.json contains no secret: what follows such a word in the scenario is taken out, also in a comment.
cp -r "$T/term" "$T/secret"
jq '.scenario.text += "# password: (redacted)\n"' "$T/term/run.json" >"$T/secret/run.json"
ok "a run whose scenario had a secret isn't resumed without its file" exits 2 "$VRBENCH" run --resume -o "$T/secret"
like "  for which it asks" "$(cat "$T/ok.log")" "run.json lacks a secret of the scenario .*: name its file, too"

# --- the scenario's file is changed while another is measured -------------------------------------

cp "$T/other.yaml" "$T/later.yaml"
sed -i 's/name: other/name: later/' "$T/later.yaml"
sed 's/name: other/name: sooner/; s/100 ms/300 ms/' "$T/other.yaml" >"$T/sooner.yaml"
start_run "$T/sooner.yaml" "$T/later.yaml" -o "$T/both"
wait_for 60 has_points "$T/both/sooner" 1
sed -i 's/lengths: \[64\]/lengths: [1500]/' "$T/later.yaml"
end_run
is "a file that is changed before its turn is measured as it was read" \
    "$(jq .length "$T/both/later/points.jsonl" | sort -u)" 64
like "  and so it is in run.json" "$(jq -r .scenario.text "$T/both/later/run.json")" "lengths: .64."
ok "  which can't be resumed as changed" \
    exits 2 "$VRBENCH" run "$T/later.yaml" -o "$T/both/later" --resume

# --- several scenarios -----------------------------------------------------------------------------

# continues — runs the command by which the last run says to continue.
continues() {
    continued=0
    eval "$(sed -n 's/.*Continue with: vrbench /"$VRBENCH" /p' "$T/run.err")" || continued=$?
    [ "$continued" -eq 0 ] || [ "$continued" -eq 4 ]
}
was_in=$PWD
mkdir "$T/here"
cd "$T/here" || exit
start_run "$T/sooner.yaml" "$T/other.yaml" --seed 7
wait_for 60 sh -c 'grep -q . "$1"/sooner-*/points.jsonl' sh "$T/here"
kill -INT "$run_pid"
end_run
is "of several scenarios without a folder, one is interrupted" "$run_status" 130
ok "  and continued" continues
is "  in its folder" "$(jq -r .status sooner-*/run.json)" done
cd "$was_in" || exit
# shellcheck disable=SC2086 # words
"$VRBENCH" run $run_checks - "$T/other.yaml" -o "$T/mixed" <"$T/sooner.yaml" >"$T/run.out" 2>"$T/run.err" &
run_pid=$!
wait_for 60 has_points "$T/mixed/sooner" 1
kill -INT "$run_pid"
end_run
is "one of standard input beside others is interrupted" "$run_status" 130
continues <"$T/sooner.yaml" >"$T/ok.log" 2>&1
is "  and all are continued" "$? $(jq -r .status "$T/mixed/sooner/run.json" "$T/mixed/other/run.json" | paste -sd,)" "0 done,done"

# --- a full disk ---------------------------------------------------------------------------------

mkdir "$T/small"
mount -t tmpfs -o size=24k vrbench-test "$T/small"
at_exit "umount '$T/small'"
cat >"$T/many.yaml" <<'END'
name: many
topologies: [dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [200] }, duration: 10 ms, repeats: 40 }
END
start_run "$T/many.yaml" -o "$T/small/run"
end_run
is "a full disk ends the run with status 1" "$run_status" 1
like "  which says so" "$(cat "$T/run.err")" "No space left"
is "  names no report, as there is none" \
    "$(grep -c '^Report:' "$T/run.out") $(grep -c '^Results:' "$T/run.out")" "0 1"
ok "  every point but the last fitted is kept whole" \
    jq -es 'length >= 5 and length < 40 and all(.[]; .schema == 1)' "$T/small/run/points.jsonl"
unchanged "  nothing else is left" "$T/before"
mount -o remount,size=4m "$T/small"
ok "given room, it is resumed" measured "$T/many.yaml" -o "$T/small/run" --resume
is "  and complete" "$(jq .repeat "$T/small/run/points.jsonl" | sort -n | uniq | wc -l)" 40

# --- two at the same time ------------------------------------------------------------------------

start_run "$T/long.yaml" -o "$T/first"
first_pid=$run_pid
wait_for 60 has_points "$T/first" 1
ok "a folder that is being written is refused" \
    exits 2 "$VRBENCH" run "$T/long.yaml" -o "$T/first" --resume
measured "$T/other.yaml" -o "$T/second" >"$T/second.log" 2>&1
is "of two runs at once the second finishes" $? 0 || sed 's/^/# /' "$T/second.log"
run_pid=$first_pid
end_run
is "  and so does the first" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
ok "  complete" complete "$T/first"
ok "  with nothing of the other's traffic" sh -c '
    cat "$1/points.jsonl" "$2/points.jsonl" | jq -es "
        all(.networks[] | .lost == 0 and .duplicated == 0 and .corrupt == 0)"' sh "$T/first" "$T/second"
unchanged "  and nothing is left of either" "$T/before"
