#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Virtual machines measured: bridged and dedicated, CPU by part, overload that is lost at the tap; a
# libvirtd restarted and a machine killed in the middle; and what a run killed by SIGKILL leaves.
#
# Runs beside others under sanitizers: its checks hold on a busy machine, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
plan 33

own_libvirtd
# scenario TOPOLOGIES RATES DURATION — in $T/one.yaml
scenario() {
    cat >"$T/one.yaml" <<END
name: one
platform: $uri
topologies: [$1]
routers:
  r1t3: { memory: 96 MiB }
networks:
  NET0: { router: r1t3 }
traffic: { lengths: [64], rates: { pps: [$2] }, duration: $3 }
END
}
points_are() { jq -es "map($1) | all" "$T/run/points.jsonl"; }
machine_snapshot "$T/before"

ok "the scenario is checked without a libvirtd" sh -c '
    "$VRBENCH" run --check /dev/stdin <<END
name: far
platform: qemu+unix:///system?socket=/nowhere
routers: { r: {} }
networks: { NET0: { router: r } }
traffic: { lengths: [64], rates: { pps: [100] } }
END'
sed "s|^platform:.*|platform: qemu+unix:///system?socket=$T/nowhere|" >"$T/no.yaml" <<END
name: one
platform: x
routers: { r: {} }
networks: { NET0: { router: r } }
traffic: { lengths: [64], rates: { pps: [100] } }
topologies: [bridged]
END
ok "no libvirtd: exit status 3" exits 3 "$VRBENCH" run "$T/no.yaml" -o "$T/no"
like "  and says what is missing" "$(cat "$T/ok.log")" "no libvirtd answers"
sed "s|^platform:.*|platform: test:///default|" "$T/no.yaml" >"$T/test.yaml"
ok "a driver that can't have routers: exit status 3" exits 3 "$VRBENCH" run "$T/test.yaml" -o "$T/no2"
unchanged "  and nothing was made" "$T/before"

# --- one run -------------------------------------------------------------------------------------
scenario "bridged, dedicated" "300, 100000" "1 s"
ok "bridged and dedicated are measured" measured "$T/one.yaml" -o "$T/run"
is "  point by point" "$(jq -r '"\(.topology) \(.requested_pps)"' "$T/run/points.jsonl" | tr '\n' ' ')" \
    "bridged 300 bridged 100000 dedicated 300 dedicated 100000 "
ok "  every sum holds and every loss has a place" points_sane "$T/run"
ok "  packets are forwarded at every load" points_are '.networks[0].rx > 0'
ok "  the platform is named" points_are ".platform == \"$uri\""
ok "  CPU is reported by part" points_are '
    [.cpu[] | select(.name == "r1t3") | .parts[].name] == ["vcpu0", "emulator"] and
    ([.cpu[] | select(.name == "host") | .parts[].name] == ["napi", "rest"])'
ok "  which sum to the whole" points_are '
    .cpu | map(select(.parts) | (([.parts[].percent] | add) - .percent) | fabs < 1e-6) | all'
# /proc/stat covers the time until the sink is quiet, too, and counts in ticks of 10 ms. It contains other programs, of
# which a point says so from 15 % of a CPU on.
ok "  and to what /proc/stat says was used" points_are '
    (([.cpu[] | select(.name != "tester") | .percent] | add) -
        ([.processors[] | select(.used_by == "dut") | .busy_percent] | add)) as $more |
    $more < 40 and ($more > -18 or (.why_invalid // "" | test("background load")))'
ok "  memory is reported" points_are '[.memory[] | select(.name == "r1t3" and .bytes > 9e7)] | length == 1'
lost_at() { jq -s --arg where "$1" --arg topology "$2" '
    map(select(.requested_pps == 100000 and .topology == $topology) | .drops[] |
        select(.where == $where) | .count) | add // 0' "$T/run/points.jsonl"; }
ok "  overload is lost at the tap" [ "$(lost_at "host:vif1.0 tap queue" bridged)" -gt 1000 ]
ok "  or, dedicated, in the router's ring" [ "$(lost_at "r1t3:eth0 receive ring" dedicated)" -gt 1000 ]
unchanged "  nothing is left" "$T/before"
is "  no machine either" "$(machines)" ""

# --- libvirtd restarted in the middle, then the machine killed -----------------------------------
machine() { recorded r1t3 pid; }
scenario bridged "200, 250, 300, 350, 400, 450, 500, 550" "1 s"
on_flunk 'cat "$T/run.err" "$T/lives/points.jsonl"'
start_run "$T/one.yaml" -o "$T/lives"
ok "a run begins" wait_for 120 has_points "$T/lives" 1
process=$(machine)
ok "  libvirtd is restarted" libvirtd_again
begun=$(points "$T/lives")
ok "  and it continues" wait_for 120 has_points "$T/lives" $((begun + 1))
is "  with the same machine" "$(machine)" "$process"
kill -KILL "$process"
end_run
is "  its machine killed, it ends well" $run_status 0
is "  with all its points" "$(points "$T/lives")" 8
ok "  one of which says that a router died, and none before" jq -es --argjson begun "$begun" '
    map((.why_invalid // "") | test("router died")) | index(true) > $begun and
    (map(select(.)) | length) == 1' "$T/lives/points.jsonl"
ok "  and the last one was measured on a fresh machine" jq -es '.[-1].networks[0].rx > 0' \
    "$T/lives/points.jsonl"
on_flunk ""
unchanged "  nothing is left" "$T/before"

# --- SIGKILL -------------------------------------------------------------------------------------
scenario bridged "200, 300, 400, 500" "5 s"
sed -i 's/memory: 96 MiB/&, cap: 90/' "$T/one.yaml"
start_run "$T/one.yaml" -o "$T/sigkill"
ok "a run begins" wait_for 120 testbed_up bridged
process=$(machine)
kill -KILL "$run_pid"
end_run
ok "killed, it leaves its machine" alive "$process"
ok "  cleanup removes what it left" vrbench cleanup
ok "  the machine, too" wait_for 60 gone "$process"
is "  for libvirt as well" "$(machines)" ""
unchanged "  nothing is left" "$T/before"
