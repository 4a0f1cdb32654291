# SPDX-License-Identifier: GPL-3.0-or-later
#
# Both directions of a network at once through virtual machines and containers, with mixes of lengths and several
# flows, by both built-in engines, one of them with a load that changes in time: each direction is accounted for to
# the packet, through ports of a VLAN. Nothing depends on the speed of the machine.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
plan 16

# measure_both URI — a run of both topologies.
measure_both() {
    cat >"$T/both.yaml" <<END
name: both
platform: $1
topologies: [bridged, dedicated]
routers: { r1t3: { memory: 96 MiB } }
networks: { NET0: { router: r1t3, directions: both, vlan: 20 } }
traffic: { engine: packet, lengths: [64, imix], flows: 10, rates: { pps: [300, 600] }, duration: 500 ms }
END
    folder=$T/${1%%:*}
    ok "${1%%:*}: both topologies are measured" measures "$folder" "$T/both.yaml"
    is "  each direction has a row, with the packets that were asked for" \
        "$(jq -c '[.networks[] | [.direction, .tx + .unsent]]' "$folder/points.jsonl" | sort -u | paste -sd' ')" \
        '[["forward",150],["reverse",150]] [["forward",300],["reverse",300]]'
    ok "  packets arrive in both directions" jq -es 'all(.[].networks[]; .rx > 0)' "$folder/points.jsonl" ||
        sed 's/^/# /' "$folder/points.jsonl"
    ok "  every sum holds and every loss has a place" points_sane "$folder"
    changing_load "$1"
}

# changing_load URI — a ramp behind a step, by the other engine: 60 + 180 packets are due.
changing_load() {
    cat >"$T/ramp.yaml" <<END
name: ramp
platform: $1
topologies: [dedicated]
routers: { r1t3: { memory: 96 MiB } }
networks: { NET0: { router: r1t3, directions: both, vlan: 20 } }
traffic:
  engine: xdp
  lengths: [imix]
  flows: 10
  flows_by: addresses
  profile: { phases: [{ for: 200 ms, rate: 300 }, { for: 300 ms, rate: 300, to: 900 }] }
END
    folder=$T/ramp-${1%%:*}
    ok "${1%%:*}: a load that changes in time is measured" measures "$folder" "$T/ramp.yaml"
    is "  each direction has the packets that were due" \
        "$(jq -c '[.networks[] | [.direction, .tx + .unsent]]' "$folder/points.jsonl")" \
        '[["forward",240],["reverse",240]]'
    ok "  packets arrive in both directions, and none is damaged" jq -es \
        'all(.[].networks[]; .rx > 0 and .corrupt == 0)' "$folder/points.jsonl" ||
        sed 's/^/# /' "$folder/points.jsonl"
    ok "  every sum holds and every loss has a place" points_sane "$folder"
}

own_libvirtd
measure_both "$uri"
"$SOURCE_ROOT/scripts/libvirtd" stop $lv
own_libvirtd lxc
measure_both "$uri"
