# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_schedulers.sh — schedulers other than the study's: credit2, with which Xen starts unless told
# otherwise, and in CPU pools of the second CPU credit, null and rtds.
. "${0%/*}/xen_lib.sh"
. "${0%/*}/xen_made.sh"
plan 26

is "Xen has two CPUs" "$(xl info | awk '$1 == "nr_cpus" { print $3 }')" 2
is "  and begins with credit2" "$(xl info | awk '$1 == "xen_scheduler" { print $3 }')" credit2
# held_beside ROUTER CAP — it uses its cap and no more: with two CPUs emulated beside another machine some of a CPU
# is lost to both now and then. That caps are met to the point is xen_shares.sh's to prove.
near_cap() { between "$(used "$1")" $(($2 * 3 / 4)) $(($2 + 1)); }
held_beside() { in_three_tries near_cap "$1" "$2"; }
by_credit2() { xl sched-credit2 -d "$1" | awk 'END { print $(NF - 1), $NF }'; }

like "  as doctor tells" "$(vrbench doctor --platform xen | head -n 1)" '^xen: Xen .*, scheduler credit2, 2 CPUs'

scenario one bridged "r1t3: { weight: 300, cap: 15 }" "NET0: { router: r1t3 }" 64 100 "2 s"
ok "a router is measured" measured "$T/one.yaml" -o "$T/run"
ok "  every sum holds and every loss has a place" points_sane "$T/run"
jq -c '[.networks[0].tx, .networks[0].rx, .drops, .why_invalid, .cpu]' "$T/run/points.jsonl" | sed 's/^/# /'
ok "one stands" vrbench up "$T/one.yaml"
is "  with weight and cap that are the hypervisor's" \
    "$(by_credit2 "$(domain r1t3)"), $(by_us "$(domain r1t3)")" "300 15, 300 15"
ok "  busy" burn r1t3
ok "  it uses its cap" held_beside r1t3 15
said
ok "  another is set" vrbench cpu r1t3 --cap 40
ok "  and uses that" held_beside r1t3 40
said
ok "Domain-0 has a weight, too" vrbench cpu host --weight 700
is "  which is the hypervisor's" "$(by_credit2 Domain-0)" "700 0"
ok "  and gets its old one back" vrbench cpu host --weight 256
ok "down" vrbench down one

# pool SCHEDULER — a CPU pool of the second CPU with a domain in it that is busy.
pool() {
    xl cpupool-cpu-remove Pool-0 1 && xl cpupool-create name="\"$1\"" sched="\"$1\"" cpus='["1"]' &&
        made "$1" "pool = '$1'"
}
unpool() { xl destroy "$1" && wait_for 10 gone "$1" && xl cpupool-destroy "$1" && xl cpupool-cpu-add Pool-0 1; }
ok "a pool with the scheduler credit" pool credit
vrbench cpu credit --weight 300 --cap 40 --platform xen >"$T/out"
is "  weight and cap are that one's" "$(by_xl credit), $(by_us credit)" "300 40, 300 40"
ok "  and the cap is held" held_beside credit 40
said
unpool credit
# those NAME WORDS CHECKS — the scheduler, which has neither: if the hypervisor was built with it, as it calls itself.
built_with() { zcat /boot/xen-*.gz | grep -aq "$1"; }
those() {
    if ! built_with "$2"; then
        for what in "a pool with the scheduler $1" $(seq 2 "$3"); do skip "$what" "Debian's Xen is built without $1"; done
        return
    fi
    ok "a pool with the scheduler $1" pool "$1"
    is "  has neither weight nor cap" "$(by_us "$1")" "null null"
    ok "  and says so when asked for one" refused 3 "scheduler $1 has no weight and no cap" \
        vrbench cpu "$1" --cap 20 --platform xen
    why=$(vrbench cpu "$1" --platform xen --json | jq -r '.[].why')
    [ "$3" -lt 4 ] || like "  its own parameters are told" "$why" 'vCPU 0 has [0-9]+ of every [0-9]+ µs'
    unpool "$1"
}
those null "null Scheduler" 3
those rtds "SMP RTDS Scheduler" 4
is "no domain is left" "$(domains)" ""
