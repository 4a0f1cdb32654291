# SPDX-License-Identifier: GPL-3.0-or-later
#
# What vrbench xen-stats says, against the kernel's own counters read beside it; the same through a
# real snmpd; and a script of the old kind (old_script) run as it is on the source of a standing
# testbed, against real iperf, snmpd and the packet counters of the nodes.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 42

cat >"$T/one.yaml" <<'END'
name: one
topologies: [bridged, dedicated]
routers:
  r1t3: { weight: 256 }
networks:
  NET0: { router: r1t3 }
traffic: { lengths: [256], rates: { pps: [1000] } }
END
sed 's/^name: one/name: two/; s/r1t3/r2t3/' "$T/one.yaml" >"$T/two.yaml"

SINK=198.19.0.2
HOST=169.254.1.1
OUTPUT_FULL=1.3.6.1.4.1.8072.1.3.2.3.1.2
# net-snmp's names without the IETF's files (Debian: non-free), as described in docs/study-method.md.
export MIBS=NET-SNMP-EXTEND-MIB MIBDIRS="+$SOURCE_ROOT/mibs/names"
# An agent that is short of CPU has time to answer, also to a script that names no time.
mkdir "$T/snmp"
echo 'timeout 20' >"$T/snmp/snmp.conf"
export SNMPCONFPATH="$T/snmp"

# Fields of the text: `value NAME KEY < TEXT`.
value() { awk -v name="$1" -v key="$2:" '$1 == "Name:" { at = $2 } at == name && $1 == key { print $2 }'; }
# strict FILE — nothing but the format, every line of it.
strict() {
    awk 'NR % 6 == 1 { good += /^Name: [^ ]+$/ }
         NR % 6 == 2 { good += /^     cpu_sec: [0-9]+$/ }
         NR % 6 == 3 { good += /^     cpu_percent: [0-9]+\.[0-9]$/ }
         NR % 6 == 4 { good += /^     NETTX: [0-9]+$/ }
         NR % 6 == 5 { good += /^     NETRX: [0-9]+$/ }
         NR % 6 == 0 { good += /^$/ }
         END { exit !(NR > 0 && NR % 6 == 5 && good == NR) }' "$1"
}
names() { sed -n 's/^Name: //p' "$1" | tr '\n' ' '; }

# Independent counts. bytes NODE LINK... — sent.
bytes() {
    node "$1" ip -s -j link | jq "[.[] | select(.ifname | test(\"^eth\")) | .stats64.$2.bytes] | add"
}
packets() { node "$1" ip -s -j link show dev "$2" | jq ".[].stats64.$3.packets"; }
now() { date +%s%N; }

# --- bad usage, and nothing there ----------------------------------------------------------------
machine_snapshot "$T/before"
ok "without a testbed there is nothing to say" vrbench xen-stats -d 0.01
is "  and nothing is printed" "$(vrbench xen-stats -d 0.01)" ""
ok "a malformed time is bad usage" exits 2 vrbench xen-stats -d soon
ok "  none at all too" exits 2 vrbench xen-stats -d 0
ok "a testbed that isn't there is bad input" exits 2 vrbench xen-stats -d 0.01 --testbed nowhere

# --- the text against the kernel's counters ------------------------------------------------------
ok "a testbed stands" vrbench up "$T/one.yaml" --topology bridged
testbed_up bridged
ok "its figures are printed" sh -c '"$VRBENCH" xen-stats -d 0.05 >"$0"' "$T/text"
ok "  in the format" strict "$T/text"
is "  the host first" "$(names "$T/text")" "Domain-0 r1t3 "
ok "  and written to a file" vrbench xen-stats -d 0.05 -o "$T/file"
ok "  in the same format" strict "$T/file"
is "  with nothing left beside it" "$(find "$T" -name 'file?*')" ""
"$VRBENCH" xen-stats -d 0.05 >/dev/full 2>"$T/err"
is "a full disk is reported" $? 1
"$VRBENCH" xen-stats -d 600 -o "$T/never" 2>"$T/err" &
reader=$!
wait_for 60 asleep "$reader"
kill "$reader"
wait "$reader"
is "interrupted, it says so" $? 130
is "  and has written nothing" "$(cat "$T/never" 2>/dev/null)" ""

