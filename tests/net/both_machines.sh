# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every form of traffic of the built-in engines through virtual machines and containers, in every topology: both IP
# versions, with and without a VLAN, in one direction and in both at once, with mixes of lengths, several flows, loads
# and a length of a network's own, and a load that changes in time. Each is accounted for to the packet. A testbed
# stands for all runs of its topology. Nothing depends on the speed of the machine.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
plan 90

# forms ENGINE BY LENGTHS LOAD — in $T/forms.yaml.
forms() {
    cat >"$T/forms.yaml" <<END
name: forms
platform: $uri
routers: { r1t3: { memory: 96 MiB } }
networks:
  NET0: { router: r1t3, directions: both, vlan: 20 }
  NET1: { router: r1t3, directions: both, vlan: 21, ip: 6 }
  NET2: { router: r1t3, ip: 6, rate: 400, length: 1200 }
  NET3: { router: r1t3, share: 0.5 }
traffic: { engine: $1, flows: 10, flows_by: $2, lengths: [$3], $4 }
END
}
constant="rates: { pps: [300] }, duration: 300 ms"
# 60 + 180 packets are due.
ramp="profile: { phases: [{ for: 200 ms, rate: 300 }, { for: 300 ms, rate: 300, to: 900 }] }"

# measured_form ENGINE BY LENGTHS LOAD POINTS DUE OWN HALF — a run of that many points, in which NET0 and NET1 send DUE
# packets in each direction, NET2 its OWN, and NET3 HALF. What disturbs a trial does not matter to its sums.
measured_form() {
    folder=$T/run
    rm -rf "$folder"
    forms "$1" "$2" "$3" "$4"
    ok "$1, flows by $2, ${4%%:*}, lengths $3: a run" measured "$T/forms.yaml" --on forms -o "$folder" --attempts 1
    is "  each direction of each network has the packets that were due" \
        "$(jq -cs '[length, (.[] | [.networks[] | .tx + .unsent])] | unique' "$folder/points.jsonl")" \
        "[$5,[$6,$6,$7,$8,$6,$6]]"
    ok "  packets arrive in each, as they were sent" jq -es 'all(.[].networks[];
        .rx > 0 and .corrupt == 0 and .duplicated == 0)' "$folder/points.jsonl" ||
        sed 's/^/# /' "$folder/points.jsonl"
    ok "  every sum holds and every loss has a place" points_sane "$folder"
}
# all_forms TOPOLOGY — a testbed, and four runs on it: each engine with flows by ports and by addresses, with constant
# loads and with one that changes in time.
all_forms() {
    forms packet ports "imix" "$constant"
    ok "$1 of ${uri%%+*}: a testbed" vrbench up "$T/forms.yaml" --topology "$1"
    measured_form packet ports "imix, 3x100+1x333" "$constant" 2 90 120 45
    measured_form xdp addresses "imix, 3x100+1x333" "$constant" 2 90 120 45
    measured_form packet addresses imix "$ramp" 1 240 200 120
    measured_form xdp ports imix "$ramp" 1 240 200 120
    ok "  down" vrbench down forms
}

own_libvirtd
all_forms bridged
all_forms dedicated
"$SOURCE_ROOT/scripts/libvirtd" stop $lv
own_libvirtd lxc
all_forms direct # of the tester alone, whatever the platform
all_forms bridged
all_forms dedicated
