# SPDX-License-Identifier: GPL-3.0-or-later
#
# The cost of metering a router. Four testbeds of one dedicated router exist at the same time, with
# equal namespaces, cables, addresses and routes:
#   metered   vrbench's testbed: threaded NAPI, placed threads in control groups; counters and CPU
#             times are read before and after each trial
#   plain     without threads: softirq handles received packets, as in any namespace, and RPS steers
#             them to the CPU of the threads of `metered`; only the router's counter of forwarded
#             packets is read. GRO is off, the default of a veth: with GRO, half of the work would
#             remain on the sender's CPU
#   unsteered plain without RPS: softirq runs on the sender's CPU, so that the router's work can't be
#             separated from the tester's
#   deferred  metered, and the router's threads are woken at most every 400 µs while packets arrive
#             (napi_defer_hard_irqs, gro_flush_timeout): a user's choice, which adds up to 400 µs of latency
# The section compares the forwarding rate without pacing, and the CPU time per packet of the device
# under test at 100,000 packets/s. An idle-class thread measures the latter (bench_forward.c); it is
# also valid if the tester limits the forwarding rate. The sinks' threads belong to the tester and are
# the same in all of them. A section of bench/run.

metering_ways="metered plain unsteered deferred"
metering_lengths="64 1500"

metering_scenario() {
    cat <<END
name: $1
topologies: [dedicated]
routers: { router: {} }
networks: { NET0: { router: router } }
traffic: { lengths: [1500], rates: { pps: [1000] } }
END
}

# unmeter TESTBED MASK — disables a router's threads; RPS steers packets to the CPUs of MASK.
# shellcheck disable=SC2016 # for the shell inside
unmeter() {
    "$build/vrbench" console "$1/router" -- sh -euc '
        for interface in eth0 eth1; do
            at=/sys/class/net/$interface
            echo 0 >$at/threaded
            ethtool -K $interface gro off
            echo "$0" >$at/queues/rx-0/rps_cpus
        done' "$2"
}

# defer_wakeups TESTBED — lets a timer wake a router's threads instead of each packet.
# shellcheck disable=SC2016 # for the shell inside
defer_wakeups() {
    "$build/vrbench" console "$1/router" -- sh -euc '
        for interface in eth0 eth1; do
            at=/sys/class/net/$interface
            echo 400000 >$at/gro_flush_timeout
            echo 100 >$at/napi_defer_hard_irqs
        done'
}

metering_up() {
    for way in $metering_ways; do
        metering_scenario "$way" >"$work/$way.yaml"
        "$build/vrbench" up "$work/$way.yaml" >"$work/said"
        "$build/vrbench" console "$way/sink" -- ip link set lo up
    done
    dut=$("$build/vrbench" list --json | jq -r '.[] | select(.name == "router") | .cpus' | sort -u)
    # The format of rps_cpus: words of 32 bits, separated by commas.
    mask=$(echo "${dut:?}" | awk '{ word = int($1 / 32)
        printf "%x", 2 ^ ($1 % 32); while (word-- > 0) printf ",00000000" }')
    unmeter plain "$mask"
    unmeter unsteered 0
    defer_wakeups deferred
}

# forward WAY LENGTH PPS|max — one trial, its JSON in $work/forward.
forward() {
    meter="" soak=--soak
    case $1 in metered | deferred) meter=--meter ;; esac
    [ "$3" != max ] || soak=""
    # shellcheck disable=SC2086 # options, or none
    "$build/bench/bench_forward" "$1" --length "$2" --pps "$3" --duration "$seconds" $meter $soak \
        >"$work/forward" || {
        say "bench_forward failed"
        exit 1
    }
    jq .disturbed_percent "$work/forward" >>"$work/disturbed"
}

metering_repeat() {
    for length in $metering_lengths; do
        for way in $metering_ways; do
            forward "$way" "$length" max
            record "$length bytes, forwarded packets/s" "$way" "$(jq .forwarded_pps "$work/forward")"
            record "$length bytes, offered packets/s" "$way" "$(jq .offered_pps "$work/forward")"
            record "$length bytes, DUT's CPU busy, %" "$way" "$(jq .dut_percent "$work/forward")"
            say "$repeat/$repeats: $length bytes, no pacing, $way:" \
                "$(jq -c . "$work/forward")"
        done
        for way in metered plain deferred; do
            forward "$way" "$length" 100000
            record "$length bytes, CPU ns per packet at 100,000/s" "$way" \
                "$(jq .ns_per_packet "$work/forward")"
            [ -z "$meter" ] || record "$length bytes, CPU ns per packet by vrbench's meter" "$way" \
                "$(jq .metered_ns_per_packet "$work/forward")"
            say "$repeat/$repeats: $length bytes, 100,000 packets/s, $way:" \
                "$(jq -c . "$work/forward")"
        done
    done
}

bench_metering() {
    metering_up
    repeat=1
    while [ "$repeat" -le "$repeats" ]; do
        metering_repeat
        repeat=$((repeat + 1))
    done
    for way in $metering_ways; do
        "$build/vrbench" down "$way" >"$work/said"
    done
}

# metering_verdict LENGTH — prints the result of a length. The router was the limit if it lost more
# than a hundredth of the offered packets.
metering_verdict() {
    echo "$(median "$1 bytes, forwarded packets/s" metered)" \
        "$(median "$1 bytes, forwarded packets/s" plain)" \
        "$(median "$1 bytes, offered packets/s" metered)" \
        "$(median "$1 bytes, offered packets/s" plain)" \
        "$(median "$1 bytes, CPU ns per packet at 100,000/s" metered)" \
        "$(median "$1 bytes, CPU ns per packet at 100,000/s" plain)" |
        awk -v length_="$1" '{
            metered = $1 < 0.99 * $3
            plain = $2 < 0.99 * $4
            printf "%d bytes: metered forwards %.3f of plain; ", length_, $1 / $2
            if (metered && plain) print "the router was the limit in both."
            else printf "the tester was the limit in %s: by CPU time per packet metered could " \
                "forward %.3f of plain.\n",
                metered ? "plain" : plain ? "metered" : "both, so this ratio is not conclusive", $6 / $5
        }'
}

table_metering() {
    echo "One dedicated router on CPU $dut. \`metered\`: vrbench's testbed (threaded NAPI, placed" \
        "threads in control groups, counters read). \`plain\`: the same namespaces and cables with" \
        "softirq, which RPS steers to the same CPU. \`unsteered\`: softirq on the tester's CPU." \
        "\`deferred\`: metered, with the threads woken by a timer of 400 µs instead of by each packet."
    echo
    table 'forwarded packets/s' more metered plain unsteered
    table 'CPU ns per packet at' less metered plain deferred
    table 'meter$|offered|busy' more metered plain unsteered deferred
    calm=$(awk '$1 <= 3' "$work/disturbed" | wc -l)
    trials=$(wc -l <"$work/disturbed")
    echo "$calm of $trials trials were calm: other programs and the hypervisor used at most 3 % of the CPU."
    if [ $((calm * 4)) -lt $((trials * 3)) ]; then
        echo "Too few calm trials for a verdict."
        return
    fi
    echo
    for length in $metering_lengths; do
        metering_verdict "$length"
    done
}
