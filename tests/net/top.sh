# SPDX-License-Identifier: GPL-3.0-or-later
#
# What vrbench top says of a standing testbed, against the kernel's own counters read beside it; its
# columns in a pipe and on terminals of several widths; JSON; and the whole screen: keys, a change of
# size, and the terminal as it was on every way out.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 41

cat >"$T/one.yaml" <<'END'
name: one
topologies: [bridged]
routers:
  r1t3: { weight: 256 }
networks:
  NET0: { router: r1t3 }
traffic: { lengths: [256], rates: { pps: [1000] } }
END
XENTOP="NAME STATE CPU(sec) CPU(%) MEM(k) MEM(%) MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k)"
ESCAPE=$(printf '\033')

words() { tr -s ' ' <"$1" | sed 's/^ //; s/ $//'; }

# terminal COLUMNS COMMAND — runs it (a string, for sh) in a terminal of that width and 24 lines;
# what it shows goes to $T/screen.
terminal() {
    script -qefc "stty cols $1 rows 24; $2" "$T/screen" >/dev/null 2>&1 </dev/null
}
# widest FILE — characters of its widest line, control sequences of `script` itself left out.
widest() { grep -v '^Script ' "$1" | tr -d '\r' | awk '{ if (length($0) > most) most = length($0) } END { print most + 0 }'; }

# --- bad usage, and nothing there ----------------------------------------------------------------
machine_snapshot "$T/before"
ok "without a terminal the whole screen is bad usage" exits 2 vrbench top -n 1
ok "a malformed time is, too" exits 2 vrbench top -b -n 1 -d 0
ok "  and no iteration at all" exits 2 vrbench top -b -n 0
ok "  and an order that there isn't" exits 2 vrbench top -b -n 1 -s colour
ok "  and an operand" exits 2 vrbench top -b -n 1 r1t3
"$VRBENCH" top -b -n 2 -d 0.1 >"$T/text"
is "where nothing stands there are headings, one an iteration" "$(words "$T/text")" "$XENTOP
$XENTOP"
"$VRBENCH" top -b -n 1 -d 0.1 >/dev/full 2>"$T/err"
is "a full disk is reported" $? 1

# --- the figures against the kernel's ------------------------------------------------------------
ok "a testbed stands" vrbench up "$T/one.yaml"
testbed_up bridged
"$VRBENCH" console source -- ping -q -f -s 1000 198.19.0.2 >/dev/null 2>&1 &
load=$!
threads=$(router_threads)
# shellcheck disable=SC2086 # a list of threads
first=$(cpu_of $threads)
# shellcheck disable=SC2086
busy() { [ "$(cpu_of $threads)" -gt $((first + 50000000)) ]; }
ok "and is loaded through the router" wait_for 60 busy

# What is read before and after encloses what it says, and that encloses what was read meanwhile.
# Readings are stamped one by one; 20 ms of CPU time are allowed for what lies between, and a stall that
# was longer takes another try.
router='.machines[] | select(.name == "r1t3")'
began_right() { between "$begin" $((cpu0 - 20000000)) $((cpu1 + 20000000)); }
for try in 1 2 3 4 5 6; do
    read_beside "$T/json" "$VRBENCH" top --json -n 1 -d 2 || continue
    end=$(jq "$router | .cpu_seconds * 1e9" "$T/json")
    begin=$(jq ".interval_s as \$s | $router | (.cpu_seconds - .cpu_percent / 100 * \$s) * 1e9" "$T/json")
    if began_right && between "$end" "$cpu2" "$cpu3"; then break; fi
done
is "one iteration is one line of JSON" "$(wc -l <"$T/json")" 1
diag "router: $cpu0 ns before, $begin first, $cpu1 $cpu2 meanwhile, $end then, $cpu3 after"
ok "CPU at the first reading is the kernel's" began_right
ok "  at the second, too" between "$end" "$cpu2" "$cpu3"
ok "  and its percent, from the first iteration on, is not 0" \
    jq -e "$router | .cpu_percent > 0" "$T/json"
is "state, id and networks are there" \
    "$(jq -r "$router | \"\\(.testbed) \\(.state) \\(.nets)\"" "$T/json")" "one running 2"
"$VRBENCH" top --json -v -n 1 -d 0.1 >"$T/parts"
is "  with -v its parts" "$(jq -c "$router | .cpu_parts | map(.name)" "$T/parts")" '["napi"]'
ok "  the host, too" jq -e '.machines[0].name == "host" and .machines[0].id == 0' "$T/json"

