#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# CPU of a virtual machine and of its host, by part, against readings that are none of vrbench's:
# /proc/stat of the CPU of the device under test, and /proc/PID/stat of the machine's process, while
# the load flows; and a cap under traffic, where loss begins only once the cap is below the need.
#
# Not under sanitizers: what of the program runs here does so in libvirt_run and libvirt_life, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
plan 11

own_libvirtd
# /proc/stat counts whole ticks. A rate that is no multiple of theirs meets them in every phase of a packet's
# work; at 4,000 packets/s each tick met the same one, so that it showed 10 or 70 % where 53 % was used.
pps=3989
# scenario CAP RATES
scenario() {
    cat >"$T/parts.yaml" <<END
name: parts
platform: $uri
topologies: [bridged]
routers: { r1t3: { cap: $1 } }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [$2] }, duration: 6 s }
END
}
process() { jq -r '.routers[0].platform.pid' "$testbed.json"; }
# reading PROCESS CPU — time in ns; packets that came to the sink; ticks of 10 ms that the process
# and the CPU were busy (no idle, iowait or steal: proc(5)).
reading() {
    echo "$(date +%s%N) $(node sink cat /proc/net/dev | awk 'NR > 2 && $1 != "lo:" { n += $3 }
        END { print n + 0 }')" \
        "$(sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }')" \
        "$(awk -v cpu="cpu$2" '$1 == cpu { print $2 + $3 + $4 + $7 + $8 }' /proc/stat)"
}
# watched LEAST — percent of a CPU that the process and the CPU of the device under test used from the
# first reading to the last between which the load came through at LEAST of its rate, and how long that was.
watched() {
    awk -v pps="$pps" '
        NR > 1 && $1 > at && ($2 - packets) * 1e9 / ($1 - at) >= pps * least {
            if (!from) { from = at; process0 = process; cpu0 = cpu }
            s = ($1 - from) / 1e9; p = ($3 - process0) / s; c = ($4 - cpu0) / s
        }
        { at = $1; packets = $2; process = $3; cpu = $4 }
        END { print p + 0, c + 0, s + 0 }' least="$1" "$T/readings"
}
# run_watched — a run, with readings four times a second as long as it has a testbed.
run_watched() {
    rm -rf "$T/run"
    : >"$T/readings"
    start_run "$T/parts.yaml" -o "$T/run"
    wait_for 120 testbed_up bridged || return 1
    run_machine=$(process)
    wait_for 60 placed || return 1
    while alive "$run_pid" && reading "$run_machine" "$run_cpu" >>"$T/readings" 2>/dev/null; do
        sleep 0.25
    done
    end_run
    [ "$run_status" -eq 0 ]
}
placed() {
    run_cpu=$(awk '/^Cpus_allowed_list:/ { print $2 }' "/proc/$run_machine/status")
    [ "$run_cpu" -ge 0 ] 2>/dev/null
}
figure() { jq -r --arg name "$1" '.cpu[] | select(.name == $name) | .percent' "$T/run/points.jsonl"; }
near() { between "$1" "$(echo "$2" | awk '{ print $1 * 0.88 - 4 }')" "$(echo "$2" | awk '{ print $1 * 1.12 + 4 }')"; }
lost() { jq -r '.networks[0] | .lost / .tx' "$T/run/points.jsonl"; }
machine_snapshot "$T/before"

# Again where the load was held up in the middle, so that too little of it can be looked at, and where
# one of the two witnesses was while it read.
watched_well() {
    # shellcheck disable=SC2046 # three figures
    set -- $(watched 0.6)
    between "$3" 3 30 && between "$(lost)" 0 0.02 && near "$(figure r1t3)" "$1" &&
        near "$(echo "$(figure r1t3) $(figure host)" | awk '{ print $1 + $2 }')" "$2"
}
watched_long() {
    for try in 1 2 3 4 5; do
        run_watched || return 1
        if watched_well; then break; fi
    done
}
# carried MOST — a run that loses no more; again where the machine's neighbours took the CPU meanwhile.
carried() {
    for try in 1 2 3 4 5; do
        run_watched || return 1
        if between "$(lost)" 0 "$1"; then break; fi
    done
}
scenario 0 "$pps"
ok "a run is watched from outside" watched_long
set -- $(watched 0.6)
ok "  while its load flows ($3 s)" between "$3" 3 30
router=$(figure r1t3) host=$(figure host)
ok "  vCPU and emulator are what the machine's process used ($router, seen: $1)" near "$router" "$1"
sum=$(echo "$router $host" | awk '{ print $1 + $2 }')
ok "  with the host, what the CPU was used for ($sum, seen: $2)" near "$sum" "$2"
ok "  nothing is lost for want of CPU" between "$(lost)" 0 0.02
free=$router

# Under load, not just at rest: more than the machine needs, and less.
# A cap is at most the one CPU that there is.
scenario "$(echo "$free" | awk '{ cap = int($1 * 1.6 + 10); print cap < 100 ? cap : 100 }')" "$pps"
ok "capped above its need ($free)" carried 0.03
ok "  it loses nothing" between "$(lost)" 0 0.03
# What it needs is elastic: the less often it runs, the more packets it takes at a time. Not so far.
cap=4
scenario "$cap" "$pps"
ok "capped at $cap" run_watched
set -- $(watched 0.02)
ok "  it uses that ($(figure r1t3), seen: $1)" between "$1" 1 6
ok "  and loses packets" between "$(lost)" 0.05 1
unchanged "nothing is left" "$T/before"
