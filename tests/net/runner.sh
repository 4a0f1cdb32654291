#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# tests/run itself, on a source tree of small scripts: a file that fails once is repeated, counted by its
# second run and listed; one that fails twice has failed; a sanitizer's report or a signal is final.
# Runs beside others.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
plan 18

tree=$T/tree
mkdir -p "$tree/tests/net" "$tree/tests/unit" "$tree/tests/browser" "$tree/tests/vm" "$tree/tests/fuzz" "$T/build"
cp "$SOURCE_ROOT/tests/run" "$tree/tests/run"
: >"$tree/tests/skips-allowed"
# script NAME BODY — a test of that tree; $FIRST there is true in its first run.
script() {
    cat >"$tree/tests/net/$1.sh" <<END
FIRST=false
[ -e "$T/$1.ran" ] || FIRST=true
: >"$T/$1.ran"
echo 1..2
echo "ok 1 - begins"
$2
END
}
# runner [ARGUMENT...] — tests/run on that tree as if for the first time; its output is in $T/log.
runner() {
    rm -f "$T"/*.ran
    CI=true TEST_REPEATS='' TEST_BESIDE='' "$tree/tests/run" "$T/build" "$@" >"$T/log" 2>&1
}

script good 'echo "ok 2 - goes on"'
script once 'if $FIRST; then echo "not ok 2 - holds"; echo "#   a stall"; else echo "ok 2 - holds"; fi'
ok "a tree passes in which one file fails once" runner
is "  the second run of that file counts" "$(tail -n 1 "$T/log")" "4 passed, 0 failed, 0 skipped"
like "  its first run is shown where it happened" "$(cat "$T/log")" "again net/once  *1 passed, 1 failed"
like "  and at the end" "$(sed -n '/^failed at first, and repeated:/,$p' "$T/log")" "net/once: not ok 2 - holds"
like "  with what its check says" "$(sed -n '/^failed at first, and repeated:/,$p' "$T/log")" "a stall"
ok "without repeats it fails" exits 1 env CI=true TEST_REPEATS=0 sh -c "rm -f '$T'/*.ran; '$tree/tests/run' '$T/build'"
ok "selected by a pattern it is not repeated" exits 1 runner --only net/once

script twice 'echo "not ok 2 - holds"'
ok "a file that fails twice has failed" exits 1 runner
is "  and is counted once" "$(tail -n 1 "$T/log")" "5 passed, 1 failed, 0 skipped"
rm "$tree/tests/net/twice.sh"

script memory 'if $FIRST; then echo "ERROR: AddressSanitizer: heap-use-after-free" >&2; fi; echo "ok 2 - holds"'
ok "a sanitizer's report is final" exits 1 runner
rm "$tree/tests/net/memory.sh"
script killed 'if $FIRST; then kill -SEGV $$; fi; echo "ok 2 - holds"'
ok "so is a death by a signal" exits 1 runner
rm "$tree/tests/net/killed.sh"
script skips 'if $FIRST; then echo "ok 2 - holds # SKIP no wish"; else echo "ok 2 - holds"; fi'
ok "so is a skip that is not allowed" exits 1 runner
like "  which is named" "$(cat "$T/log")" "skipped where none may be: holds .no wish"
rm "$tree/tests/net/skips.sh"

# order — of the files' lines.
order() { sed -n 's/^ok  *net\/\([a-z]*\) .*/\1/p' "$T/log" | paste -sd' '; }
script zeal '# Runs beside others under sanitizers.
echo "ok 2 - holds"'
runner
is "a file that runs beside others under sanitizers measures in other builds" "$(order)" "good zeal once"
echo 'int main(void) { return 0; }' | gcc -fsanitize=address -x c - -o "$T/build/vrbench"
runner
is "  and comes before files that measure in a build with sanitizers" "$(order)" "zeal good once"
rm "$T/build/vrbench" "$tree/tests/net/zeal.sh"

cp "$(command -v sleep)" "$T/vrbench-left"
script leaves "if \$FIRST; then '$T/vrbench-left' 1234 >/dev/null 2>&1 & fi; echo 'ok 2 - holds'"
ok "a file that leaves a process running is repeated" env TEST_LEAVE_SECONDS=1 sh -c "
    rm -f '$T'/*.ran; CI=true TEST_REPEATS='' TEST_BESIDE='' '$tree/tests/run' '$T/build' >'$T/log' 2>&1"
like "  the process is named" "$(sed -n '/^failed at first, and repeated:/,$p' "$T/log")" \
    "net/leaves: left running: [0-9]* vrbench-left: .*/vrbench-left 1234"
is "  and killed" "$(pgrep -fc "^$T/vrbench-left 1234")" 0
