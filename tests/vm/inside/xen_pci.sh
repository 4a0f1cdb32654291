# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_pci.sh — run by ../other_xen.sh in Domain-0: a lent NIC goes to a domain as the PCI device that it
# is, and comes back with its driver, its name and all that it was told; also after vrbench was killed. And
# the study's table for NICs that are a router's own. Lines of it begin with "# | ".
. "${0%/*}/xen_lib.sh"
. "${0%/*}/pci_lib.sh"
export VRBENCH_IMAGE="$SOURCE_ROOT/nics" # with their drivers
plan 32

for module in virtio_net e1000e xen-pciback veth bridge; do modprobe "$module"; done
lend
cat >"$T/lent.yaml" <<END
name: lent
platform: xen
routers: { r1t3: { memory: 256 MiB } }
$lent
END
like "doctor tells that domains can have PCI devices" \
    "$(vrbench doctor --platform xen | grep 'PCI devices')" 'yes .*IOMMU'

ok "up" vrbench up "$T/lent.yaml"
sed 's/^/# /' "$T/ok.log"
is "  list tells" "$(field r1t3 dedicated_links)" pci
is "  pciback has them" "$(drivers)" "pciback pciback"
is "  the domain has them by xl" "$(xl pci-list "$(domains)" | awk 'NR > 1 { print $2 }' | sort | xargs)" \
    "$(printf '%s\n' "$ingress_device" "$egress_device" | sort | xargs)"
is "  and no interface here is either" "$(ip -o link | grep -c "$ingress\|$egress")" 0
is "  in the router they are e1000e, with their own MAC addresses" "$(inside_it)" \
    "e1000e 02:00:00:00:0a:01 e1000e 02:00:00:00:0b:00"
ok "  it forwards" wait_for 60 reaches lent 0
ok "it is rebooted" vrbench reboot r1t3
ok "  and forwards again" wait_for 60 reaches lent 0
ok "down" vrbench down lent
given_back "  they are back as they were"
is "  nobody can be assigned them any more" "$(xl pci-assignable-list)" ""

# The same at the study's loads.
sed 's/^traffic: .*/traffic: { lengths: [64, 1500], rates: { pps: [50, 400, 1600] }, duration: 3 s }/' "$T/lent.yaml" \
    >"$T/loads.yaml"
vrbench run -v "$T/loads.yaml" -o "$T/run" >"$T/run.log" 2>&1
is "a run" $? 0 || sed 's/^/# /' "$T/run.log"
like "  says beforehand which devices the router gets" "$(cat "$T/run.log")" \
    "router r1t3 gets $ingress whole, PCI device $ingress_device"
is "  measures each load" "$(points "$T/run")" 6
ok "  packets come through at each" jq -es 'all(.[].networks[]; .rx > 0.9 * .tx)' "$T/run/points.jsonl"
ok "  every sum holds and every loss has a place" points_sane "$T/run"
ok "  Domain-0 and the router have their CPU" \
    jq -es 'all(.[]; all(.cpu[]; .percent > 0) and ([.cpu[].name] | contains(["host", "r1t3"])))' \
    "$T/run/points.jsonl"
jq -c '[.networks[0].tx, .networks[0].rx, .drops, .why_invalid, .cpu]' "$T/run/points.jsonl" | sed 's/^/# /'
is "  its results tell that devices were handed over" \
    "$(jq -c '.platform | [.dedicated, .dedicated_why]' "$T/run/run.json")" '["pci",null]'
given_back "  they are back as they were"

start_run "$T/lent.yaml" -o "$T/killed"
ok "a run has them" wait_for 120 testbed_up dedicated
kill -KILL "$run_pid"
end_run
is "  killed, it leaves them with its domain" "$(drivers)" "pciback pciback"
ok "  cleanup" vrbench cleanup
given_back "  gives them back"

taken() { [ "$(driver "$ingress_device")" = pciback ]; }
wait_step=0.02
vrbench up "$T/lent.yaml" >/dev/null 2>&1 &
ok "the first is taken" wait_for 120 taken
pkill -KILL -x 'vrbench(-full)?'
wait_step=1
ok "  its taker killed, cleanup" vrbench cleanup
given_back "  gives back what was taken"
is "  no domain is left" "$(domains)" ""

ip route add default via 192.0.2.254 dev "$ingress" metric 5000
exits 3 "$VRBENCH" up "$T/lent.yaml" >"$T/refused.log" 2>&1
is "that which has the default route is not handed over" "$?" 0 || sed 's/^/# /' "$T/refused.log"
like "  as is said before anything is touched" "$(cat "$T/refused.log")" \
    "$ingress: it has this machine's default route"
ip route del default via 192.0.2.254 dev "$ingress" metric 5000
given_back "  they are as they were"
echo "# |"
echo "# | one router, with NICs of its own (PCI passthrough)"
table "$T/run"
