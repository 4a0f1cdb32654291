# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_short.sh — one router: it forwards, all is accounted for, a cap is held, nothing is left.
. "${0%/*}/xen_lib.sh"
plan 17

machine_snapshot "$T/before"
is "only Domain-0 runs" "$(domains)" ""
scenario one bridged "r1t3: { memory: 96 MiB }" "NET0: { router: r1t3 }" 64 "100, 400" "3 s"
ok "one router, bridged, is measured" measured "$T/one.yaml" -o "$T/run"
sed 's/^/#   /' "$T/ok.log"
is "  point by point" "$(jq -r '"\(.topology) \(.requested_pps)"' "$T/run/points.jsonl" | xargs)" \
    "bridged 100 bridged 400"
ok "  every sum holds and every loss has a place" points_sane "$T/run"
# Whoever else is on the computer may take so much from its emulation that a packet is lost.
ok "  it forwards" jq -es 'all(.[].networks[]; .lost < 0.1 * .tx)' "$T/run/points.jsonl"
ok "  Domain-0 and the router have their CPU" \
    jq -es 'all(.[]; all(.cpu[]; .percent > 0) and ([.cpu[].name] | contains(["host", "r1t3"])))' \
    "$T/run/points.jsonl"
jq -c '{requested_pps, valid, why_invalid, networks, cpu, drops}' "$T/run/points.jsonl" | sed 's/^/# /'
like "  its results tell by what" "$(jq -r '.platform | "\(.name) \(.kind) \(.hypervisor)"' "$T/run/run.json")" \
    '^xen machines Xen 4\.'
is "  nothing is left of it" "$(domains)" ""

scenario cap bridged "r1t3: { cap: 10 }" "NET0: { router: r1t3 }" 64 100 "1 s"
ok "one that is capped stands" vrbench up "$T/cap.yaml"
is "  in the hypervisor" "$(allocation r1t3)" "256 10"
is "  and for vrbench" "$(vrbench cpu r1t3 --json | jq -c '.[] | [.weight, .cap_percent]')" "[256,10]"
ok "  it carries packets" wait_for 60 reaches cap 0
ok "  busy" burn r1t3
ok "  it uses its cap, within a point" held r1t3 10
said
ok "down" vrbench down cap
is "  no domain is left" "$(domains)" ""
unchanged "  nor anything else" "$T/before"
