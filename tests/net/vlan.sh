# SPDX-License-Identifier: GPL-3.0-or-later
#
# Networks in VLANs beside one without: tcpdump sees the tags between tester and device under test, and no
# tag behind the port; by both built-in engines, in both directions, of both IP versions. A rebooted router's
# interfaces are ports again. Nothing depends on the speed of the machine.
#
# Runs beside others: its checks hold on a busy machine, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/witness.sh"
isolate --run "$@"
plan 35

cat >"$T/vlan.yaml" <<'END'
name: vlan
routers: { r1: {} }
networks:
  NET0: { router: r1, vlan: 100, directions: both }
  NET1: { router: r1, vlan: 4094, ip: 6 }
  NET2: { router: r1 }
traffic: { lengths: [200], rates: { pps: [300] }, duration: 300 ms }
END

# tagged PLACE FILTER — test packets of a capture that the filter selects.
tagged() { tcpdump -r "$T/$1.pcap" -n "$2" 2>/dev/null | wc -l; }
# in_vlan PLACE VLAN IP — all captured test packets of that IP version are in the VLAN, and there are some.
in_vlan() {
    all=$(($(tagged "$1" "$3 and udp") + $(tagged "$1" "vlan and $3 and udp")))
    [ "$all" -gt 0 ] && [ "$(tagged "$1" "vlan $2 and $3 and udp")" -eq "$all" ]
}
untagged() { [ "$(tagged "$1" "vlan")" -eq 0 ] && [ "$(tagged "$1" udp)" -gt 0 ]; }
all_arrive() { # in each direction, but for what a busy machine loses
    jq -es 'length > 0 and all(.[]; [.networks[] | [.name, .direction, .tx + .unsent, .corrupt // 0]] ==
            [["NET0", "forward", 90, 0], ["NET1", null, 90, 0], ["NET2", null, 90, 0],
             ["NET0", "reverse", 90, 0]] and all(.networks[]; .rx > 0))' "$folder/points.jsonl"
}

for engine in packet xdp; do
    for topology in bridged dedicated; do
        case $topology in
        bridged) near="host.nic0 host.nic2" far=host.nic4 ;;
        dedicated) near="r1.eth0 r1.eth2" far=r1.eth4 ;;
        esac
        folder=$T/$engine-$topology
        start_run "$T/vlan.yaml" -o "$folder" --topology $topology --engine $engine
        first_please
        ok "$engine, $topology: the testbed stands" hold_run $topology
        # shellcheck disable=SC2086 # words
        watch $near $far
        release_run
        end_run
        unwatch
        is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
        ok "  packets arrive as they were sent" all_arrive || sed 's/^/# /' "$folder/points.jsonl"
        ok "  every sum holds" points_sane "$folder"
        ok "  tags of IPv4 in both directions" in_vlan "${near% *}" 100 ip
        ok "  and of IPv6" in_vlan "${near#* }" 4094 ip6
        ok "  none in a network without a VLAN" untagged "$far"
    done
done

# Networks of the same IP version, one of them in a VLAN: the kernel recycles the pages of xdp's frames.
cat >"$T/both.yaml" <<'END'
name: both
topologies: [dedicated]
routers: { r1: {} }
networks: { NET0: { router: r1, vlan: 100 }, NET1: { router: r1 } }
traffic: { engine: xdp, lengths: [64], rates: { pps: [300] }, duration: 300 ms }
END
ok "xdp, of the same IP version: the run succeeds" measures "$T/both" "$T/both.yaml"
ok "  packets arrive as they were sent" jq -es 'length == 1 and all(.[0].networks[];
    .tx + .unsent == 90 and .rx > 0 and .corrupt == 0)' "$T/both/points.jsonl" || sed 's/^/# /' "$T/both/points.jsonl"

# A standing router.
ports() { # IF — the programs at tc's ingress and egress of the router's interface
    for side in ingress egress; do
        vrbench console r1 -- tc filter show dev "$1" "$side" | grep -o 'remove_tag\|add_tag'
    done | sort -u | paste -sd' '
}
vrbench up "$T/vlan.yaml" --topology dedicated >/dev/null
is "an interface in a VLAN is a port" "$(ports eth0)" "add_tag remove_tag"
is "  one without is none" "$(ports eth4)" ""
vrbench reboot r1 >/dev/null
is "a rebooted router has its ports" "$(ports eth0)" "add_tag remove_tag"
ok "down" vrbench down vlan

sed 's/lengths: \[200\]/engine: iperf, lengths: [200]/' "$T/vlan.yaml" >"$T/iperf.yaml"
vrbench run "$T/iperf.yaml" --check >"$T/out" 2>&1
like "iperf cannot send tags, which is reported at its position" "$(cat "$T/out")" \
    "^$T/iperf.yaml:4:[0-9]+: vlan: engine iperf cannot send frames with VLAN tags"
