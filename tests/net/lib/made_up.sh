# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Runs that no machine measured, for tests of what is made from results.

# made_up NAME SPEED [REPEATS [TOPOLOGIES]] — in $T/NAME: a run whose router carries SPEED × 100,000
# packets/s of 64 bytes, at 500 ns / SPEED each for the host and for the router; dedicated at twice
# the speed, without the host. Repeats (8) differ by up to 1 %.
made_up() {
    mkdir "$T/$1"
    cat >"$T/$1/run.json" <<END
{"schema": 1, "status": "done", "vrbench": "1", "scenario": {"name": "made-up", "engine": "packet"},
 "machine": {"kernel": "6.1", "governor": "performance"},
 "platform": {"name": "netns", "kind": "namespaces"}}
END
    jq -nc --argjson speed "$2" --argjson repeats "${3:-8}" --arg topologies "${4:-bridged}" '
        ($topologies | split(" ")[]) as $topology | range(8) as $step | range($repeats) as $repeat |
        (if $topology == "dedicated" then 2 else 1 end) as $faster |
        ($speed * $faster * (1 + 0.0025 * (($repeat * 3 + $step) % 5 - 2))) as $own |
        (40000 * $faster * ($step + 1)) as $pps | ($pps / 2) as $tx |
        ([$tx, 50000 * $own] | min | floor) as $rx | (500 / $own) as $ns |
        (if $topology == "dedicated" then 10 else $ns end) as $host_ns |
        def percent($ns): $ns * $rx * 2 / 1e7;
        {schema: 1, scenario: "made-up", topology: $topology, platform: "netns", engine: "packet",
         length: 64, length_layer: "ip", repeat: $repeat, step: $step, duration_s: 0.5,
         requested_pps: $pps,
         networks: [{name: "NET0", router: "r1t3", tx: $tx, unsent: 0, rx: $rx, lost: ($tx - $rx),
             loss_ratio: (($tx - $rx) / $tx), duplicated: 0, reordered: 0, corrupt: 0, offered_pps: $pps,
             forwarded_pps: ($rx * 2)}],
         cpu: [{name: "host", percent: percent($host_ns), ns_per_packet: $host_ns},
             {name: "r1t3", percent: percent($ns), ns_per_packet: $ns},
             {name: "tester", percent: 50}],
         cpu_total_percent: (percent($ns) + percent($host_ns)),
         memory: [{name: "r1t3", bytes: 1048576}], drops: (if $tx > $rx then [{where: "r1t3:eth0 receive ring", count: ($tx - $rx)}] else [] end),
         processors: [], attempts: 1, valid: true}' >"$T/$1/points.jsonl"
}
