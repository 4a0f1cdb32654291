# SPDX-License-Identifier: GPL-3.0-or-later
#
# A path through two routers that other networks pass, too, with hooks that drop packets and with impaired cables: each
# packet is accounted for, in every life of a router. lxc_life.sh and libvirt_life.sh have the same on
# containers and virtual machines.
#
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/setups.sh"
isolate --run "$@"
plan 19

machine_snapshot "$T/before"
scenario_two netns "bridged, dedicated" "rates: { pps: [300] }, duration: 300 ms"
setup_add
sed -i "s|r1t3: {|& nft: tenth.nft, run: [\"$setup_run\"],|" "$T/two.yaml"
for topology in bridged dedicated; do
    ok "$topology: up" vrbench up "$T/two.yaml" --topology "$topology"
    ok "  every packet is accounted for" setup_conserves nft
    case $topology in
    bridged)
        ok "  rebooted" vrbench reboot r1t3
        ok "  every packet is accounted for" setup_conserves nft
        ;;
    dedicated)
        ok "  destroyed and created" sh -c '"$VRBENCH" destroy r1t3 && "$VRBENCH" create r1t3'
        ok "  every packet is accounted for" setup_conserves nft
        ;;
    esac
    kill -KILL "$(recorded r1t3 first)"
    ok "  killed, it is restarted" wait_for 60 field_is r1t3 restarts 1
    ok "  every packet is accounted for" setup_conserves nft
    ok "  down" vrbench down two
    unchanged "  nothing is left" "$T/before"
done

ok "both topologies are measured" measured "$T/two.yaml" -o "$T/run"
ok "  every sum holds" points_sane "$T/run"
ok "  and the rules, the route and the impairments are places of losses" jq -es 'length == 2 and all(
    ["impairment of NET2 (source to r1t3)", "impairment of (r1t3 to r2t3)", "r1t3:eth2 to eth3", "r1t3:eth3 to eth2"] -
    [.drops[].where] == [])' "$T/run/points.jsonl" || jq -c .drops "$T/run/points.jsonl" | sed 's/^/# /'
