# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/net/lib/tap.sh — prints a test's results as TAP. Sourced by tests/net/lib.sh, which ends a
# test with status 1 where a check failed, or the number of checks is not the planned one.

test_planned=0
test_count=0
test_failures=0
test_on_flunk=

plan() {
    test_planned=$1
    echo "1..$1"
}

# skip_all REASON — the whole file can't be run here.
skip_all() {
    echo "1..0 # SKIP $1"
    test_planned=0 test_count=0
    exit 0
}

# skip DESC REASON
skip() {
    test_count=$((test_count + 1))
    echo "ok $test_count - $1 # SKIP $2"
}

diag() {
    printf '%s\n' "$*" | sed 's/^/# /'
}

pass() {
    test_count=$((test_count + 1))
    echo "ok $test_count - $1"
}

flunk() {
    test_count=$((test_count + 1))
    test_failures=$((test_failures + 1))
    echo "not ok $test_count - $1"
}

# on_flunk COMMAND — a command (as a string) that prints the state of what is tested, run after
# every check that fails. "" = none any more.
on_flunk() { test_on_flunk=$1; }
tell_state() {
    [ -z "$test_on_flunk" ] || (eval "$test_on_flunk") 2>&1 </dev/null | sed 's/^/#     /'
    return 1
}

# ok DESC COMMAND... — the command must succeed; its output (kept in $T/ok.log) is shown if not.
ok() {
    ok_text=$1
    shift
    ok_status=0
    "$@" >"$T/ok.log" 2>&1 </dev/null || ok_status=$?
    if [ "$ok_status" -eq 0 ]; then
        pass "$ok_text"
    else
        flunk "$ok_text"
        diag "status $ok_status of: $*"
        sed 's/^/#   /' "$T/ok.log"
        tell_state
    fi
}

# exits STATUS COMMAND... — true if the command ends with just that status. For use after ok.
exits() {
    exits_wanted=$1
    exits_got=0
    shift
    "$@" || exits_got=$?
    [ "$exits_got" -eq "$exits_wanted" ] ||
        { echo "exit status $exits_got, not $exits_wanted" && false; }
}

# fails COMMAND... — true if the command fails. For use after ok.
fails() {
    ! "$@"
}

# is DESC GOT WANTED — equal as strings.
is() {
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        flunk "$1"
        diag "got:    $2"
        diag "wanted: $3"
        tell_state
    fi
}

# like DESC GOT PATTERN — GOT has a line that matches the extended regular expression.
like() {
    if printf '%s\n' "$2" | grep -Eq -e "$3"; then
        pass "$1"
    else
        flunk "$1"
        diag "got:    $2"
        diag "wanted: a match of $3"
        tell_state
    fi
}

# same DESC FILE FILE — the files are equal; the difference is shown if not.
same() {
    if cmp -s "$2" "$3"; then
        pass "$1"
    else
        flunk "$1"
        diff "$2" "$3" | sed 's/^/#   /'
        tell_state
    fi
}

# conforms DESC SCHEMA FILE [--lines] — the JSON of the file (or of each line) is as the schema of that name
# describes, without any other key.
conforms() {
    conforms_text=$1
    conforms_schema=${BUILD_DIR:-$(dirname "$VRBENCH")}/schemas/$2.schema.json
    shift 2
    ok "$conforms_text" "$SOURCE_ROOT/tests/net/lib/conforms.py" "$conforms_schema" "$@"
}
