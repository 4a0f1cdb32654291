# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/net/lib.sh — what tests of the whole program lean on. A test is a script of tests/net that
# tests/run starts as root; it prints TAP, works in namespaces of its own and leaves nothing behind:
#
#     . "${SOURCE_ROOT:-.}/tests/net/lib.sh"
#     isolate --run "$@"                  # once more from the top, in new net and mount namespaces
#     plan 3
#     ok "all is well" vrbench doctor     # a command that must succeed
#     is "one link" "$(ip -o link | wc -l)" 1
#     ok "nothing is left" wait_for 5 no_link veth0
#
# Checks and skips are in lib/tap.sh, the state of the machine in lib/machine.sh.
# Scenarios of tests that run beside others have engine: packet, which sleeps between packets.
# Never sleep a guess: wait_for a condition. $T is a directory of the test's own, removed at exit.
# $VRBENCH is the program under test; `vrbench` calls it.

set -u
SOURCE_ROOT=${SOURCE_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
VRBENCH=${VRBENCH:-$SOURCE_ROOT/build/vrbench}
export SOURCE_ROOT VRBENCH PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C.UTF-8

test_at_exit=

. "$SOURCE_ROOT/tests/net/lib/tap.sh"
. "$SOURCE_ROOT/tests/net/lib/machine.sh"

# --- namespaces and clean-up ---------------------------------------------------------------------

# isolate [--run] "$@" — restarts the script in net and mount namespaces of its own, with
# loopback up; --run also gives it an empty /run (vrbench's records, ip's named namespaces).
isolate() {
    isolate_run=false
    if [ "${1-}" = --run ]; then
        isolate_run=true
        shift
    fi
    if [ -z "${VRBENCH_TEST_ISOLATED-}" ]; then
        [ "$(id -u)" -eq 0 ] || skip_all "needs root"
        trap - EXIT
        rm -rf "$T"
        # Where / is no mount of its own (a bare chroot), it can't be made private.
        propagation=private
        unshare -m --propagation private true 2>/dev/null || propagation=unchanged
        VRBENCH_TEST_ISOLATED=$$ exec unshare -n -m --propagation "$propagation" sh "$0" "$@"
    fi
    ip link set lo up
    if $isolate_run; then
        mount -t tmpfs -o mode=755 vrbench-test /run
        at_exit take_down_all
    fi
}

# What a test that was ended before its end left standing would disturb those after it.
take_down_all() {
    ls /run/vrbench/*.json || return 0
    vrbench list --json | jq -r '.[].testbed' | sort -u | while read -r standing; do
        vrbench down "$standing"
    done
    vrbench cleanup
}

# at_exit COMMAND — a command (as a string) to evaluate when the script ends, last given first.
at_exit() {
    test_at_exit="$1
$test_at_exit"
}

test_end() {
    test_status=$?
    trap - EXIT
    eval "$test_at_exit" >/dev/null 2>&1
    rm -rf "$T"
    if [ "$test_status" -eq 0 ] && { [ "$test_failures" -ne 0 ] ||
        [ "$test_count" -ne "$test_planned" ]; }; then
        test_status=1
    fi
    exit "$test_status"
}

T=$(mktemp -d "${TMPDIR:-/tmp}/vrbench-net.XXXXXX") || exit 1
trap test_end EXIT
trap 'exit 130' INT TERM HUP

# router_image — has an image of the tiny router guest built, with all its routing daemons, and has
# vrbench use it: once for all tests of a build, and of a build with sanitizers where the other one's
# is there, as guests are the same in both. To be called before isolate, as the first build fetches
# packages.
router_image() {
    router_image_own=${BUILD_DIR:-$(dirname "$VRBENCH")}/tests/image
    exec 9>"$router_image_own.lock" # tests may run beside each other
    flock 9
    for VRBENCH_IMAGE in "$router_image_own" "$SOURCE_ROOT/build/tests/image"; do
        export VRBENCH_IMAGE
        # An image of another version of the guest's first process is built again.
        [ ! "${VRBENCH_IMAGE%/tests/image}/guest/guest-init" -nt "$VRBENCH_IMAGE" ] &&
            "$VRBENCH" image list --json 2>/dev/null |
            jq -es '.[0].daemons | .bird and .frr' >/dev/null && break
        VRBENCH_IMAGE=
    done
    if [ -z "$VRBENCH_IMAGE" ]; then
        VRBENCH_IMAGE=$router_image_own
        "$VRBENCH" image build --with bird,frr >&2 || exit 1
    fi
    exec 9>&-
}

# own_libvirtd [DRIVER] — starts a libvirtd of the test's own ($lv its folder, $uri its driver, QEMU
# by default), which is stopped at the end; skips the file where vrbench has no libvirt. To be called
# after isolate --run; for machines, after router_image.
own_libvirtd() {
    case $("$VRBENCH" --version) in
    *"without libvirt"*) skip_all "vrbench was built without libvirt" ;;
    esac
    lv=/run/lv
    at_exit "'$SOURCE_ROOT/scripts/libvirtd' stop $lv"
    uri=$("$SOURCE_ROOT/scripts/libvirtd" start $lv "$@") || exit 1
}
# own_sshd — beside the libvirtd of the test's own an sshd on loopback, with keys of its own, for this
# test's key only; $remote is the URI that reaches that libvirtd by it. Ends with the test.
own_sshd() {
    mkdir -p /run/sshd "$T/ssh"
    ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/host"
    ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/key"
    cat >"$T/ssh/config" <<END
Port 2222
ListenAddress 127.0.0.1
HostKey $T/ssh/host
AuthorizedKeysFile $T/ssh/key.pub
PermitRootLogin yes
PasswordAuthentication no
StrictModes no
UsePAM no
PidFile $T/ssh/pid
END
    nsenter -t "$(cat "$lv/pid")" -m -r "$(command -v sshd)" -f "$T/ssh/config" -E "$T/ssh/log"
    at_exit 'kill $(cat "$T/ssh/pid")'
    remote="qemu+ssh://root@127.0.0.1:2222/system?keyfile=$T/ssh/key&no_verify=1&no_tty=1&proxy=native"
}
# scenario_capped NAME URI TOPOLOGIES — in $T/NAME.yaml: one capped router, a machine of the URI's.
scenario_capped() {
    cat >"$T/$1.yaml" <<END
name: $1
platform: "$2"
topologies: [$3]
routers:
  r1t3: { memory: 96 MiB, cap: 60 }
networks:
  NET0: { router: r1t3 }
traffic: { engine: packet, lengths: [64], rates: { pps: [200] }, duration: 1 s }
END
}
libvirtd_again() { "$SOURCE_ROOT/scripts/libvirtd" restart $lv; }
machines() { virsh -c "$uri" list --all --name | grep . | LC_ALL=C sort; }

# --- waiting and small conditions ----------------------------------------------------------------

# wait_for SECONDS COMMAND... — polls until the command succeeds; false after the deadline, and then
# says so on standard error, with what the command said last. Between two looks it rests for
# $wait_step seconds: longer where looking takes the CPU from what is awaited.
wait_step=0.02
wait_for() {
    wait_seconds=$1
    wait_end=$(($(date +%s%N) + $1 * 1000000000))
    shift
    until "$@" >"$T/wait.log" 2>&1; do
        if [ "$(date +%s%N)" -ge "$wait_end" ]; then
            echo "not within $wait_seconds s: $*; the last time it said:" >&2
            tail -n 20 "$T/wait.log" >&2
            return 1
        fi
        sleep "$wait_step"
    done
}

has_link() { ip -o link show dev "$1" >/dev/null 2>&1; }
no_link() { ! has_link "$1"; }
# alive PROCESS — and not just kept until whoever started it asks for its status, which may take seconds.
alive() {
    IFS= read -r alive_stat 2>/dev/null <"/proc/$1/stat" || return 1
    case ${alive_stat##*) } in [ZX]*) return 1 ;; esac
}
gone() { ! alive "$1"; }
# between VALUE LOW HIGH — numbers, fractions allowed.
between() { awk -v v="$1" -v a="$2" -v b="$3" 'BEGIN { exit !(v + 0 >= a + 0 && v + 0 <= b + 0) }'; }

vrbench() { "$VRBENCH" "$@"; }
# sanitized — whether the program was built with sanitizers. These find the same faults in one round as
# in three, so that tests repeat less then.
sanitized() { ldd "$VRBENCH" | grep -q libasan; }
# random LIMIT — 0 to LIMIT - 1.
random() { echo $(($(od -An -N4 -tu4 /dev/urandom) % $1)); }
# ms_since NS — milliseconds since a time in ns.
ms_since() { echo $((($(date +%s%N) - $1) / 1000000)); }

# --- runs and their testbeds ---------------------------------------------------------------------

# helper NAME — path of a program of tests/net/*.c.
helper() { echo "${BUILD_DIR:-$(dirname "$VRBENCH")}/tests/net/$1"; }

# beside_others — whether tests/run runs this file beside others. They may take all CPUs, and a run is refused where
# the stability check loses packets: such a file leaves the check out. It repeats disturbed trials once only, as most are
# disturbed again.
beside_others() {
    grep -q '^# Runs beside others' "$0" || return 1
    ! grep -q '^# Runs beside others under sanitizers' "$0" || sanitized
}
run_checks=
! beside_others || run_checks="--no-stability-check --attempts 2"

# start_run ARG... — `vrbench run ARG...` in the background: $run_pid, $T/run.out, $T/run.err.
start_run() {
    # shellcheck disable=SC2086 # words
    "$VRBENCH" run $run_checks "$@" >"$T/run.out" 2>"$T/run.err" &
    run_pid=$!
}

# end_run — waits for it: $run_status. Status 4, most points disturbed, counts as 0: the machine was noisy.
end_run() {
    run_status=0
    # The shell would report a killed one.
    { wait "$run_pid" || run_status=$?; } 2>/dev/null
    [ "$run_status" -ne 4 ] || run_status=0
}

# measured ARG... — `vrbench run ARG...` succeeds. For use after ok.
measured() {
    measured_status=0
    # shellcheck disable=SC2086 # words
    "$VRBENCH" run $run_checks "$@" || measured_status=$?
    [ "$measured_status" -ne 4 ] || measured_status=0
    return "$measured_status"
}

# run_was_refused — it measured nothing, as packets were lost between two joined interfaces: the machine's
# neighbours had its CPU. A test of something else tries again.
run_was_refused() { [ "$run_status" -eq 1 ] && grep -q 'this machine loses packets at' "$T/run.err"; }

# measures FOLDER ARG... — `vrbench run ARG... -o FOLDER`, again as long as it is refused for that. For use
# after ok.
measures() {
    measures_to=$1
    shift
    for try in 1 2 3 4 5 6; do
        rm -rf "$measures_to"
        start_run "$@" -o "$measures_to"
        first_please
        end_run
        run_was_refused || break
    done
    cat "$T/run.out" "$T/run.err"
    [ "$run_status" -eq 0 ]
}

# points FOLDER — number of whole lines of its points.jsonl.
points() {
    if [ -e "$1/points.jsonl" ]; then wc -l <"$1/points.jsonl"; else echo 0; fi
}
has_points() { [ "$(points "$1")" -ge "$2" ]; }

# testbed_up TOPOLOGY — true once a testbed of it stands whole; $testbed is then its /run directory.
testbed_up() {
    for record in /run/vrbench/*.json; do
        if grep -q "\"topology\": \"$1\"" "$record" && grep -q '"threads"' "$record"; then
            testbed=${record%.json}
            return 0
        fi
    done
    return 1
}

# node NAME COMMAND... — runs a command in the network namespace of a node of $testbed.
node() {
    node_name=$1
    shift
    nsenter --net="$testbed/ns-$node_name" "$@"
}

# hold_run TOPOLOGY — waits for that testbed of the run and stops the program there, before or
# within the warm-up or what else comes before the first point; go on with release_run. Stop, so
# which leaves time for what the test watches or breaks.
hold_run() {
    wait_for 60 testbed_up "$1" && kill -STOP "$run_pid"
}
release_run() { kill -CONT "$run_pid"; }

# --- testbeds that stand ------------------------------------------------------------------------

# field ROUTER KEY — a value of vrbench list; what it is, what it is above.
field() {
    vrbench list --json | jq -r --arg name "$1" --arg key "$2" \
        '.[] | select(.name == $name) | .[$key]'
}
field_is() { [ "$(field "$1" "$2")" = "$3" ]; }
more_than() { [ "$(field "$1" "$2")" -gt "$3" ]; }
# recorded ROUTER KEY — what the record says of it, of what is its platform's: domain, pid, first …
recorded() {
    jq -r --arg name "$1" --arg key "$2" \
        '.routers[] | select(.name == $name) | .platform[$key]' /run/vrbench/*-*.json
}
owner() { cat /run/vrbench/owner; }

# reaches NETWORK, cut_off NETWORK — whether the source of the testbed "two" reaches the sink of a
# network, and the sink answers.
reaches() { vrbench console two/source -- ping -q -c 1 -W 2 "198.19.$1.2"; }
cut_off() { ! vrbench console two/source -- ping -q -c 2 -W 1 -i 0.2 "198.19.$1.2"; }
# lost FILE — packets that a ping lost.
lost() { awk '/packets transmitted/ { print $1 - $4 }' "$1"; }

# end_inside PROCESS [SIGNAL] — ends by that signal (TERM) the program that a `"$VRBENCH" console ...` in the
# background started, whether it is a child of the console or has taken its place, and waits for the console.
end_inside() {
    inside=$(descendants "$1")
    # shellcheck disable=SC2086 # a list of processes
    kill -s "${2:-TERM}" ${inside:-$1}
    wait "$1" 2>/dev/null
}
descendants() {
    for child in $(cat "/proc/$1/task/$1/children"); do
        echo "$child"
        descendants "$child"
    done
}

# scenario_two PLATFORM TOPOLOGIES [TRAFFIC] — $T/two.yaml: two networks with a router each, of which
# the second is not to be restarted.
scenario_two() {
    two_traffic="rates: { pps: [300] }"
    cat >"$T/two.yaml" <<END
name: two
platform: $1
topologies: [$2]
routers:
  r1t3: { weight: 512 }
  r2t3: { on_crash: destroy }
networks:
  NET0: { router: r1t3 }
  NET1: { router: r2t3 }
traffic: { engine: packet, lengths: [64], ${3-$two_traffic} }
END
}

# scenario_many ROUTERS TOPOLOGY — in $T/many.yaml: that many plain routers.
scenario_many() {
    awk -v n="$1" -v topology="$2" 'BEGIN {
        print "name: many\ntopologies: [" topology "]\nrouters:"
        for (i = 0; i < n; i++) print "  R" i ": {}"
        print "networks:"
        for (i = 0; i < n; i++) print "  NET" i ": { router: R" i " }"
        print "traffic: { engine: packet, lengths: [64], rates: { pps: [50] }, duration: 500 ms }"
    }' >"$T/many.yaml"
}

# scenario_routed DAEMON PLATFORM TOPOLOGIES — $T/DAEMON.yaml with its configuration $T/DAEMON.conf:
# the router r1 learns its routes, and there is one small trial a topology.
scenario_routed() {
    # FRR supports an option against its wait of five seconds before its next message.
    sed 's/^ ospf router-id/ timers throttle lsa all 1000\n&/' "$SOURCE_ROOT/scenarios/ospf-$1.conf" \
        >"$T/$1.conf"
    cat >"$T/$1.yaml" <<END
name: $1
platform: $2
topologies: [$3]
routers:
  r1: { daemon: $1, config: $1.conf, converge_within: 120 s }
networks:
  NET0: { router: r1 }
traffic: { engine: packet, lengths: [64], rates: { pps: [500] }, duration: 500 ms }
END
}
routes() { vrbench console r1 -- ip route; }
# crosses — what lies behind the source reaches what lies behind the sink, and is answered.
crosses() { vrbench console source -- ping -q -c 1 -W 2 -I 10.18.0.2 10.19.0.2; }
# has_both — r1 has its routes to both, as just now a busy machine may have made it lose one.
has_both() { [ "$(routes | tee "$T/routes" | grep -c '^10\.1[89]\.')" -eq 2 ]; }
# in_touch DAEMON — r1 has both its neighbours, by its own console.
in_touch() {
    case $1 in
    bird) vrbench console r1 -- birdc show ospf neighbors ;;
    frr) vrbench console r1 -- vtysh -c "show ip ospf neighbor" ;;
    esac >"$T/neighbours" && cat "$T/neighbours" && [ "$(grep -ci full "$T/neighbours")" -eq 2 ]
}

# --- loads and CPU -------------------------------------------------------------------------------

# slow_down NODE FAMILY RULES — every packet of NODE walks rules that never match, some ten
# nanoseconds each, so that overload takes few packets and the tester is not the limit.
slow_down() {
    {
        echo "add table $2 slow"
        echo "add chain $2 slow walk { type filter hook forward priority 0; }"
        slow_rule=0
        while [ $slow_rule -lt "$3" ]; do
            echo "add rule $2 slow walk ip saddr" \
                "10.$((slow_rule / 250)).$((slow_rule % 250)).1 udp dport 7 drop"
            slow_rule=$((slow_rule + 1))
        done
    } | node "$1" nft -f -
}

# first_please — the run goes before others on the machine, so that its source leaves no gaps; for
# use before its threads begin.
first_please() { renice -n -19 -p "$run_pid" >/dev/null; }

# tasks_file GROUP — where the threads of a party of $testbed (host, router-NAME) are listed.
tasks_file() {
    tasks_group=$(jq -r .cgroups.root "$testbed.json")/vrbench/${testbed##*/}/$1
    if [ -e "$tasks_group/tasks" ]; then
        echo "$tasks_group/tasks"
    else
        echo "$tasks_group/cgroup.procs"
    fi
}
# None yet while the run looks which caps hold.
has_tasks() { jq -e .allocation "$testbed.json" && grep -q . "$(tasks_file "$1")"; }

