# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_shares.sh — weights divide the CPU, caps hold, and cost packets only once they are below
# what these need.
. "${0%/*}/xen_lib.sh"
plan 25

scenario two bridged "r1t3: { weight: 512 }, r2t3: { weight: 256 }" \
    "NET0: { router: r1t3 }, NET1: { router: r2t3 }" 64 100 "1 s"
ok "two routers stand" vrbench up "$T/two.yaml"
is "  with weights that the hypervisor has" "$(allocation r1t3), $(allocation r2t3)" "512 0, 256 0"
ok "both are busy" burn r1t3
ok "  all the time" burn r2t3
ok "2:1 divides the CPU within 10 %" ratio_is r1t3 r2t3 1.8 2.2
said
percent() { jq --arg name "$1" '.machines[] | select(.name == $name) | .cpu_percent' "$T/top"; }
vrbench top --json -n 1 -d 10 >"$T/top"
diag "by top: $(jq -c '[.machines[] | {(.name): .cpu_percent}] | add' "$T/top")"
ok "  so says top" between "$(awk "BEGIN { print $(percent r1t3) / $(percent r2t3) }")" 1.6 2.4
ok "  and 1:2" vrbench cpu r1t3 --weight 128
ok "  when they are set" ratio_is r1t3 r2t3 0.45 0.55
said
ok "Domain-0 has a weight, too" vrbench cpu host --weight 768
is "  which is the hypervisor's" "$(xl sched-credit -d Domain-0 | awk 'END { print $(NF - 1) }')" 768
ok "  and gets its old one back" vrbench cpu host --weight 256
ok "one rests" rest r2t3
for cap in 5 10 20; do
    ok "a cap of $cap" vrbench cpu r1t3 --cap "$cap"
    ok "  is held within a point" held r1t3 "$cap"
    said
done
ok "they are taken down" vrbench down two

# What a router uses uncapped is its need. Above it a cap costs nothing. Somewhat below neither: held up, it
# takes many packets at a time, and each for less. Far below it loses, and what it may use it uses.
# capped CAP — runs with it, `lost` then is the loss ratio and `used` its CPU.
capped() {
    scenario capped bridged "r1t3: { cap: $1 }" "NET0: { router: r1t3 }" 64 400 "6 s"
    rm -rf "$T/capped"
    vrbench run "$T/capped.yaml" -o "$T/capped" >"$T/capped.log" 2>&1 || cat "$T/capped.log"
    lost=$(jq '.networks[0] | .lost / .tx' "$T/capped/points.jsonl")
    used=$(jq '.cpu[] | select(.name == "r1t3") | .percent' "$T/capped/points.jsonl")
    diag "cap $1: lost $lost, used $used %"
    [ -n "$lost" ] && [ -n "$used" ]
}
capped 0
ok "without a cap nothing is lost" between "$lost" 0 0.001
capped "$(awk "BEGIN { print int($used * 1.5 + 5) }")"
ok "under one above its need neither" between "$lost" 0 0.01
capped 2
ok "under one far below it packets are lost" between "$lost" 0.01 1
ok "  at its door or within it" jq -e '[.drops[].where] | length > 0 and all(. != "unexplained")' \
    "$T/capped/points.jsonl"
ok "  while it uses all of its cap" between "$used" 1 3
is "no domain is left" "$(domains)" ""
