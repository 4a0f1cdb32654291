# SPDX-License-Identifier: GPL-3.0-or-later
# Runs beside others
#
# Stray files among the testbeds' records stop no command: readers beside up and down, files of
# others in a record's directory, records that can't be cleaned up, other mount namespaces, commands
# killed within a change. Removal goes by the record alone, and ends what the testbed started, but
# not whoever looks into it.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 60

CYCLES=8
KILLS=8
! sanitized || CYCLES=4 KILLS=4

cat >"$T/tiny.yaml" <<'YAML'
name: tiny
topologies: [bridged, dedicated]
routers: { r1: {} }
networks: { NET0: { router: r1 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [300] }, duration: 10 ms }
YAML
sed 's/^name: tiny/name: long/; s/duration: .*/duration: 200 ms, repeats: 4 }/' "$T/tiny.yaml" >"$T/long.yaml"
sed 's/^traffic:/links: { NET0: { source: a0, ingress: a1 } }\n&/; s/bridged, //; s/^name: .*/name: lender/' \
    "$T/tiny.yaml" >"$T/lender.yaml"
ip link add name a0 type veth peer name a1
machine_snapshot "$T/before"

directory() { set -- /run/vrbench/*.json && echo "${1%.json}"; }
# The owner ends, and removes its own files, after its last answer.
no_records() { wait_for 60 test ! -e /run/vrbench; }
state_of() { vrbench list --json 2>/dev/null | jq -r --arg name "$1" '.[] | select(.name == $name) | .state'; }

# --- readers beside up and down ------------------------------------------------------------------

list_until() { while [ ! -e "$T/stop" ]; do vrbench list >/dev/null 2>&1; done; }
list_until & list_until & list_until &
failed=0
for cycle in $(seq "$CYCLES"); do
    { vrbench up "$T/tiny.yaml" && vrbench down tiny; } >"$T/log" 2>&1 || {
        failed=$((failed + 1))
        diag "cycle $cycle: $(cat "$T/log")"
    }
done
: >"$T/stop"
wait
is "up and down succeed beside readers" "$failed" 0
ok "  and leave no record" no_records

# --- entries of others ---------------------------------------------------------------------------

ok "a testbed stands" vrbench up "$T/tiny.yaml"
mkdir "$T/outside"
echo precious >"$T/outside/file"
# From another mount namespace its directory is an empty one.
unshare -m --propagation private sh -c '
    umount -l "$1" && cd "$1" && : >change && mkdir -p deep/er && echo x >deep/er/file &&
    ln -s "$2" link && ln -s "$2" deep/link' sh "$(directory)" "$T/outside"
mkdir "$(directory)/more" && mount -t tmpfs tmpfs "$(directory)/more" && : >"$(directory)/more/file"
ok "  down removes everything below its mount and on it" vrbench down tiny
like "  and reports entries of other programs" "$(cat "$T/ok.log")" '3 entries of others'
ok "  but follows no link" grep -q precious "$T/outside/file"
unchanged "  to nothing" "$T/before"

mkdir -p /run/vrbench/4194001-0/deep
echo '{}' >/run/vrbench/4194001-0.json
: >/run/vrbench/4194002-7.new
: >/run/vrbench/4194003-7.change
ok "parts of records are cleaned up" vrbench cleanup
ok "  all" no_records

# --- records that can't be cleaned up ------------------------------------------------------------

# dead_record NIC — of a run whose libvirtd is gone.
dead_record() {
    mkdir -p /run/vrbench/4194004-0
    : >/run/vrbench/4194004-0.lock
    jq -n --arg nic "$1" --argjson home "$(stat -L -c %i /proc/self/ns/net)" '{scenario: "gone",
        platform: "qemu+unix:///system?socket=/nonexistent", home: $home,
        nics: [{nic: {name: $nic}}]}' >/run/vrbench/4194004-0.json
}
case $(vrbench --version) in
*"without libvirt"*) why='libvirt' ;;
*) why='nonexistent' ;;
esac
dead_record elsewhere0
for id in 4194005-0 4194006-0; do : >"/run/vrbench/$id.lock"; done
ok "a run works beside a dead record" measured "$T/tiny.yaml" --quick -o "$T/beside"
like "  and warns of it" "$(cat "$T/ok.log")" "warning: .*removing testbed 4194004-0 \(gone\): .*$why"
ok "  the others are cleaned up" fails ls /run/vrbench/4194005-0.lock /run/vrbench/4194006-0.lock
ok "so does up" vrbench up "$T/tiny.yaml"
ok "  and down" vrbench down tiny
vrbench cleanup --json >"$T/out" 2>"$T/err"
is "cleanup ends with status 1" $? 1
like "  says what is left and why" "$(cat "$T/err")" "not removed: removing testbed 4194004-0 \(gone\): .*$why"
is "  as JSON, too" "$(jq -r '"\(.removed) \(.left | map(.id) | join(" "))"' "$T/out")" "0 4194004-0"
dead_record a0
vrbench up "$T/lender.yaml" >"$T/out" 2>&1
is "what it holds is not lent twice" $? 1
like "  with its name" "$(cat "$T/out")" 'interface a0 is lent to testbed 4194004-0 \(gone\)'
ok "  everything else that was made is removed" fails sh -c 'ls -d /run/vrbench/*-*.json | grep -v 4194004'
rm -r /run/vrbench/4194004-0*
ok "  and without it all is free" vrbench up "$T/lender.yaml"
ok "  again" vrbench down lender
unchanged "  and given back" "$T/before"

# --- another mount namespace ---------------------------------------------------------------------

mkfifo "$T/go"
other() { # COMMANDS — in a mount namespace of their own, that ends when $T/go is written to
    unshare -m --propagation private sh -c "$1; cat '$T/go' >/dev/null; $2" >"$T/other.log" 2>&1 &
    other=$!
}
other '"$VRBENCH" up "'"$T/tiny.yaml"'" && : >"'"$T/up"'"' '"$VRBENCH" down tiny'
wait_for 60 [ -e "$T/up" ]
ok "list works beside a testbed of another mount namespace" vrbench list
like "  which its owner reports" "$(cat "$T/ok.log")" '^tiny +r1 +1 +running'
ok "console says so, too" fails vrbench console tiny/r1 -- true
like "  with the same words" "$(cat "$T/ok.log")" 'was made in another mount namespace'
echo >"$T/go"
ok "its own side takes it down" wait "$other"
ok "  to nothing" no_records
rm "$T/up"
other '"$VRBENCH" up "'"$T/tiny.yaml"'" && : >"'"$T/up"'"' true
wait_for 60 [ -e "$T/up" ]
first=$(recorded r1 first)
ok "so does this side" vrbench down tiny
ok "  with what lives in it" wait_for 60 gone "$first"
echo >"$T/go"
wait "$other"
unchanged "  to nothing" "$T/before"

# --- killed within a change ----------------------------------------------------------------------

# half_destroyed HOW — a testbed whose router is half gone, as if `destroy` had been killed.
half_destroyed() {
    vrbench up "$T/tiny.yaml" --topology bridged || return 1
    half_owner=$(owner)
    half_first=$(recorded r1 first)
    kill -KILL "$half_owner"
    wait_for 60 gone "$half_owner"
    kill -KILL "$half_first"
    wait_for 60 gone "$half_first"
    umount "$(directory)/ns-r1"
    [ "$1" = file ] || rm "$(directory)/ns-r1"
}
for how in file nothing; do
    ok "a router was half destroyed ($how is left)" half_destroyed $how
    is "  it is listed as crashed" "$(state_of r1)" crashed
    ok "  down removes it" vrbench down tiny
    unchanged "  to nothing" "$T/before"
done
ok "a router was half destroyed" half_destroyed file
ok "  it is created again" vrbench create r1
is "  and runs" "$(state_of r1)" running
jq '.topology = "ring"' "$(directory).json" >"$T/bad" && cat "$T/bad" >"$(directory).json"
is "cleanup keeps what was left standing" "$(vrbench cleanup)" "nothing to clean up"
is "cleanup --all removes it, even if it can't be read" "$(vrbench cleanup --all)" "removed 1 testbed"
unchanged "  to nothing" "$T/before"

# killed_within TRY — the command is killed once the router is another one; what is left is listed and removed.
killed_within() {
    verb=destroy
    [ $(($1 % 2)) -eq 0 ] || verb=reboot
    vrbench up "$T/tiny.yaml" || return 1
    pin=$(directory)/ns-r1
    inode=$(stat -c %i "$pin")
    vrbench $verb r1 >"$T/log" 2>&1 &
    changer=$!
    while [ "$(stat -c %i "$pin" 2>/dev/null)" = "$inode" ] && alive $changer; do :; done
    kill -KILL $changer 2>/dev/null
    wait $changer 2>/dev/null
    echo "$verb was killed: $(cat "$T/log")"
    vrbench list >"$T/list" 2>&1 && cat "$T/list" && grep -q '^tiny .* r1 ' "$T/list" || return 1
    case $(($1 % 3)) in
    0) vrbench cleanup --all ;;
    *) vrbench down tiny ;;
    esac && no_records
}
all_killed_within() {
    stuck=0
    for try in $(seq "$1"); do
        killed_within "$try" >"$T/try" 2>&1 || {
            stuck=1
            echo "try $try: $(cat "$T/try")"
            find /run/vrbench
            vrbench cleanup --all
        }
    done
    return $stuck
}
ok "$KILLS commands were killed within a change; each testbed is listed and removed" all_killed_within "$KILLS"
unchanged "  to nothing" "$T/before"

# --- who only looks ------------------------------------------------------------------------------

ok "a testbed stands" vrbench up "$T/tiny.yaml"
ok "list answers" timeout 60 "$VRBENCH" list
is "  and shows the router" "$(state_of r1)" running
ok "a console opens" timeout 60 "$VRBENCH" console r1 -- true

nsenter --net="$(directory)/ns-host" sleep 1000 &
visitor=$!
nsenter --net="$(directory)/ns-r1" sleep 1000 &
visitor_of_router=$!
vrbench console host -- sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!' >"$T/inhabitant"
inhabitant=$(cat "$T/inhabitant")
ok "a process started from a console lives on" alive "$inhabitant"
ok "  until the testbed is taken down" vrbench down tiny
ok "  then it ends" wait_for 60 gone "$inhabitant"
ok "  others that were in its namespaces go on" alive $visitor
ok "  in the router's, too" alive $visitor_of_router
kill $visitor $visitor_of_router
wait $visitor $visitor_of_router 2>/dev/null

start_run "$T/long.yaml" -o "$T/live"
wait_for 60 has_points "$T/live" 1
is "cleanup --all leaves a run that lives" "$(vrbench cleanup --all)" "nothing to clean up"
end_run
is "  which finishes" "$run_status" 0
unchanged "nothing is left" "$T/before"
