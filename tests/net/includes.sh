#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The architecture as the includes show it, and that scripts/check-includes finds what breaks it: each
# violation is planted in a copy of a small tree. The same for the places of a testbed and
# scripts/check-nodes.
#
# Runs beside others. Not under sanitizers: nothing of the program runs here.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
plan 16

check="$SOURCE_ROOT/scripts/check-includes"
# A tree of three rooms: top/a includes middle/b through the contract middle/parts.h.
tree=$T/tree
mkdir -p "$tree/src/bottom" "$tree/src/middle" "$tree/src/top"
printf "subdir('%s')\n" bottom middle top >"$tree/src/meson.build"
printf '| room | owns |\n| --- | --- |\n| `bottom/` | x |\n| `middle/` | y |\n| `top/` | z |\n\n' \
    >"$tree/CONTRIBUTING.md"
# file NAME [INCLUDED...] — a file of the tree.
file() {
    name=$1
    shift
    for included; do printf '#include "%s"\n' "$included"; done >"$tree/src/$name"
}
file bottom/c.h
file bottom/c.c bottom/c.h
file middle/parts.h bottom/c.h
file middle/b.h bottom/c.h
file middle/b.c middle/b.h middle/parts.h version.h
file top/a.h middle/b.h
file top/a.c top/a.h
# finds TEXT — $check fails with that text, in the tree as it was changed; the tree is then as before.
finds() {
    status=0
    "$check" "$T/changed" >"$T/found" 2>&1 || status=$?
    cat "$T/found"
    rm -rf "$T/changed"
    [ "$status" -eq 1 ] && grep -qF "$1" "$T/found"
}
# change FILE LINE... — adds lines to a file of a copy.
change() {
    cp -R "$tree" "$T/changed"
    to=$T/changed/$1
    shift
    printf '%s\n' "$@" >>"$to"
}

ok "this tree is clean" "$check" "$SOURCE_ROOT"
ok "the small tree is" "$check" "$tree"
change src/bottom/c.c '#include "middle/b.h"'
ok "an include upwards is found" finds "src/bottom/c.c:2: bottom/ includes upwards: middle/b.h"
change src/bottom/c.h '  #  include "bottom/d.h"'
echo '#include "bottom/c.h"' >"$T/changed/src/bottom/d.h"
ok "headers that include each other are" finds "headers include each other"
change src/middle/b.c '#include "middle/e.h"'
echo >"$T/changed/src/middle/e.h"
echo '#include "middle/b.h"' >"$T/changed/src/middle/e.c"
ok "files that include each other's headers are" finds "middle/e.c includes middle/b.h"
change src/middle/parts.h '#include "middle/e.h"'
echo >"$T/changed/src/middle/e.h"
echo '#include "middle/b.h"' >"$T/changed/src/middle/e.c"
ok "also through a header without a .c file" finds "middle/parts.h includes middle/e.h"
change src/top/a.c '#include "a.h"'
ok "an include that doesn't begin at src is found" finds "src/top/a.c:2: no such file in src: a.h"
change src/meson.build "subdir('roof')"
ok "a room that CONTRIBUTING.md leaves out is" finds "row 4 of the table of rooms is \"\""
change CONTRIBUTING.md
sed -i "/bottom/d; \$a subdir('bottom')" "$T/changed/src/meson.build"
ok "so is another order" finds "row 1 of the table of rooms is \"bottom\""
change src/top/a.c
mkdir "$T/changed/src/cellar"
echo >"$T/changed/src/cellar/f.c"
ok "a file in no room is" finds "src/cellar/f.c: in no room"
ok "a folder that is not a source tree is bad usage" sh -c '"$1" /proc; [ $? -eq 2 ]' sh "$check"

check="$SOURCE_ROOT/scripts/check-nodes"
mkdir -p "$tree/src/measure" "$tree/src/traffic"
echo '// The testbed has a struct netns for each node.' >"$tree/src/measure/trial.c"
printf '%s\n' 'struct half_ops {' '    int (*open)(const struct netns *const *ns, struct half **ret);' '};' \
    >"$tree/src/traffic/engine.h"
ok "this tree reaches places through their interface" "$check" "$SOURCE_ROOT"
ok "the small tree does" "$check" "$tree"
change src/measure/trial.c '    rc = testbed_counters(testbed, 0, &counters, err);'
ok "a way around it is found" finds "src/measure/trial.c:2: around testbed/node.h"
change src/traffic/engine.h '    const struct netns *source_ns, *sink_ns;'
ok "so is a namespace in a request" finds "src/traffic/engine.h:4: a namespace in a request"
change src/traffic/half.c '    rc = netns_open(path, &ns, err);'
ok "and a half that opens a namespace" finds "src/traffic/half.c:1: opens a namespace itself"
