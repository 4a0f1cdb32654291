#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Man pages: one for each command, without a warning of mandoc, and without a reference to a page that does not
# exist.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
plan 6

pages=${BUILD_DIR:-$(dirname "$VRBENCH")}/man
lint() { mandoc -T lint -W warning "$pages"/*.[15]; }
ok "mandoc has nothing to say" lint
vrbench -h | sed -n '/^Usage/,/COMMAND -h/s/^  \([a-z][-a-z]*\).*/\1/p' >"$T/commands"
ok "the help lists commands" [ "$(wc -l <"$T/commands")" -gt 15 ]
absent=$(while read -r command; do [ -s "$pages/vrbench-$command.1" ] || echo "$command"; done <"$T/commands")
is "each has a page" "$absent" ""
referred=$(sed -n 's/^\.BR \(vrbench[^ ]*\) (\([15]\)).*/\1.\2/p' "$pages"/*.[15] | tr -d '\\' | sort -u)
absent=$(for page in $referred; do [ -s "$pages/$page" ] || echo "$page"; done)
is "pages refer to pages that exist" "$absent" ""
# page NAME — as plain text: mandoc prints bold letters twice.
page() { mandoc -T utf8 -O width=1000 "$pages/$1" | sed "s/.$(printf '\b')//g"; }
page vrbench-cpu.1 >"$T/cpu"
ok "options are those of the program" grep -q -e '-c, --cap PERCENT' "$T/cpu"
page vrbench-scenario.5 >"$T/scenario"
ok "keys are those of a scenario" grep -q 'CPUs that the host and all its routers share; 1 to 4096; default: 1' "$T/scenario"
