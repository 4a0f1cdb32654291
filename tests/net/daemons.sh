# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers that learn their routes: BIRD and FRR, for real. Traffic starts once the routes are there
# and not before; the daemon's CPU, memory and place are the router's; a daemon that dies is a router
# that dies; nothing is left, neither of processes nor of files.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 93

first() { recorded r1 first; }
programs() { recorded r1 programs | jq -r '.[] | .[1]' | tr '\n' ' '; }
program() { recorded r1 programs | jq '.[0][0]'; }
task() { recorded r1 tasks | jq '.[0]'; }
# own_files — what daemons like to leave behind on this machine.
own_files() {
    find /var/tmp /var/lib/frr /var/log/frr /etc/frr /etc/bird /var/run/frr /var/run/bird \
        2>/dev/null | LC_ALL=C sort
}
# daemons PID — the programs that first processes started by PID run.
daemons() {
    for one in $(pgrep -P "$1" -x 'vrbench-.*'); do pgrep -P "$one"; done
}
all_gone() {
    for one in $1; do gone "$one" || return 1; done
}

for program in bird zebra vtysh; do
    [ -x "$(command -v $program || echo /usr/lib/frr/$program)" ] || skip_all "$program is not installed"
done

# A version of FRR that has this program starts it first.
mgmtd=
[ ! -x /usr/lib/frr/mgmtd ] || mgmtd="mgmtd "

own_files >"$T/files"
machine_snapshot "$T/before"

for daemon in bird frr; do
    # Each daemon is left standing bridged, so that one run of it may do without.
    case $daemon in
    bird) wanted="bird " measured="bridged, dedicated" ;;
    frr) wanted="${mgmtd}zebra ospfd " measured=dedicated ;;
    esac
    scenario_routed $daemon netns "$measured"

    # A run: routes before traffic, and what it says of them.
    ok "$daemon: a run" measured "$T/$daemon.yaml" -o "$T/run-$daemon"
    like "  prints how long learning the routes took" "$(cat "$T/ok.log")" \
        "^r1 \\($daemon\\), dedicated: routes learned in [0-9]+\\.[0-9]{3} s"
    is "  of every topology" "$(jq -r '.convergence[] | .topology, .router, .daemon' \
        "$T/run-$daemon/run.json" | tr '\n' ' ')" \
        "$(for topology in $measured; do printf '%s r1 %s ' "${topology%,}" "$daemon"; done)"
    ok "  which no daemon does in no time" jq -e 'all(.convergence[]; .seconds > 0.001)' \
        "$T/run-$daemon/run.json"
    ok "  its packets arrived, but for few" \
        jq -se --arg measured "$measured" '(map(.topology) | join(", ")) == $measured and
            all(.[].networks[0]; .tx >= 200 and .rx >= 0.5 * .tx)' \
        "$T/run-$daemon/points.jsonl"
    ok "  every loss has a place" jq -se 'all(.[]; ([.drops[].count] | add // 0) == .networks[0].lost)' \
        "$T/run-$daemon/points.jsonl"
    is "  CPU of the daemon's programs is the router's, apart" \
        "$(jq -rs '.[-1].cpu[] | select(.name == "r1") | [.parts[].name] | join(" ")' \
            "$T/run-$daemon/points.jsonl")" "napi ${wanted% }"
    ok "  and the parts make up the whole" jq -se 'all(.[].cpu[] | select(.name == "r1");
        ((.percent - ([.parts[].percent] | add)) | fabs) < 0.001)' "$T/run-$daemon/points.jsonl"
    is "  the configuration goes with the run" \
        "$(jq -r '.scenario.configs.r1.text' "$T/run-$daemon/run.json")" "$(cat "$T/$daemon.conf")"
    ok "  and is in the report" grep -q "Routes learned" "$T/run-$daemon/report.html"
    sed 's/198\.18\.0\.1/198.18.0.9/' "$SOURCE_ROOT/scenarios/ospf-$daemon.conf" >"$T/$daemon.conf"
    vrbench run "$T/$daemon.yaml" --resume -o "$T/run-$daemon" >"$T/out" 2>"$T/err"
    is "  with another configuration it is another run" $? 2
    unchanged "  nothing is left" "$T/before"

    # A testbed that stands.
    scenario_routed $daemon netns bridged
    ok "$daemon: up" vrbench up "$T/$daemon.yaml"
    ok "  routes learned are listed" between "$(field r1 convergence_ms)" 1 120000
    ok "  the router has two routes by OSPF" wait_for 180 has_both
    like "  the sink's" "$(cat "$T/routes")" '^10\.19\.0\.0/24 .*via 198\.19\.0\.2 dev eth1.*proto (bird|ospf)'
    like "  and the source's" "$(cat "$T/routes")" '^10\.18\.0\.0/24 .*via 198\.18\.0\.2 dev eth0.*proto (bird|ospf)'
    is "  and no other ways there" "$(grep -c '^10\.' "$T/routes")" 2
    ok "  packets go there and back" crosses
    is "  its programs are in the record" "$(programs)" "$wanted"
    ok "  and live in its namespaces" \
        [ "$(readlink "/proc/$(program)/ns/net")" = "$(readlink "/proc/$(first)/ns/net")" ]
    like "  and control group" "$(cat "/proc/$(program)/cgroup")" '/vrbench/.*/router-r1$'
    is "  on the same CPUs as its forwarding" "$(taskset -cp "$(program)" | sed 's/.*: //')" \
        "$(taskset -cp "$(task)" | sed 's/.*: //')"
    ok "  their memory is its memory" [ "$(field r1 memory_bytes)" -gt 1000000 ]
    ok "  its own console shows both neighbours" wait_for 180 in_touch $daemon

    # Counterproof: without the daemon's routes nothing flows. The tester's speaker at the sink goes
    # silent, and the router forgets.
    speaker=$(pgrep -P "$(pgrep -P "$(owner)" -x vrbench-sink)" -x bird)
    kill -STOP "$speaker"
    forgotten() { ! routes | grep -q '^10\.19\.0\.0/24'; }
    ok "  a sink that falls silent is forgotten" wait_for 180 forgotten
    ok "  and no packet gets there" fails crosses
    kill -CONT "$speaker"
    ok "  until it speaks again" wait_for 180 crosses

    ok "  rebooted, it learns them again" vrbench reboot r1
    ok "  and forwards at once" crosses
    old=$(program)
    kill -KILL "$old"
    ok "  its daemon killed, it is restarted" wait_for 120 field_is r1 restarts 1
    ok "  with another daemon" [ "$(program)" != "$old" ]
    ok "  and forwards" wait_for 180 crosses
    all="$(daemons "$(owner)") $(pgrep -P "$(first)")"
    ok "  down" vrbench down $daemon
    unchanged "  to nothing" "$T/before"
    ok "  no daemon runs" wait_for 60 all_gone "$all"
