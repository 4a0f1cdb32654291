# SPDX-License-Identifier: GPL-3.0-or-later
#
# Measuring on a testbed that stands: the owner lends it, refuses what would change it meanwhile, and
# has it back as it was, also from a killed borrower.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/lent.sh"
isolate --run "$@"
plan 64

scenario() {
    cat <<END
name: ${1-lent}
topologies: [direct, bridged]
routers: { r1t3: { weight: ${2-512} } }
networks: { NET0: { router: ${3-r1t3} } }
traffic: { engine: packet, lengths: [64], rates: { pps: [${4-400, 500}] }, duration: ${5-60 ms} }
END
}
scenario >"$T/lent.yaml"
scenario lent 512 r1t3 "500, 600, 700" "3 s" >"$T/long.yaml"
scenario lent 512 r1t3 "500, 600, 700" "1 s" >"$T/moved.yaml"

machine_snapshot "$T/before"
vrbench run --on lent 2>"$T/err"
is "a testbed that is not there is bad usage" $? 2
like "  which says what to do" "$(cat "$T/err")" 'vrbench up'
ok "up" vrbench up "$T/lent.yaml"
testbed_state "$T/stands" lent r1t3

# --- runs ----------------------------------------------------------------------------------------

ok "its own scenario is measured" measured --on lent -o "$T/own"
ok "  every sum holds" points_sane "$T/own"
is "  in the topology that stands" "$(jq -r .topology "$T/own/points.jsonl" | paste -sd,)" bridged,bridged
is "  without a loss" "$(jq '.networks[0].lost' "$T/own/points.jsonl" | paste -sd,)" 0,0
ok "  run.json has the testbed and its allocations" jq -e '.testbed.name == "lent" and
    .testbed.topology == "bridged" and .testbed.cpu[1] == {"name":"r1t3","weight":512,"cap":0}' "$T/own/run.json"
ok "the testbed is as it was" is_as_before lent r1t3
ok "another load is measured" measured --on lent "$T/long.yaml" --quick -o "$T/other"
is "  which is the file's" "$(jq .requested_pps "$T/other/points.jsonl" | sort -n | head -1)" 500

# --- send ----------------------------------------------------------------------------------------

ok "a load is sent by hand" vrbench send NET0 --pps 2k --length 128 -t 0.4 -i 0.2 --engine packet
cp "$T/ok.log" "$T/sent"
is "  every packet is accounted for" "$(awk '$1 == "Total" { print ($2 <= 800), ($2 > 0), ($2 == $3 + $4) }' "$T/sent")" "1 1 1"
is "  no line is wider than 79 columns" "$(awk 'length > 79' "$T/sent")" ""
ok "  as JSON, too" vrbench send lent/NET0 -t 0.2 -i 0.1 --engine packet --json
cp "$T/ok.log" "$T/sent.json"
ok "    an object for each interval, and the total" jq -es 'length == 3 and
    (.[:2] | all(.networks[0] | .name == "NET0" and .tx > 0 and .tx + .unsent == 1000)) and
    (.[2].total | .tx + .unsent == 2000 and .rx + .lost == .tx)' "$T/sent.json"
vrbench send NET1 2>"$T/err"
is "a network that is not there is bad usage" $? 2
"$VRBENCH" send NET0 -t 0 -i 0.1 --engine packet >"$T/sent" 2>"$T/err" &
run_pid=$!
ok "Ctrl-C" wait_for 60 grep -q ' 0\.2 ' "$T/sent"
kill -INT "$run_pid"
end_run
is "  prints the total" "$run_status $(grep -c Total "$T/sent")" "0 1"

# --- capture -------------------------------------------------------------------------------------

"$VRBENCH" capture r1t3:eth0 lent/sink:k0 -w "$T/c.pcap" --filter udp -s 60 >"$T/captured" 2>"$T/err" &
run_pid=$!
ok "captures at two points" wait_for 60 grep -q 'capturing at 2 points' "$T/err"
vrbench send NET0 --pps 1k -t 0.1 -i 0.1 --engine packet >"$T/sent" 2>&1
kill -INT "$run_pid"
end_run
is "  end with Ctrl-C" "$run_status $(cut -d: -f1,2 "$T/captured" | paste -sd,)" "0 r1t3:eth0,lent/sink:k0"
is "  a file has the packets of its point" "$(tcpdump -r "$T/c-r1t3-eth0.pcap" 2>/dev/null | wc -l)" \
    "$(awk '/^r1t3/ { print $2 }' "$T/captured")"
ok "  and the other one, too" test -s "$T/c-sink-k0.pcap"
vrbench capture r1t3:eth9 -w "$T/none.pcap" 2>"$T/err"
is "an interface that is not there is bad usage" "$? $(grep -c 'r1t3 has no interface eth9' "$T/err")" "2 1"

# --- shares that change meanwhile ----------------------------------------------------------------

