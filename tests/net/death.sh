# SPDX-License-Identifier: GPL-3.0-or-later
#
# A router that loses an interface in the middle of a trial is dead: that point says so, and the run
# continues with a new one.
#
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 24

machine_snapshot "$T/before"

# death TOPOLOGY — takes eth0 of the router away while the second point is measured, with the run
# stopped meanwhile, so that this may take its time; three more points are to come then, lest a test
# that was held up for long hits the last one.
death() {
    cat >"$T/$1.yaml" <<END
name: death
topologies: [$1]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [300, 350, 400, 450, 500] }, duration: 1 s }
END
    folder=$T/$1
    on_flunk 'cat "$T/run.err" "$folder/points.jsonl"'
    start_run "$T/$1.yaml" -o "$folder"
    ok "$1: a first point is measured" wait_for 120 has_points "$folder" 1
    kill -STOP "$run_pid"
    testbed_up "$1"
    ok "  the router's interface is taken away" node r1t3 ip link del dev eth0
    release_run
    end_run
    is "  the run ends well" "$run_status" 0
    is "  with all its points" "$(points "$folder")" 5
    ok "  one of which says that a router died" jq -es '
        map((.why_invalid // "") | test("router died")) | index(true) as $at |
        $at >= 1 and $at <= 3 and (.[$at + 1:] | any | not)' \
        "$folder/points.jsonl"
    ok "  and the last one was measured on a fresh router" jq -es '
        .[-1].networks[0] | .tx > 0 and .rx == .tx - .lost and .rx > 0' "$folder/points.jsonl"
}
death dedicated
death bridged

# death_before NAME RATES — takes the interface away before the first point: in a trial that nobody
# wanted as a point.
death_before() {
    cat >"$T/$1.yaml" <<END
name: death
topologies: [dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: $2, duration: 300 ms }
END
    folder=$T/$1
    start_run "$T/$1.yaml" -v --attempts 4 -o "$folder"
    ok "in the $1: a testbed stands" hold_run dedicated
    ok "  the router's interface is taken away" node r1t3 ip link del dev eth0
    release_run
    end_run
    is "  the run ends well" "$run_status" 0
    like "  and says that a router died" "$(cat "$T/run.err")" "a router died: "
    ok "  all points were measured on a fresh router" jq -es '
        length == 3 and all(.[]; (.why_invalid // "" | test("router died") | not) and
        (.networks[0] | .tx > 0 and .rx > 0))' "$folder/points.jsonl"
}
death_before warm-up '{ pps: [300, 350, 400] }'
death_before search '{ auto: 3 }'
on_flunk ""
unchanged "nothing is left" "$T/before"
ok "and the spreadsheet was written" [ -s "$T/bridged/report.xlsx" ]
