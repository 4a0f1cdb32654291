# SPDX-License-Identifier: GPL-3.0-or-later
#
# What vrbench says is compared with independent witnesses: `ip -s link` of each node, tcpdump on
# the cables, and a reading of the captured stamps by another program (stamps.c).
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 34

cat >"$T/slow.yaml" <<'END'
name: slow
routers: { r1t3: {}, r2t3: {} }
networks: { NET0: { router: r1t3 }, NET1: { router: r2t3 } }
traffic: { lengths: [200], rates: { pps: [300, 500, 900] }, duration: 250 ms }
END

# watch NODE INTERFACE — a tcpdump there, listening when this returns: $T/NODE.INTERFACE.pcap.
# A packet socket sees frames that come in; those of the source go out past it, so the source is
# watched from the other end of its cable.
watch() {
    node "$1" tcpdump -Z root -q -n -U -B 16384 -i "$2" -w "$T/$1.$2.pcap" 2>"$T/$1.$2.err" &
    watchers="$watchers $!"
    wait_for 20 grep -q 'listening on' "$T/$1.$2.err" || diag "no tcpdump on $1:$2"
    watched="$watched $1.$2"
}
unwatch() {
    for watcher in $watchers; do
        kill -INT "$watcher" 2>/dev/null
        wait "$watcher" 2>/dev/null
    done
    watchers=
}

# counters NODE — INTERFACE RX TX of each interface of a node, as `ip` has them.
counters() {
    node "$1" ip -s -j link show | jq -r '.[] | select(.ifname != "lo") |
        "\(.ifname) \(.stats64.rx.packets) \(.stats64.tx.packets)"' | sort
}
all_counters() {
    for counted in $nodes; do counters "$counted" | sed "s/^/$counted /"; done
}
# quiet — true if no counter has moved within a fifth of a second.
quiet() {
    all_counters >"$T/quiet.1"
    sleep 0.2
    all_counters >"$T/quiet.2"
    cmp -s "$T/quiet.1" "$T/quiet.2"
}
# seen NODE INTERFACE — frames that came in there between $T/from and $T/until.
seen() {
    awk -v n="$1" -v i="$2" -v c="$3" '$1 == n && $2 == i { v[++k] = $c } END { print v[2] - v[1] }' \
        "$T/from" "$T/until"
}
captured() { "$(helper stamps)" "$T/$1.pcap" | awk '$1 == "total" { print $2 }'; }
no_tcpdump() { [ -z "$(jobs -p | while read -r j; do [ "$j" = "$run_pid" ] || echo "$j"; done)" ]; }

# observe TOPOLOGY NODES "NODE INTERFACE FROM"... — runs it under observation. The program is stopped
# before its first point, while the witnesses take their places, and in the midst of its last, while
# counters and captures are compared; then it may end.
observe() {
    topology=$1
    nodes=$2
    shift 2
    watchers=
    watched=
    folder=$T/$topology
    start_run "$T/slow.yaml" -o "$folder" --topology "$topology"
    ok "$topology: its testbed stands" hold_run "$topology" || return
    wait_for 20 quiet || diag "never quiet"
    for place; do
        # shellcheck disable=SC2086 # two words
        watch $place
    done
    all_counters >"$T/from"
    release_run
    wait_for 60 has_points "$folder" 2
    sleep 0.1
    kill -STOP "$run_pid"
    wait_for 20 quiet || diag "never quiet"
    all_counters >"$T/until"
    for place in $watched; do
        wait_for 10 captures "$place"
        is "$topology: at ${place%.*}:${place#*.} tcpdump has as many frames as ip -s link" \
            "$(captured "$place")" "$(seen "${place%.*}" "${place#*.}" 3)"
    done
    release_run
    # Processes left in them would hold the namespaces beyond the run's end.
    wait_for 60 has_points "$folder" 3
    unwatch
    end_run
    is "$topology: the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
    ok "$topology: every sum holds" points_sane "$folder"
}
captures() { [ "$(captured "$1")" = "$(seen "${1%.*}" "${1#*.}" 3)" ]; }

# agree TEXT FIELD PCAP0 PCAP1 — each point has a trial in both captures with just its FIELD of
# frames in each network. Trials are told apart by the run number of their stamps.
agree() {
    jq -r "[.networks[].$2] | @tsv" "$folder/points.jsonl" | sort >"$T/said"
    {
        "$(helper stamps)" "$T/$3.pcap"
        "$(helper stamps)" "$T/$4.pcap"
    } | awk '$1 != "total" { n[$1, $2] = $4; runs[$1] }
        END { for (r in runs) print n[r, 0] + 0 "\t" n[r, 1] + 0 }' | sort -u >"$T/captured"
    is "$1" "$(comm -23 "$T/said" "$T/captured")" ""
}
# each PCAP FIELD — the distinct values of a field of all test frames: ttl, length, …
each() {
    tcpdump -Z root -r "$T/$1.pcap" -n -vv -t -l udp port 22098 2>/dev/null
}
