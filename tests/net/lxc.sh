# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers that are LXC containers of a libvirtd of the test's own: measured, rationed, rebooted,
# entered, destroyed behind our back, and cleaned up after.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
caps="20 50"
if sanitized; then caps=20 && plan 70; else plan 72; fi

uri=$("$SOURCE_ROOT/scripts/libvirtd" uri /run/lv lxc)
machine_snapshot "$T/before"

scenario_two "$uri" "bridged, dedicated" "rates: { pps: [300, 600] }, duration: 500 ms"

vrbench up "$T/two.yaml" 2>"$T/err"
is "without a daemon nothing can be made" $? 3
like "  which is reported with the package" "$(cat "$T/err")" 'package libvirt-daemon-driver-lxc'
unchanged "  and nothing is left" "$T/before"

own_libvirtd lxc
# What others left on the machine is theirs.
groups() { ls -d /sys/fs/cgroup/*/machine/lxc-*-vrbench-* 2>/dev/null; }
groups >"$T/groups"
none_runs() { [ -z "$(machines)" ] && ! groups | grep -vxF -f "$T/groups"; }

first() { recorded "$1" first; }
domain() { recorded "$1" domain; }

for topology in bridged dedicated; do
    ok "$topology: up" vrbench up "$T/two.yaml" --topology "$topology"
    is "  libvirt has the containers" "$(machines | tr '\n' ' ')" \
        "$(domain r1t3) $(domain r2t3) "
    is "  and routers are listed" \
        "$(vrbench list --json | jq -r 'map(.name + " " + .state) | join(", ")')" \
        "host running, r1t3 running, r2t3 running"
    ok "  the networks carry packets" reaches 0
    ok "  both" reaches 1

    # While r1t3 is rebooted, r2t3 must not lose a packet.
    old=$(field r1t3 id)
    vrbench console source -- ping -q -i 0.005 -c 400 198.19.1.2 >"$T/ping1" 2>&1 &
    ping=$!
    ok "  r1t3 is rebooted" vrbench reboot r1t3
    wait $ping
    is "  while r2t3 forwards on without loss" "$(lost "$T/ping1")" 0
    ok "  r1t3 has a new id" [ "$(field r1t3 id)" -gt "$old" ]
    ok "  and forwards" reaches 0

    ok "  r1t3 is destroyed" vrbench destroy r1t3
    is "  its container with it" "$(machines)" "$(domain r2t3)"
    ok "  its network is cut off" cut_off 0
    ok "  r1t3 is created" vrbench create r1t3
    ok "  and forwards" reaches 0

    # Behind our back: r1t3 is restarted, r2t3 is not.
    ok "  destroyed by others" virsh -q -c "$uri" destroy "$(domain r1t3)"
    ok "  r1t3 is restarted" wait_for 60 field_is r1t3 restarts 1
    ok "  and forwards" wait_for 60 reaches 0
    kill -KILL "$(first r2t3)"
    ok "  killed, r2t3 is cleared away, as it was to be" wait_for 60 field_is r2t3 state crashed
    ok "  down" vrbench down two
    ok "  with no container left" wait_for 60 none_runs
    unchanged "  nor anything else" "$T/before"
done

ok "consoles: up" vrbench up "$T/two.yaml"
is "a command sees the container's own processes and interfaces" \
    "$(vrbench console r1t3 -- sh -c 'cat /proc/1/comm; ls /sys/class/net' | tr '\n' ' ')" \
    "sh eth0 eth1 lo "
is "  and a /run of its own" "$(vrbench console r1t3 -- ls -A /run)" ""
cpus() { awk '$1 == "Cpus_allowed_list:" { print $2 }' "/proc/$1/status"; }
task() { recorded "$1" tasks | jq '.[0]'; }
is "  they run where its forwarding does" "$(cpus "$(first r1t3)")" "$(cpus "$(task r1t3)")"
echo 'exit 7' | vrbench console r1t3
is "  and the exit status of a shell comes back" $? 7
is "  and its weight is as in the scenario" "$(vrbench cpu r1t3 --json | jq -r '.[0].weight')" 512
# What is run inside is the router's: half a second of CPU time.
cpu_s() { field r1t3 cpu_seconds; }
used=$(cpu_s)
vrbench console r1t3 -- sh -c 'half=$(($(getconf CLK_TCK) / 2)) ticks=0
    while [ "$ticks" -lt "$half" ]; do
        read -r _ _ _ _ _ _ _ _ _ _ _ _ _ ticks _ </proc/self/stat
    done'
ok "what its processes use is the router's, $used s before" \
    between "$(cpu_s)" "$(awk "BEGIN { print $used + 0.5 }")" "$(awk "BEGIN { print $used + 5 }")"
ok "the daemon is restarted" libvirtd_again
ok "  with the containers forwarding on" reaches 0
ok "  and can be rebooted afterwards" vrbench reboot r1t3
old=$(first r1t3)
holder=$(virsh -q -c "$uri" domid "$(domain r1t3)")
"$SOURCE_ROOT/scripts/libvirtd" kill "$lv"
kill -KILL "$holder"
libvirtd_again >/dev/null
ok "a container that has lost libvirt's process around it is rebooted, too" vrbench reboot r1t3
ok "  and ends" wait_for 60 gone "$old"
# Its empty control groups are left: libvirt no longer has a record of them.
rmdir /sys/fs/cgroup/*/machine/lxc-"$holder"-* 2>/dev/null
ok "  and forwards" wait_for 60 reaches 0
ok "down" vrbench down two

# --- measured ------------------------------------------------------------------------------------

ok "a sweep" measured "$T/two.yaml" -o "$T/sweep"
is "  of four points" "$(points "$T/sweep")" 4
like "  and says what it ran on" \
    "$(jq -r '.platform | .kind + " of " + .hypervisor' "$T/sweep/run.json")" '^containers of LXC [0-9]'
ok "  whose sums hold" points_sane "$T/sweep"
ok "  in which every packet came through or is accounted for, and a router has its parts" jq -es '
    all((.networks | all(.rx > 0.9 * .tx)) and (.cpu | map(select(.name == "r1t3"))[0] |
        ([.parts[].name] == ["napi", "processes"]) and
        ((([.parts[].percent] | add) - .percent) | . < 0.01 and . > -0.01) and
        .parts[0].percent > 0))' "$T/sweep/points.jsonl" || sed 's/^/# /' "$T/sweep/points.jsonl"

# rationed ROUTERS NETWORKS SECONDS GROUP... — overload with routers made slow, watched in
# $T/watched.
rationed() {
    cat >"$T/ration.yaml" <<END
name: ration
platform: $uri
topologies: [dedicated]
host: { cpus: 1 }
routers: { $1 }
networks: { $2 }
traffic: { lengths: [64], rates: { pps: [60000] }, duration: 3 s }
END
    watch_how=$3
    shift 3
    rm -rf "$T/ration"
    start_run "$T/ration.yaml" -o "$T/ration"
    first_please
    hold_run dedicated && for group; do slow_down "${group#router-}" ip 5000; done
    release_run
    # shellcheck disable=SC2086
    watch_cpu $watch_how "$@"
    end_run
}
nearest() { awk -v cap="$1" '{ d = $1 > cap ? $1 - cap : cap - $1 }
    NR == 1 || d < least { least = d; best = $1 } END { print best }' "$T/watched"; }
# The machine may rob a router, never the other way round: up to three times.
for cap in $caps; do
    for try in 1 2 3; do
        rationed "r1: { cap: $cap }" "NET0: { router: r1 }" "200 3 0.6" router-r1
        percent=$(nearest "$cap")
        if between "${percent:-0}" $((cap - 2)) $((cap + 2)); then break; fi
        diag "cap $cap, try $try: $(tr '\n' ' ' <"$T/watched")"
    done
    ok "a container under a cap of $cap forwards with ${percent:-?} %" \
        between "${percent:-0}" $((cap - 2)) $((cap + 2)) || sed 's/^/# /' "$T/run.err"
done
weights_share() {
    for try in 1 2 3 4 5; do
        rationed "r1: { weight: 512 }, r2: {}" "NET0: { router: r1 }, NET1: { router: r2 }" \
            "50 1 1.4" router-r1 router-r2
        ratio=$(awk '$2 > 0 { printf "%.3f", $1 / $2 }' "$T/watched")
        if between "${ratio:-0}" 1.8 2.2; then break; fi
        diag "weights, try $try: ${ratio:-not known} ($(cat "$T/watched"))"
    done
    ok "weights 2:1 share the CPU ${ratio:-?} to 1" between "${ratio:-0}" 1.8 2.2
}
sanitized || weights_share

# --- killed --------------------------------------------------------------------------------------

sed 's/duration: 500 ms/duration: 30 s/' "$T/two.yaml" >"$T/long.yaml"
start_run "$T/long.yaml" -o "$T/killed"
ok "a run stands" wait_for 60 testbed_up bridged
kill -KILL "$run_pid"
end_run
ok "  killed" [ -n "$(machines)" ]
ok "  it is cleaned up after" vrbench cleanup
ok "  with no container left" wait_for 60 none_runs
unchanged "nothing is left" "$T/before"
