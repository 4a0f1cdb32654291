# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# inside/xen_made.sh — domains that xl made, none of vrbench's own, for tests in Domain-0: of a kernel of
# two bytes, which uses all the CPU that it is given, so that they are made in a second or two. For
# scripts that have tests/net/lib.sh already.

# bytes VALUE COUNT — a number, its lowest byte first.
bytes() {
    bytes_value=$1 bytes_left=$2
    if [ "$bytes_value" -eq 0 ]; then
        head -c "$bytes_left" /dev/zero
        return
    fi
    while [ "$bytes_left" -gt 0 ]; do
        # shellcheck disable=SC2059 # a byte, in octal
        printf "\\$(printf %o $((bytes_value % 256)))"
        bytes_value=$((bytes_value / 256)) bytes_left=$((bytes_left - 1))
    done
}
# Notes for Xen (its public/elfnote.h) of 8 bytes each.
note() { bytes 4 4 && bytes 8 4 && bytes "$1" 4 && printf 'Xen\0'; }
note_number() { note "$1" && bytes "$2" 8; }
note_text() { note "$1" && printf %s "$2" && bytes 0 $((8 - ${#2})); }
# An ELF program for 1 MiB: its header, what is loaded (all of it), where the notes are, the notes, and
# at 512 the program: it jumps to itself.
spinner() {
    base=1048576
    printf '\177ELF\2\1\1' && bytes 0 9
    bytes 2 2 && bytes 62 2 && bytes 1 4 && bytes $base 8 && bytes 64 8 && bytes 0 12
    bytes 64 2 && bytes 56 2 && bytes 2 2 && bytes 0 6
    bytes 1 4 && bytes 7 4 && bytes 0 8 && bytes $base 8 && bytes $base 8
    bytes 4096 8 && bytes 4096 8 && bytes 4096 8
    bytes 4 4 && bytes 4 4 && bytes 176 8 && bytes $((base + 176)) 8 && bytes $((base + 176)) 8
    bytes 144 8 && bytes 144 8 && bytes 4 8
    note_text 5 xen-3.0 && note_text 8 generic && note_text 9 yes && note_text 6 spin
    note_number 3 0 && note_number 1 $((base + 512))
    bytes 0 192
    printf '\353\376'
    bytes 0 3582
}
spinner >"$T/spin"
# made NAME [LINE...] — has xl make one of it.
made() {
    made_name=$1
    shift
    {
        echo "name = '$made_name'"
        case $* in *kernel*) ;; *) echo "kernel = '$T/spin'" && echo "memory = 8" ;; esac
        echo "on_poweroff = 'destroy'"
        for line; do echo "$line"; done
    } >"$T/$made_name.cfg"
    xl create -q "$T/$made_name.cfg" || return 1
    at_exit "xl destroy $made_name"
}
# The weight and cap of a domain by xl.
by_xl() { xl sched-credit -d "$1" | awk 'END { print $(NF - 1), $NF }'; }
by_us() { vrbench cpu "$1" --platform xen --json | jq -r '.[] | "\(.weight) \(.cap_percent)"'; }
# refused STATUS PATTERN COMMAND... — true if it ends with that status and says that in one line.
refused() {
    refused_status=$1 refused_pattern=$2
    shift 2
    exits "$refused_status" "$@" >"$T/out" 2>"$T/err" &&
        [ "$(wc -l <"$T/err")" -eq 1 ] && grep -q "^vrbench: .*$refused_pattern" "$T/err" ||
        { cat "$T/out" "$T/err" && false; }
}
gone() { ! xl domid "$1" >/dev/null 2>&1; }