# A new server for each client: that of iperf 2.1.8 dies of its second or third one.
"$VRBENCH" console sink -- sh -c 'while :; do iperf -s -u -P 1; done' >"$T/server" 2>&1 &
server=$!
ok "iperf serves in the sink" wait_for 60 grep -q 'listening' "$T/server"
"$VRBENCH" console source -- iperf -c "$SINK" -u -b 40M -l 200 -t 600 >/dev/null 2>&1 &
load=$!
moving() { [ "$(bytes r1t3 tx)" -gt 1000000 ]; }
ok "and is loaded through the router" wait_for 60 moving

# What is read before and after encloses what it says, and that encloses what was read meanwhile.
threads=$(router_threads)
for try in 1 2 3; do
    still=no tx0=$(bytes r1t3 tx) rx0=$(bytes r1t3 rx) t0=$(now)
    if read_beside "$T/text" "$VRBENCH" xen-stats -d 3; then
        still=asleep
        break # else held up for too long
    fi
done
tx3=$(bytes r1t3 tx) rx3=$(bytes r1t3 rx) t3=$(now)
percent=$(value r1t3 cpu_percent <"$T/text")
diag "router: $percent %, CPU $cpu0 $cpu1 $cpu2 $cpu3 ns, within $((t3 - t0)) ns"
is "the reading took its time" "$still" asleep
ok "bytes sent lie between the kernel's" between "$(value r1t3 NETTX <"$T/text")" \
    $((tx0 / 1024)) $((tx3 / 1024))
ok "  and those received" between "$(value r1t3 NETRX <"$T/text")" $((rx0 / 1024)) $((rx3 / 1024))
ok "CPU is not more than was used from before to after" \
    awk "BEGIN { exit !($percent > 0 && ($percent - 0.05) / 100 * 3e9 <= $cpu3 - $cpu0) }"
ok "  and not less than within" \
    awk "BEGIN { exit !(($percent + 0.05) / 100 * ($t3 - $t0) >= $cpu2 - $cpu1) }"
ok "CPU seconds too" between "$(value r1t3 cpu_sec <"$T/text")" \
    $((cpu0 / 1000000000)) $((cpu3 / 1000000000))

# A router with another life in between.
"$VRBENCH" xen-stats -d 2 >"$T/text" &
reader=$!
wait_for 60 asleep "$reader"
vrbench reboot r1t3 >/dev/null
wait "$reader"
ok "a router that rebooted meanwhile is reported since its reboot" strict "$T/text"
ok "  not more than it can have used" between "$(value r1t3 cpu_percent <"$T/text")" 0 200
is "  from its beginning" "$(value r1t3 cpu_sec <"$T/text")" "$(value r1t3 cpu_sec <"$T/text" | grep -x '[0-3]')"
end_inside "$load"
vrbench destroy r1t3 >/dev/null
is "one that was destroyed is not listed" "$(vrbench xen-stats -d 0.05 >"$T/text" && names "$T/text")" \
    "Domain-0 "
vrbench create r1t3 >/dev/null
vrbench up "$T/two.yaml" --topology dedicated >/dev/null
is "two testbeds' hosts are one" "$(vrbench xen-stats -d 0.05 >"$T/text" && names "$T/text" | tr ' ' '\n' | sort | xargs)" \
    "Domain-0 r1t3 r2t3"
is "  unless one is asked for" \
    "$(vrbench xen-stats -d 0.05 --testbed two >"$T/text" && names "$T/text")" "Domain-0 r2t3 "
vrbench down two >/dev/null

