#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Man pages: one for each command, without a warning of mandoc, and without a reference to a page that does not
# exist.
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
plan 8

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
absent=$(while read -r command; do
    for section in "EXIT STATUS" ENVIRONMENT FILES "SEE ALSO"; do
        grep -q "^\.SH $section\$" "$pages/vrbench-$command.1" || echo "$command: $section"
    done
done <"$T/commands")
is "each page has the sections that readers look for" "$absent" ""
# In the program's source, vrbench(1) describes each variable that vrbench reads, except those of sudo and the like.
page vrbench.1 >"$T/main"
absent=$(grep -rhoE 'getenv\("[A-Z_]+"\)' "$SOURCE_ROOT/src" | grep -oE '[A-Z_]{2,}' | sort -u |
    grep -vxE 'HOME|PATH|SSH_CONNECTION|SUDO_UID|TERM' | while read -r name; do
    grep -qE "^ +($name|.*, $name)\$|^ +$name[, ]" "$T/main" || echo "$name"
done)
is "vrbench(1) describes the variables of the environment" "$absent" ""
page vrbench-scenario.5 >"$T/scenario"
ok "keys are those of a scenario" grep -q 'CPUs that the host and all its routers share; 1 to 4096; default: 1' "$T/scenario"
