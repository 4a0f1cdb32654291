# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_hvm.sh — a router that is an HVM domain: an unchanged kernel on what QEMU plays, with Xen's own
# network. Where the CPU can do that (SVM or VMX).
. "${0%/*}/xen_lib.sh"
plan 10

machine_snapshot "$T/before"
printf "type = 'hvm'\nmemory = 128\nvif = [ '', '' ]\n" >"$T/hvm.cfg"
scenario hvm bridged "r1t3: { config: hvm.cfg }" "NET0: { router: r1t3 }" 64 100 "2 s"
ok "an HVM router stands" vrbench up "$T/hvm.yaml"
is "  its machine is what Xen calls hvm" \
    "$(xl list -l "$(domain r1t3 || echo none)" | jq -r '.[].config.c_info.type')" hvm
ok "  a QEMU plays it" pgrep -f "qemu.*-xen-domid $(xl domid "$(domain r1t3 || echo none)") "
ok "  it forwards" wait_for 60 reaches hvm 0
ok "  a command runs in it" [ "$(vrbench console r1t3 -- hostname)" = r1t3 ]
ok "it is taken down" vrbench down hvm
is "  no domain is left" "$(domains)" ""
unchanged "  nor its QEMU, nor anything else" "$T/before"
ok "it is measured" measured "$T/hvm.yaml" -o "$T/run"
ok "  every sum holds and every loss has a place" points_sane "$T/run"
jq -c '[.networks[0].tx, .networks[0].rx, .drops, .why_invalid, .cpu]' "$T/run/points.jsonl" | sed 's/^/# /'
