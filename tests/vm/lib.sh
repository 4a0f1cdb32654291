# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/vm/lib.sh — what tests in machines lean on, beside tests/net/lib.sh: TAP is printed here, the
# program works in there.
#
#     . "${SOURCE_ROOT:-.}/tests/vm/lib.sh"
#     machine debian --deadline 280         # boots; or skips the file where that can't be done
#     put_vrbench                           # the program, what it needs, and the tests' own parts
#     plan 1
#     ok "it runs" there vrbench doctor
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"

# machine IMAGE [OPTION...] — see `vm start`.
machine() {
    at_exit '"$SOURCE_ROOT/tests/vm/vm" stop "$T/vm"'
    machine_status=0
    "$SOURCE_ROOT/tests/vm/vm" start "$T/vm" --owner $$ "$@" 2>"$T/vm.err" </dev/null ||
        machine_status=$?
    case $machine_status in
    0) diag "$(cat "$T/vm.err")" ;;
    3)
        diag "$(cat "$T/vm.err")"
        skip_all "no QEMU or no packages of Debian here"
        ;;
    *)
        plan 1
        flunk "a machine starts"
        diag "$(cat "$T/vm.err" "$T/vm/qemu.log" 2>&1)"
        tail -n 40 "$T/vm/console" 2>/dev/null | sed 's/^/#   /'
        exit 1
        ;;
    esac
}

# there COMMAND... — runs a command in the machine, with its output and exit status.
there() { "$SOURCE_ROOT/tests/vm/vm" run "$T/vm" "$@"; }

# put_vrbench — the program that is tested goes to /vrbench/build there, and to the PATH; its shared
# libraries, but for those of the C library, to /usr/local/lib; tests/net and bench beside it.
put_vrbench() {
    put_build=$(dirname "$VRBENCH")
    mkdir -p "$T/put/build/tests/net" "$T/put/lib"
    cp "$VRBENCH" "$T/put/build"
    find "$put_build/tests/net" -maxdepth 1 -type f -perm -u+x \
        -exec cp {} "$T/put/build/tests/net" \;
    for put_program in "$T/put/build/vrbench" "$T"/put/build/tests/net/*; do
        ldd "$put_program"
    done | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
        grep -vE '/lib(c|m|dl|rt|pthread|resolv)\.so\.' >"$T/put.libraries"
    while read -r library; do cp -L "$library" "$T/put/lib"; done <"$T/put.libraries"
    mkdir "$T/put/tests"
    mkdir "$T/put/tests/vm"
    cp -R "$SOURCE_ROOT/tests/net" "$T/put/tests"
    cp -R "$SOURCE_ROOT/tests/vm/inside" "$T/put/tests/vm"
    cp -R "$SOURCE_ROOT/bench" "$SOURCE_ROOT/scenarios" "$T/put"
    mv "$T/put" "$T/vrbench"
    "$SOURCE_ROOT/tests/vm/vm" put "$T/vm" "$T/vrbench" / && there sh -c '
        mv /vrbench/lib/* /usr/local/lib && ldconfig && ln -s /vrbench/build/vrbench /usr/local/bin'
    rm -rf "$T/vrbench"
}