# --- a real snmpd --------------------------------------------------------------------------------
cat >"$T/snmpd.conf" <<END
agentAddress udp:$HOST:161
rocommunity public 169.254.1.2
extend -cacheTime 1 xen-stats $VRBENCH xen-stats -d 1
END
"$VRBENCH" console host -- snmpd -f -Lf "$T/snmpd.log" -C -c "$T/snmpd.conf" >/dev/null 2>&1 &
snmpd=$!
answers() {
    vrbench console source -- snmpget -t 0.5 -r 0 -v 2c -c public -Ovq "$HOST" 1.3.6.1.2.1.1.3.0 2>/dev/null |
        grep -q :
}
ok "an snmpd answers the source" wait_for 60 answers
walk() { vrbench console source -- snmpwalk -v 2c -c public "$HOST" "$@" 2>"$T/err"; }
walk NET-SNMP-EXTEND-MIB::nsExtendOutputFull >"$T/walk"
like "it serves the text under the name of old" "$(head -n 1 "$T/walk")" \
    '^NET-SNMP-EXTEND-MIB::nsExtendOutputFull."xen-stats" = STRING: Name: Domain-0$'
is "  without a complaint of snmpwalk" "$(cat "$T/err")" ""
sed '1s/^.*STRING: //' "$T/walk" >"$T/text"
ok "  whole" strict "$T/text"
is "  with the names" "$(names "$T/text")" "Domain-0 r1t3 "
like "and under its number, without any names" "$(MIBS='' walk -On ".$OUTPUT_FULL" | head -n 1)" \
    "^\\.$OUTPUT_FULL\\.9\\.120\\.101\\.110\\.45\\.115\\.116\\.97\\.116\\.115 = STRING: \"Name: Domain-0\$"

# --- a script of the old kind --------------------------------------------------------------------
# shellcheck disable=SC2046
set -- $(router_threads)
# unread — datagrams that reached the sink and that no program read: no room, or no reader.
unread() {
    vrbench console sink -- cat /proc/net/snmp |
        awk '/^Udp:/ && $2 ~ /^[0-9]/ { print $3 + $4 }'
}
unread0=$(unread)
sent0=$(packets source s0 tx) got0=$(packets sink k0 rx) cpu0=$(cpu_of "$@") t0=$(now)
PATH="$SOURCE_ROOT/compat:$PATH" TMPDIR=$T LENGTHS="200" RATES="1 20" PAUSE=1 \
    vrbench console source -- "$SOURCE_ROOT/tests/net/old_script" "$SINK" "$HOST" 4 >"$T/rows" 2>"$T/err"
sent=$(($(packets source s0 tx) - sent0)) got=$(($(packets sink k0 rx) - got0))
cpu=$(($(cpu_of "$@") - cpu0)) took=$(($(now) - t0))
sed 's/^/# /' "$T/rows"
is "it prints a row a point" "$(awk 'NF == 6' "$T/rows" | wc -l)" 2
# 1 Mbit/s of 200 bytes are 625 packets/s; iperf may send a few more or less.
ok "with packets sent, as asked" \
    awk '{ wanted = $2 * 1e6 / 8 / $1 * 4; good += ($3 > wanted * 0.8 && $3 < wanted * 1.2) }
        END { exit good != 2 }' "$T/rows"
# Beside the datagrams counted go iperf's own: first and last ones, and the reports coming back.
ok "as many as left the source and no more" \
    between "$(awk '{ sum += $3 } END { print sum }' "$T/rows")" $((sent - 60)) "$sent"
unread=$(($(unread) - unread0))
ok "  of which those not lost reached the sink" \
    between "$(awk '{ sum += $3 - $4 } END { print sum }' "$T/rows")" $((got - unread - 60)) "$got"
diag "sent $sent, received $got, $unread of them unread, router $cpu ns in $took ns"
ok "CPU that rises with the load" \
    awk '{ host[NR] = $5; router[NR] = $6 } END { exit !(host[2] > host[1] && router[2] > router[1]) }' \
    "$T/rows"

end_inside "$snmpd"
end_inside "$server"
ok "down" vrbench down one
unchanged "nothing is left" "$T/before"
