#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Weights and caps of virtual machines, watched from outside while their guests do nothing but use
# CPU: the whole process of a machine counts, all its threads.
#
# Not under sanitizers: what of the program runs here does so in libvirt_run and libvirt_life, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
plan 16

own_libvirtd
cat >"$T/two.yaml" <<END
name: two
platform: $uri
topologies: [bridged]
routers:
  r1t3: { weight: 512 }
  r2t3: { weight: 256 }
networks:
  NET0: { router: r1t3 }
  NET1: { router: r2t3 }
traffic: { lengths: [64], rates: { pps: [300] } }
END
process() { recorded "$1" pid; }
burn() { vrbench console "$1" -- sh -c 'yes >/dev/null 2>&1 </dev/null &'; }
rest() { vrbench console "$1" -- killall yes; }
# watch WINDOWS — what r1t3 and r2t3 use, percent, a line a window of two seconds, at the end of
# $T/watched. One program reads clocks and CPU time together: between the programs of a shell script a busy
# machine takes tens of milliseconds, which are points of percent.
watch() { "$(helper cpuwatch)" 0 "$1" 2 "$r1" "$r2" >>"$T/watched"; }
# Neighbours may take CPU from a capped machine; what it gets at best is its cap. Two windows, and more
# only if they did. In no window is it more than the cap by more than a tick of 4 ms at either end.
best() { sort -g "$T/watched" | tail -n 1 | cut -d' ' -f1; }
holds() {
    : >"$T/watched"
    for try in 1 2 3 4 5 6 7 8; do
        watch 2
        if between "$(best)" $(($1 - 1)) $(($1 + 1)); then
            echo "$(best) %" && return
        fi
    done
    cat "$T/watched" && false
}
# Shares are those of the whole time: a window has a period too many or too few.
ratio() { awk '{ a += $1; b += $2 } END { print a / b }' "$T/watched"; }

ok "two machines" vrbench up "$T/two.yaml"
r1=$(process r1t3) r2=$(process r2t3)
ok "both are busy" burn r1t3
ok "  all the time" burn r2t3
# divides LOW HIGH — over two windows, and over more if that was not enough.
divides() {
    : >"$T/watched"
    for try in 1 2 3; do
        watch 2
        if between "$(ratio)" "$1" "$2"; then return; fi
    done
    cat "$T/watched" && false
}
ok "weights of 512 and 256 divide the CPU" divides 1.6 2.5
ok "  and of 256 and 1024" vrbench cpu r1t3 --weight 256
vrbench cpu r2t3 --weight 1024
ok "  the other way round" divides 0.18 0.36
vrbench top --json -v -n 1 -d 1 >"$T/top"
ok "top -v shows vCPU and emulator" jq -e '[.machines[] | select(.name == "r1t3").cpu_parts] |
    map(map(.name)) == [["vcpu0", "emulator"]] and .[0][0].cpu_percent > 1' "$T/top"
ok "  which sum to the whole" jq -e '.machines[] | select(.name == "r1t3") |
    ((.cpu_parts | map(.cpu_seconds) | add) - .cpu_seconds) | fabs < 0.2' "$T/top"
ok "one rests" rest r2t3
for cap in 50 25 10; do
    ok "a cap of $cap %" vrbench cpu r1t3 --cap "$cap"
    ok "  is held within a point" holds "$cap"
done
ok "they are taken down" vrbench down two
