# SPDX-License-Identifier: GPL-3.0-or-later
#
# Reading the figures of many routers once per second: the owner for `vrbench top`, compared with a
# script that runs `ip -s -j link` in each namespace and `ps`; and the duration of a listing and a
# request. A section of bench/run.

# sampling_scenario ROUTERS NAME — prints a scenario.
sampling_scenario() {
    awk -v n="$1" -v name="$2" 'BEGIN {
        print "name: " name "\nplatform: netns\ntopologies: [dedicated]\nrouters:"
        for (i = 0; i < n; i++) print "  r" i ": {}"
        print "networks:"
        for (i = 0; i < n; i++) print "  N" i ": { router: r" i " }"
        print "traffic: { lengths: [64], rates: { pps: [1000] }, duration: 1 s }" }'
}

# sampling_cpu PID — CPU time of all threads of a process, ns.
sampling_cpu() {
    awk '{ print $1 }' /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# sampling_median COMMAND... — median wall time of 21 processes, ms.
sampling_median() {
    turn=0
    while [ "$turn" -lt 21 ]; do
        began=$(now_ns)
        "$@" >/dev/null || return 1
        echo $((($(now_ns) - began) / 1000))
        turn=$((turn + 1))
    done | sort -n | awk '{ v[NR] = $1 } END { printf "%.2f\n", v[int((NR + 1) / 2)] / 1000 }'
}

sampling_latency() {
    sampling_scenario 128 hundred >"$work/hundred.yaml"
    "$build/vrbench" up "$work/hundred.yaml" >"$work/said"
    "$build/vrbench" cpu r1 --cap 20 >"$work/said" # the first probes what holds a cap
    "$build/vrbench" cpu r1 --cap 0 >"$work/said"
    record "list of 128 routers, ms" vrbench "$(sampling_median "$build/vrbench" list)"
    record "cpu R --cap 20 of 128, ms" vrbench \
        "$(sampling_median "$build/vrbench" cpu r1 --cap 20)"
    "$build/vrbench" down hundred >"$work/said"
}

bench_sampling() {
    routers=1000
    [ -z "$quick" ] || routers=128
    sampling_latency
    sampling_scenario "$routers" many >"$work/many.yaml"
    say "building $routers routers"
    "$build/vrbench" up "$work/many.yaml" >"$work/said"
    owner=$(cat /run/vrbench/owner)
    repeat=1
    while [ "$repeat" -le "$repeats" ]; do
        was=$(sampling_cpu "$owner")
        "$build/vrbench" top -b -d 1 -n 10 >"$work/said"
        record "$routers routers each second, % of a CPU" vrbench \
            "$(echo "$was $(sampling_cpu "$owner")" | awk '{ printf "%.3f\n", ($2 - $1) / 1e8 }')"
        record "$routers routers each second, % of a CPU" ip \
            "$(/usr/bin/python3 "$here/sample_by_ip.py" /run/vrbench)"
        say "$repeat/$repeats: $routers routers sampled"
        repeat=$((repeat + 1))
    done
    record "memory of the owner, MB" vrbench \
        "$(awk '/VmRSS/ { printf "%.1f\n", $2 / 1024 }' "/proc/$owner/status")"
    "$build/vrbench" down many >"$work/said"
}

table_sampling() {
    echo "Routers in namespaces, with two interfaces each. The script runs \`ip -s -j link\` in each"
    echo "namespace, and \`ps\` once; its CPU time is that of one reading per second."
    echo
    table '.' less vrbench ip
}
