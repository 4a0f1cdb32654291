# SPDX-License-Identifier: GPL-3.0-or-later
#
# What other tests rely on of a machine: exit statuses, output as it was, files there and back, ports,
# and that it ends: at its deadline, with its starter, and on request. Its kernel has netem, so cables are
# impaired by tc there (inside/impair.sh).
#
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/vm/lib.sh"
have_image debian
isolate "$@"
sleep 600 &
owner=$!
at_exit "kill $owner"
vrbench_files
head -c 3000000 /dev/urandom >"$T/files/bytes"
deadline=280
[ -z "${VRBENCH_VM_WHOLE-}" ] || deadline=900
machine debian --deadline "$deadline" --owner "$owner" --files "$T/files" --forward 1007:7
plan 15

vm() { "$SOURCE_ROOT/tests/vm/vm" "$@"; }
there sh -c 'printf "a\n\nb"; printf "=done 0\n>c" >&2; exit 7' >"$T/out" 2>"$T/err"
is "a command's exit status comes back" "$?" 7
printf 'a\n\nb=done 0\n>c' >"$T/wanted"
same "  and its output, byte for byte" "$T/out" "$T/wanted"
mkdir -p "$T/in/put"
head -c 3000000 /dev/urandom >"$T/in/put/bytes"
printf 'there\000and back\n' >"$T/in/put/text"
ok "files go there" vm put "$T/vm" "$T/in/put" /root
is "  whole" "$(there sha256sum /root/put/bytes | cut -d' ' -f1)" \
    "$(sha256sum "$T/in/put/bytes" | cut -d' ' -f1)"
ok "  and back" vm get "$T/vm" /root/put "$T/back"
ok "  the same" diff -r "$T/in/put" "$T/back/put"
is "a command has an input" "$(vm run -i "$T/vm" tr a-z A-Z <"$T/wanted" | od -c)" \
    "$(tr a-z A-Z <"$T/wanted" | od -c)"
sum_there() { there sha256sum "$1" | cut -d' ' -f1; }
is "what was to be there at its start is" "$(sum_there /files/bytes)" \
    "$(sha256sum "$T/files/bytes" | cut -d' ' -f1)"
ok "  to be read only" fails there touch /files/bytes
there sh -c 'busybox nc -ll -p 7 -e /bin/cat >/dev/null 2>&1 </dev/null &'
heard() {
    [ "$(bash -c 'exec 3<>/dev/tcp/127.0.0.1/1007 && echo word >&3 && read -rt 10 word <&3 &&
        echo "$word"')" = word ]
}
ok "a port of ours is one of its" wait_for 60 heard
like "the console is kept" "$(cat "$T/vm/console")" '^vm: ready'

if sanitized; then
    skip "impaired cables" "emulation is too slow for a program with sanitizers"
else
    ok "cables are impaired by tc" inside impair ${VRBENCH_VM_WHOLE:+whole} || diag "$(cat "$T/ok.log")"
fi

kill "$owner"
ended() { grep -q "$1" "$T/$2/why" && [ ! -e "$T/$2/keeper" ]; }
ok "it ends with who started it" wait_for 30 ended "who started it has ended" vm
ok "  and says so" exits 125 there true
vm start "$T/late" debian --deadline 1 >/dev/null 2>&1
ok "another ends at its deadline" wait_for 30 ended "were over" late || cat "$T/late/why"
