# SPDX-License-Identifier: GPL-3.0-or-later
#
# What vrbench says is compared with independent witnesses: `ip -s link` of the nodes, tcpdump on
# the cables, and a reading of the captured stamps by another program (stamps.c).
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 46

cat >"$T/slow.yaml" <<'END'
name: slow
routers: { r1t3: {}, r2t3: {} }
networks: { NET0: { router: r1t3 }, NET1: { router: r2t3 } }
traffic: { lengths: [200], rates: { pps: [320, 500, 700, 900] }, duration: 250 ms }
END

# Places are written NODE.INTERFACE. A packet socket sees what comes in; the source's frames go out
# past it, so the source is watched from the other end of its cable.

# watch PLACE... — a tcpdump at each, listening when this returns: $T/PLACE.pcap.
watch() {
    watchers=
    for place; do
        node "${place%.*}" tcpdump -Z root -n -U -B 16384 -i "${place#*.}" -w "$T/$place.pcap" \
            2>"$T/$place.err" &
        watchers="$watchers $!"
        wait_for 60 grep -q 'listening on' "$T/$place.err" || diag "no tcpdump at $place"
    done
}
unwatch() {
    for watcher in $watchers; do
        kill -TERM "$watcher"
        wait "$watcher" 2>/dev/null
    done
}

# counters FILE PLACE... — PLACE RX_PACKETS by `ip -s link`, a line each.
counters() {
    counters_to=$1
    shift
    for place; do
        node "${place%.*}" ip -s -j link show dev "${place#*.}" |
            jq -r "\"$place \\(.[0].stats64.rx.packets)\""
    done >"$counters_to"
}
# quiet PLACE... — true if no counter moves within a fifth of a second.
quiet() {
    counters "$T/quiet.1" "$@"
    sleep 0.2
    counters "$T/quiet.2" "$@"
    cmp -s "$T/quiet.1" "$T/quiet.2"
}

captured() { "$(helper stamps)" "$T/$1.pcap" | awk '$1 == "total" { print $2 }'; }
counted() { awk -v p="$1" '$1 == p { v[++n] = $2 } END { print v[2] - v[1] }' "$T/from" "$T/until"; }
captures_what_is_counted() { [ "$(captured "$1")" = "$(counted "$1")" ]; }

# agree DESC FIELD PLACE0 PLACE1 — for each point there is a trial of which the two places saw just
# as many frames as the point's two networks have as FIELD. Trials are distinguished by the run number
# in the stamps. The last point was measured only partly under observation. Of a trial that was robbed of
# its CPU, and says so, packets may still come after the sink was taken for quiet: those count as lost.
agree() {
    head -n 3 "$folder/points.jsonl" |
        jq -r "select(.valid or ([.networks[].lost] | add) == 0) | [.networks[].$2] | @tsv" | sort >"$T/said"
    for place in "$3" "$4"; do "$(helper stamps)" "$T/$place.pcap"; done |
        awk '$1 != "total" { n[$1, $2] = $4; runs[$1] }
            END { for (r in runs) print n[r, 0] + 0 "\t" n[r, 1] + 0 }' | sort -u >"$T/captured"
    is "$1" "$(comm -23 "$T/said" "$T/captured")" "" || sed 's/^/# /' "$folder/points.jsonl"
}

# packets PLACE — what tcpdump makes of the test frames: a line each, less what differs between them.
packets() {
    tcpdump -r "$T/$1.pcap" -n -vv -t udp port 22098 2>/dev/null | paste - - |
        sed 's/.*, \(ttl [0-9]*\), .*, \(length [0-9]*\))[[:space:]]*/\1 \2 /; s/id [0-9]*, //'
}

# observe TOPOLOGY TTL FIRST0 FIRST1 LAST0 LAST1 — runs it watched where the networks' packets first
# arrive and where they last do. The program is stopped before its first point, while the witnesses
# take their places, and about its last, while they are compared and sent away; then it may end.
observe() {
    topology=$1
    ttl=$2
    shift 2
    folder=$T/$topology
    start_run "$T/slow.yaml" -o "$folder" --topology "$topology"
    ok "$topology: the testbed stands" hold_run "$topology"
    # Twice the same place in direct: watched once.
    places=$(printf '%s\n' "$@" | sort -u | paste -sd' ')
    # shellcheck disable=SC2086 # words
    {
        ok "  nothing moves while the program is stopped" wait_for 60 quiet $places
        watch $places
        counters "$T/from" $places
        release_run
        wait_for 60 has_points "$folder" 3
        sleep 0.1 # into the last trial, as likely as not
        kill -STOP "$run_pid"
        wait_for 60 quiet $places || diag "never quiet"
        counters "$T/until" $places
    }
    for place in $places; do
        wait_for 60 captures_what_is_counted "$place"
        is "  at $place, tcpdump and ip -s link count alike" "$(captured "$place")" \
            "$(counted "$place")"
    done
    unwatch
    release_run
    end_run
    is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
    ok "  every sum holds" points_sane "$folder" || sed 's/^/# /' "$folder/points.jsonl"
    agree "  tx of every point was seen on the first cable" tx "$1" "$2"
    agree "  rx of every point was seen on the last cable" rx "$3" "$4"
    for network in 0 1; do
        is "  network $network starts as it should: TTL 64, length, addresses, checksums" \
            "$(packets "$1" | sort -u)" "$(expected 64 "$network")"
        is "  and ends with TTL $ttl" "$(packets "$3" | sort -u)" "$(expected "$ttl" "$network")"
        is "  numbered from 0, each once, rising" \
            "$("$(helper stamps)" "$T/$3.pcap" | awk -v n="$network" '$1 != "total" && $2 == n &&
                ($3 != $4 || $5 != 0 || $6 != 0 || $7 != $3 - 1)')" ""
        shift
    done
}
expected() {
    echo "ttl $1 length 200 198.18.$2.2.$((22099 + $2)) > 198.19.$2.2.22098: [udp sum ok] UDP, length 172"
}

observe direct 64 sink.k0 sink.k1 sink.k0 sink.k1
observe bridged 63 host.nic0 host.nic2 sink.k0 sink.k1
observe dedicated 63 r1t3.eth0 r2t3.eth0 sink.k0 sink.k1
