# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/vfio.sh — run by ../vfio.sh in a machine with an IOMMU: a lent NIC goes to a machine as
# the PCI device that it is, and comes back with its driver, its name and all its settings; also after
# vrbench was killed, and with libvirtd away.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "${0%/*}/pci_lib.sh"
plan 36

for module in virtio_net e1000e kvm_amd vhost_net vfio-pci tun macvtap veth bridge; do modprobe "$module"; done
lend
reaches() { vrbench console lent/source -- ping -q -c 1 -W 2 198.19.0.2; }

uri=$("$SOURCE_ROOT/scripts/libvirtd" start "$T/lv") || exit 1
at_exit '"$SOURCE_ROOT/scripts/libvirtd" stop "$T/lv"'
# What the emulator runs is slower than any CPU is taken for.
export VRBENCH_VIRT_TYPE=kvm
cat >"$T/lent.yaml" <<END
name: lent
platform: $uri
host: { cpus: 1 }
routers: { r1t3: {} }
$lent
END

like "doctor reports that PCI devices can be assigned to machines" \
    "$("$VRBENCH" doctor --platform "$uri" | grep 'PCI devices')" "yes .*by VFIO: [0-9]+ IOMMU groups"

ok "up" vrbench up "$T/lent.yaml"
sed 's/^/# /' "$T/ok.log"
is "  list shows it" "$(field r1t3 dedicated_links)" pci
is "  VFIO has them" "$(drivers)" "vfio-pci vfio-pci"
is "  and no interface here is either" "$(ip -o link | grep -c "$ingress\|$egress")" 0
is "  in the router they are e1000e, with their own MAC addresses" \
    "$(inside_it)" "e1000e 02:00:00:00:0a:01 e1000e 02:00:00:00:0b:00"
ok "  it forwards" wait_for 30 reaches
ok "it is rebooted" vrbench reboot r1t3
ok "  and forwards again" wait_for 30 reaches
ok "down" vrbench down lent
given_back "  they are back as they were"

vrbench run -v "$T/lent.yaml" -o "$T/run" >"$T/run.log" 2>&1
is "a run" $? 0 || sed 's/^/# /' "$T/run.log"
like "  says beforehand which devices the router gets" "$(cat "$T/run.log")" \
    "router r1t3 gets $ingress whole, PCI device $ingress_device"
is "  measures" "$(jq -c '.networks[0] | [.tx > 200, .rx > 0]' "$T/run/points.jsonl")" "[true,true]"
ok "  every sum holds and every loss has a place" points_sane "$T/run"
jq -c '[.networks[0].tx, .networks[0].rx, .drops, .why_invalid, .cpu]' "$T/run/points.jsonl" | sed 's/^/# /'
is "  its results record that devices were assigned" \
    "$(jq -c '.platform | [.dedicated, .dedicated_why]' "$T/run/run.json")" '["pci",null]'
given_back "  they are back as they were"

start_run "$T/lent.yaml" -o "$T/killed"
ok "a run has them" wait_for 120 testbed_up dedicated
kill -KILL "$run_pid"
end_run
is "  killed, it leaves them with its machine" "$(drivers)" "vfio-pci vfio-pci"
ok "  cleanup" vrbench cleanup
given_back "  gives them back"

# Where they can't be handed over, or are not to be.
ip route add default via 192.0.2.254 dev "$ingress" metric 5000
VRBENCH_PASSTHROUGH=pci exits 3 "$VRBENCH" up "$T/lent.yaml" >"$T/forced.log" 2>&1
is "that which has the default route is not handed over" "$?" 0
like "  as is reported before anything is changed" "$(cat "$T/forced.log")" \
    "$ingress: it has this machine's default route"
ip route del default via 192.0.2.254 dev "$ingress" metric 5000

# Half-way: the machine dies while it starts.
sh -c 'until pkill -KILL -f "^[^ ]*qemu-system.*vrbench-"; do sleep 0.1; done' &
killer=$!
vrbench up "$T/lent.yaml" >"$T/half.log" 2>&1
is "a machine that dies as it starts" "$?" 1
sed 's/^/# /' "$T/half.log"
kill "$killer" 2>/dev/null
given_back "  gives them back"
is "  nothing is left" "$(ls /run/vrbench/*.json 2>/dev/null)" ""

VRBENCH_PASSTHROUGH=macvtap vrbench run "$T/lent.yaml" -o "$T/stacked" >"$T/run.log" 2>&1
is "by macvtap, on request: a run" $? 0 || sed 's/^/# /' "$T/run.log"
is "  its results record it" "$(jq -r .platform.dedicated "$T/stacked/run.json")" macvtap
like "  and why" "$(jq -r .platform.dedicated_why "$T/stacked/run.json")" "VRBENCH_PASSTHROUGH"
given_back "  they are back as they were"

start_run "$T/lent.yaml" -o "$T/alone"
ok "a run has them" wait_for 120 testbed_up dedicated
machine=$(jq -r '.routers[0].platform.pid' /run/vrbench/*.json)
"$SOURCE_ROOT/scripts/libvirtd" kill "$T/lv"
kill -KILL "$run_pid" "$machine"
end_run
vrbench cleanup >"$T/cleanup.log" 2>&1
is "  killed, with libvirtd and its machine: cleanup can't end" "$?" 3 || sed 's/^/# /' "$T/cleanup.log"
given_back "  but gives them back"
ok "  once libvirtd is there again" "$SOURCE_ROOT/scripts/libvirtd" start "$T/lv"
ok "  it ends" vrbench cleanup
given_back "  and they are as they were"