"$VRBENCH" top -b -n 3 -d 0.5 >"$T/text"
is "three iterations are three tables" "$(grep -c NAME "$T/text")" 3
is "  with xentop's columns, all of them in a pipe" "$(words "$T/text" | head -n 1)" "$XENTOP"
ok "  and no control sequence" fails grep -q "$ESCAPE" "$T/text"
ok "  and no percent of 0.0 in the first" \
    awk '$1 == "r1t3" { n++; if (n == 1) good = $4 + 0 > 0 } END { exit !(n == 3 && good) }' "$T/text"
is "  states in xentop's letters" "$(awk '$1 == "r1t3" { print $2 }' "$T/text" | sort -u)" "-----r"
"$VRBENCH" top -b -n 1 -d 0.1 -x >"$T/text"
is "its networks are listed one by one" "$(grep -c '^Net[01] RX: .*bytes.* eth[01]$' "$T/text")" 2
"$VRBENCH" top -b -d 0.1 >"$T/text" &
reader=$!
iterations() { [ "$(grep -c NAME "$T/text")" -ge 3 ]; }
ok "without a number it continues" wait_for 60 iterations
kill "$reader"
wait "$reader"
is "  until it is interrupted" $? 130

# --- terminals -----------------------------------------------------------------------------------
terminal 80 "'$VRBENCH' top -b -n 1 -d 0.1"
ok "on 80 columns no line is wider" [ "$(widest "$T/screen")" -le 80 ]
ok "  and what matters is there" grep -q 'NAME *STATE.*CPU(%).*NETTX(k) *NETRX(k)' "$T/screen"
terminal 132 "'$VRBENCH' top -b -n 1 -d 0.1"
ok "on 132 all columns are" grep -qF 'MAXMEM(%)' "$T/screen"

# live TERM ARG... — `vrbench top ARG...` in a terminal; keys go to $T/keys, what is seen to
# $T/screen, the exit status and the terminal's settings before and after to $T/after.
live() {
    live_term=$1
    shift
    rm -f "$T/keys" "$T/after" "$T/screen" "$T/status"
    mkfifo "$T/keys"
    cat >"$T/live.sh" <<END
stty cols 132 rows 24
tty >"$T/tty"
stty -g >"$T/stty.before"
TERM=$live_term "$VRBENCH" top $* 2>"$T/live.err"
echo \$? >"$T/status"
stty -g >"$T/stty.after"
: >"$T/after"
END
    script -qefc "sh $T/live.sh" "$T/screen" <"$T/keys" >/dev/null 2>&1 &
    live_pid=$!
    exec 9>"$T/keys"
}
ended() { [ -e "$T/after" ]; }
shows() { grep -qF -e "$1" "$T/screen"; }
# The program, by its terminal.
program() { pgrep -t "$(sed 's|/dev/||' "$T/tty")" -x 'vrbench(-full)?'; }
# restored — the settings are back, and of entering and leaving the other screen leaving was last.
restored() {
    cmp "$T/stty.before" "$T/stty.after" &&
        grep -ao "$ESCAPE"'\[?1049[hl]' "$T/screen" | tail -n 1 | grep -q '1049l'
}
end_live() {
    exec 9>&-
    wait "$live_pid"
}

live xterm -d 0.2
ok "the whole screen shows the router" wait_for 60 shows r1t3
ok "  with all columns" wait_for 60 shows 'MAXMEM(k)'
printf 's' >&9
ok "  sorts at a key" wait_for 60 shows name
seen=$(stat -c %s "$T/screen")
stty -F "$(cat "$T/tty")" cols 80
narrowed() { tail -c "+$((seen + 1))" "$T/screen" | grep -q 'NAME.*CPU(%).*NETRX'; }
ok "  redraws when the terminal changes" wait_for 60 narrowed
printf 'q' >&9
ok "  and ends at a key" wait_for 60 ended
is "    with status 0" "$(cat "$T/status")" 0
ok "    and the terminal as it was" restored
end_live

for signal in TERM HUP SEGV; do
    live xterm -d 0.2
    wait_for 60 shows r1t3
    kill -"$signal" "$(program)"
    wait_for 60 ended
    ok "the terminal is as it was after SIG$signal" restored
    end_live
done
live dumb -d 0.2
wait_for 60 ended
is "an unsuitable terminal is reported" "$(cat "$T/status")" 3
like "  with what can" "$(cat "$T/live.err")" ' use -b to print'
end_live

kill "$load"
ok "down" vrbench down one
unchanged "nothing is left" "$T/before"