cat >"$T/k.yaml" <<END
name: k
contracts: { NET0: { rate: 100000, length: 64, loss: 1 % } }
END
"$VRBENCH" send NET0 -t 0 -i 0.1 --pps 1k --engine packet --json >"$T/sent.json" 2>"$T/err" &
run_pid=$!
at_exit "kill $run_pid"
ok "while a load is sent by hand," wait_for 60 lent_to "$run_pid"
weight=600
# Between two intervals nothing is measured.
changes_within_an_interval() {
    weight=$((weight + 1))
    vrbench cpu r1t3 --weight $weight &&
        jq -e 'select(any(.cpu[]?; .name == "r1t3" and .weight_end > .weight))' "$T/sent.json"
}
ok "  a weight is set, and the interval says so" wait_for 60 changes_within_an_interval
ok "  list shows it" field_is r1t3 weight "$weight"
ok "  a controller sets weights, too" vrbench control "$T/k.yaml" -d 0.5 --policy static
is "    which are equal" "$(field r1t3 weight)" "$(field host weight)"
"$VRBENCH" control "$T/k.yaml" --policy static >"$T/control.out" 2>&1 &
controller=$!
at_exit "kill -KILL $controller"
is_shown() { vrbench top --json -n 1 -d 0.2 | jq -e '.machines[] | select(.name == "r1t3") | .contract'; }
ok "  a controller" wait_for 20 is_shown
kill -KILL "$controller"
{ wait "$controller"; } 2>/dev/null
unequal() { [ "$(field r1t3 weight)" != "$(field host weight)" ]; }
ok "    that is killed leaves the shares of its static plan" wait_for 20 unequal
old_owner=$(owner)
kill -KILL "$old_owner"
ok "  the owner, killed," wait_for 60 gone "$old_owner"
ok "    has a successor that permits changes, too" vrbench cpu r1t3 --weight 800
vrbench down lent 2>"$T/err"
is "    and no others" "$? $(grep -c "lent to process $run_pid" "$T/err")" "1 1"
sent_before=$(grep -c interval "$T/sent.json")
more_is_sent() { [ "$(grep -c interval "$T/sent.json")" -gt $((sent_before + 1)) ]; }
ok "  sending goes on" wait_for 60 more_is_sent
kill -KILL "$run_pid"
{ wait "$run_pid"; } 2>/dev/null
ok "  the sender, killed, gives it back" wait_for 60 vrbench reboot r1t3
ok "  with the weight that was set last" field_is r1t3 weight 800
ok "a run that permits changes" borrow lent "$T/moved.yaml" --controlled --no-stability-check -o "$T/moved"
ok "  does so" vrbench cpu r1t3 --weight 900
run_points() { has_points "$T/moved" 1; }
wait_for 60 run_points
kill -INT "$run_pid"
end_run
ok "  and its points and run.json say so" jq -es '(.[0].testbed.controlled) and (.[1:] | length > 0 and
    all(.cpu[] | select(.name == "r1t3") | .weight > 0))' "$T/moved/run.json" "$T/moved/points.jsonl"
vrbench run --controlled "$T/moved.yaml" -o "$T/none" 2>"$T/err"
is "without --on there is nothing to permit" $? 2
vrbench cpu host --weight 256 >"$T/cpu.out"
vrbench cpu r1t3 --weight 512 >"$T/cpu.out"
vrbench down lent >"$T/down.out"
vrbench up "$T/lent.yaml" >"$T/up.out"
testbed_state "$T/stands" lent r1t3 # of its new life

# --- scenarios that don't fit --------------------------------------------------------------------

refused() {
    vrbench run --on lent "$T/wrong.yaml" -o "$T/refused" 2>"$T/err"
    is "$1 is refused" $? 2
    like "  with the reason" "$(cat "$T/err")" "$2"
}
scenario lent 300 >"$T/wrong.yaml"
refused "another weight" 'r1t3 has weight 512 .* and weight 300 .*vrbench cpu'
scenario | sed 's/r1t3/r2t3/g' >"$T/wrong.yaml"
refused "another router" 'router r1t3 where the scenario has router r2t3'
ok "  and nothing was written" fails test -e "$T/refused"

# --- while it is lent ----------------------------------------------------------------------------

ok "a run has the testbed" borrow lent "$T/long.yaml" -o "$T/long"
for command in "down lent" "cpu r1t3 --weight 300" "reboot r1t3" "run --on lent -o $T/two"; do
    # shellcheck disable=SC2086 # words
    vrbench $command 2>"$T/err"
    is "$command is refused meanwhile" "$? $(grep -c "lent to process $run_pid" "$T/err")" "1 1"
done
is "list shows it" "$(field r1t3 state)" running
# The owner is killed: the next one continues the loan.
old_owner=$(owner)
kill -KILL "$old_owner"
ok "  the owner, killed," wait_for 60 gone "$old_owner"
vrbench down lent 2>"$T/err"
is "  has a successor that refuses, too" "$? $(grep -c "lent to process $run_pid" "$T/err")" "1 1"
socket=/run/vrbench/run-$run_pid
ok "the borrower answers on its socket" wait_for 60 test -S "$socket"
kill -KILL "$run_pid"
wait "$run_pid" 2>/dev/null
ok "  killed, it gives the testbed back" wait_for 60 vrbench cpu r1t3 --weight 512
ok "  as it was" wait_for 60 is_as_before lent r1t3
ok "  and its socket is removed" [ ! -e "$socket" ]
# shellcheck disable=SC2086 # words
"$VRBENCH" run $run_checks --on lent - -o "$T/stopped" <"$T/long.yaml" >"$T/run.out" 2>"$T/run.err" &
run_pid=$!
ok "a run of standard input that is interrupted" wait_for 60 has_points "$T/stopped" 1
kill -INT "$run_pid"
end_run
is "  ends with 130" "$run_status" 130
like "  names it in the command that continues" "$(cat "$T/run.err")" "--on lent .* ?-$"
ok "  and the testbed is as it was" is_as_before lent r1t3
ok "down" vrbench down lent
unchanged "  to nothing" "$T/before"