# watch_cpu BUSY_MS WINDOWS SECONDS GROUP... — what parties of $testbed use, a line a window, a
# percentage a party, in $T/watched; from when the first has used BUSY_MS of CPU time (cpuwatch.c).
watch_cpu() {
    watch_how="$1 $2 $3"
    shift 3
    watch_files=
    : >"$T/watched"
    [ -e "${testbed-}.json" ] || return 1
    for group; do
        wait_for 60 has_tasks "$group" || return 1
        watch_files="$watch_files $(tasks_file "$group")"
    done
    # shellcheck disable=SC2086
    "$(helper cpuwatch)" $watch_how $watch_files >"$T/watched"
}

# router_threads — those that do the work of the first router of $testbed. cpu_of THREAD... — their CPU time in
# ns. asleep PID — it waits for a time to come.
router_threads() { jq -r '.routers[0].platform.tasks[]' "$testbed.json"; }
cpu_of() {
    for thread; do cat "/proc/$thread/schedstat"; done | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}
asleep() {
    case $(uname -m) in
    # ppoll(2) of two descriptors, those that a stop makes readable: stop_sleep() waits so, and for an
    # answer it would be three.
    x86_64) grep -q '^271 0x[0-9a-f]* 0x2 ' "/proc/$1/syscall" ;;
    *) grep -q poll "/proc/$1/wchan" ;;
    esac
}
# read_beside FILE COMMAND... — runs what reads the CPU time of the threads $threads twice, into the file: $cpu0 is
# what they had before it, $cpu1 and $cpu2 between its two readings, and $cpu3 after it. False if this test
# was held up for so long that it is unknown whether the two were between.
# shellcheck disable=SC2086,SC2034 # a list of threads; the caller's
read_beside() {
    read_file=$1
    shift
    cpu0=$(cpu_of $threads)
    "$@" >"$read_file" &
    reader=$!
    wait_for 60 asleep "$reader"
    cpu1=$(cpu_of $threads)
    sleep 1
    cpu2=$(cpu_of $threads)
    read_status=0
    asleep "$reader" || read_status=1
    wait "$reader"
    cpu3=$(cpu_of $threads)
    return "$read_status"
}

# points_sane FOLDER — there are points, and the properties of every point under any load of the machine hold: sums,
# and places for all that was lost; those of which it doesn't are printed. For use after ok.
points_sane() {
    jq -ces 'if length == 0 then "no points", false else map(select((
        (.networks | all(.tx == .rx + .lost and .tx > 0 and .unsent >= 0)) and
        ([.networks[].lost] | add) == ([.drops[].count] | add // 0) and
        (.drops | all(.count > 0 and .where != "" and .where != "unexplained")) and
        (.valid == (has("why_invalid") | not)) and (.attempts >= 1) and
        (.networks | all(.reordered <= .rx and
            (.rx == 0 or (.delay_ns | 0 < .min and .min <= .p50 and .p50 <= .p99 and .p99 <= .max) and
            (.delay_classes.packets | add) == .rx)))
        ) | not)) | .[], length == 0 end' "$1/points.jsonl"
}
# last_sane FOLDER — the same of its last point only: for runs whose first one begins while a fault is put.
last_sane() {
    mkdir -p "$T/last"
    tail -n 1 "$1/points.jsonl" >"$T/last/points.jsonl"
    points_sane "$T/last"
}
