# SPDX-License-Identifier: GPL-3.0-or-later
#
# Files of Xen's, on a machine that needs none: domains' files of xm as part of a scenario, of which
# nothing is executed, and what xentop printed as text for SNMP.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 26

SEEDS=$SOURCE_ROOT/tests/fuzz/corpus
machine_snapshot "$T/before"

# --- xm files ------------------------------------------------------------------------------------
cat >"$T/x.yaml" <<'END'
name: x
platform: xen
topologies: [bridged]
routers: { r1t3: { config: r1t3.cfg } }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [100] }, duration: 1 s }
END
check() { "$VRBENCH" run --check "$T/x.yaml" >"$T/out" 2>"$T/err"; }
places() { cut -d : -f 2,3 "$T/err" | xargs; }

# config FILE — that one, with all files that it names being there.
config() { sed "s|'/[a-z][^',]*|'$T/kernel|; s|'file:[^',]*|'file:$T/kernel|" "$1" >"$T/r1t3.cfg"; }

: >"$T/kernel"
config "$SOURCE_ROOT/scenarios/r1t3.cfg"
ok "a file of the study's form is taken" check
is "  in silence" "$(cat "$T/err")" ""
ok "  with its interfaces' addresses" grep -q '00:16:3e:00:01:01' "$T/out"
config "$SEEDS/xm_config/study"
ok "one with more than a router needs is too" check
like "  which is explained, with its place" "$(cat "$T/err")" 'r1t3\.cfg:12:1: dhcp: not passed on'
like "  all of it" "$(cat "$T/err")" 'r1t3\.cfg:14:17: vif: from here on not made'
config "$SOURCE_ROOT/scenarios/r1t3.cfg"
echo "pci = [ '02:02.0' ]" >>"$T/r1t3.cfg"
ok "one with PCI devices is" check
like "  which says who gives devices" "$(cat "$T/err")" 'r1t3\.cfg:[0-9]+:7: pci: not used: links of the scenario'

cat >"$T/r1t3.cfg" <<END
import os
kernel = "/boot/vmlinuz"
os.system('touch $T/executed')
memory = 32 * 2
bootloader = "$T/r1t3.cfg"
kernal = "/boot/vmlinuz"
END
check
is "one that is a program isn't" $? 2
is "  each position is reported" "$(places)" "1:1 3:1 4:13 6:1"
ok "  and which file it is" [ "$(grep -c "^$T/r1t3.cfg:" "$T/err")" -eq 4 ]
ok "  nothing of it was executed" test ! -e "$T/executed"
"$VRBENCH" run "$T/x.yaml" -o "$T/run" >"$T/out" 2>"$T/err"
is "it is not run either" "$? $(places)" "2 1:1 3:1 4:13 6:1"
ok "  nothing of it was executed" test ! -e "$T/executed" -a ! -e "$T/run"
rm "$T/r1t3.cfg"
check
like "a missing one is reported" "$? $(cat "$T/err")" '^2 .*x\.yaml:4:28: config: .*r1t3\.cfg'

# --- xentop's text -------------------------------------------------------------------------------
cat >"$T/wanted" <<'END'
Name: Domain-0
     cpu_sec: 134
     cpu_percent: 54.7
     NETTX: 0
     NETRX: 0

Name: r1t3
     cpu_sec: 93
     cpu_percent: 14.0
     NETTX: 4472
     NETRX: 4103

Name: r2t3
     cpu_sec: 9
     cpu_percent: 0.7
     NETTX: 0
     NETRX: 1
END
from_xentop() { "$VRBENCH" xen-stats --from-xentop "$@" >"$T/out" 2>"$T/err"; }
two=$SEEDS/xentop_text/two
from_xentop "$two"
is "xentop's output is converted as by the study's script" "$? $(cmp "$T/out" "$T/wanted")" "0 "
from_xentop - <"$two"
is "  from standard input" "$? $(cmp "$T/out" "$T/wanted")" "0 "
# shellcheck disable=SC2002 # a pipe is meant
cat "$two" | from_xentop
is "  from a pipe, without an option" "$? $(cmp "$T/out" "$T/wanted")" "0 "
from_xentop "$two" -o "$T/file"
is "  into a file" "$? $(cmp "$T/file" "$T/wanted")$(cat "$T/out")" "0 "
sed -n '1,/r2t3/p' "$two" | from_xentop
like "the first iteration alone is not believed" "$? $(cat "$T/err" "$T/out")" \
    '^2 .*only the first iteration'
sed '7s/ 14.0 / 14.0x/' "$two" | from_xentop
like "a malformed text is reported by line, without other output" "$? $(cat "$T/err" "$T/out")" \
    '^2 vrbench: .*line 7: CPU\(%\) is "14.0x"'
ok "a file that isn't there is an error" exits 1 "$VRBENCH" xen-stats --from-xentop "$T/nowhere"
ok "two are bad usage" exits 2 "$VRBENCH" xen-stats --from-xentop "$two" "$two"
ok "one without --from-xentop is too" exits 2 "$VRBENCH" xen-stats "$two"
if command -v xentop >/dev/null; then
    from_xentop "$two" -d 0.5 # it would be asked for whole seconds only
    is "a text needs no whole seconds" $? 0
else
    from_xentop </dev/null
    like "without xentop it says what is missing" "$? $(cat "$T/err")" '^3 .*xen-utils'
fi
unchanged "nothing is left" "$T/before"