done
own_files >"$T/files.now"
same "no file of theirs is left" "$T/files" "$T/files.now"

# What goes wrong.
scenario_routed bird netns bridged
sed -i 's/type ptp/type ptpp/' "$T/bird.conf"
vrbench run "$T/bird.yaml" -o "$T/none" 2>"$T/err"
is "a configuration that BIRD does not take is bad input" $? 2
like "  and said where" "$(cat "$T/err")" "^$T/bird.conf:[0-9]+:[0-9]+: "
scenario_routed frr netns bridged
echo ' frobnicate' >>"$T/frr.conf"
vrbench run "$T/frr.yaml" -o "$T/none" 2>"$T/err"
is "nor one that FRR does not take" $? 2
like "  " "$(cat "$T/err")" "^$T/frr.conf:$(wc -l <"$T/frr.conf"):1: .*frobnicate"
rm "$T/frr.conf"
vrbench run "$T/frr.yaml" -o "$T/none" 2>"$T/err"
is "nor one that is not there" $? 2
like "  which is reported at its position" "$(cat "$T/err")" "^$T/frr.yaml:5:[0-9]+: config: .*frr.conf"
ok "nothing was measured" [ ! -e "$T/none" ]

scenario_routed bird netns bridged
sed -i 's/"eth\*"/"eth0"/' "$T/bird.conf"
sed -i 's/120 s/5 s/' "$T/bird.yaml"
vrbench run "$T/bird.yaml" -o "$T/half" 2>"$T/err"
is "a router that does not learn a route fails the run" $? 1
like "  which says which" "$(cat "$T/err")" 'router r1: bird has not learned the route to 10\.19\.0\.0/24, behind the sink of NET0'
unchanged "  nothing is left" "$T/before"

# Killed while it waits for routes that never come.
sed -i 's/ 5 s/ 120 s/' "$T/bird.yaml"
start_run "$T/bird.yaml" -o "$T/killed"
started() { [ "$(daemons $run_pid | wc -l)" -eq 3 ]; }
ok "a run waits for its routes" wait_for 60 started
all=$(daemons $run_pid)
kill -KILL $run_pid
end_run
ok "killed, its daemons go with it" wait_for 60 all_gone "$all"
ok "  and it can be cleaned up" vrbench cleanup
unchanged "  to nothing" "$T/before"

# Interrupted there, it takes everything down itself.
start_run "$T/bird.yaml" -o "$T/interrupted"
ok "a run waits again" wait_for 60 started
kill -INT $run_pid
end_run
is "  interrupted" "$run_status" 130
unchanged "  nothing is left" "$T/before"

# So does a testbed that was to be left standing.
"$VRBENCH" up "$T/bird.yaml" >"$T/out" 2>"$T/err" &
up=$!
builds() { [ -e /run/vrbench/owner ] && [ "$(daemons "$(owner)" | wc -l)" -eq 3 ]; }
ok "up waits, too" wait_for 60 builds
kill -INT $up
up_status=0
wait $up || up_status=$?
is "  interrupted" "$up_status" 130
unchanged "  nothing is left" "$T/before"
