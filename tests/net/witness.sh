# SPDX-License-Identifier: GPL-3.0-or-later
#
# Compares vrbench's figures with independent witnesses: `ip -s link` in the nodes, and tcpdump on the
# cables.
#
# Runs beside others: its checks hold on a busy machine, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/witness.sh"
isolate --run "$@"
plan 46

cat >"$T/slow.yaml" <<'END'
name: slow
routers: { r1t3: {}, r2t3: {} }
networks: { NET0: { router: r1t3 }, NET1: { router: r2t3 } }
traffic: { engine: packet, lengths: [200], rates: { pps: [320, 500, 700, 900] }, duration: 250 ms }
END

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

counted() { awk -v p="$1" '$1 == p { v[++n] = $2 } END { print v[2] - v[1] }' "$T/from" "$T/until"; }
captures_what_is_counted() { [ "$(captured "$1")" = "$(counted "$1")" ]; }

# observe TOPOLOGY TTL FIRST0 FIRST1 LAST0 LAST1 — a run with witnesses at the first and last places of the
# networks' packets. The program is stopped before its first point, while the witnesses start, and about
# its last, while they are compared and ended.
observe() {
    topology=$1
    ttl=$2
    shift 2
    folder=$T/$topology
    start_run "$T/slow.yaml" -o "$folder" --topology "$topology"
    first_please
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
    ok "  tx of every point was seen on the first cable" agree tx "$1" "$2"
    ok "  rx of every point was seen on the last cable" agree rx "$3" "$4"
    for network in 0 1; do
        is "  network $network starts as it should: TTL 64, length, addresses, checksums" \
            "$(packets "$1" | sort -u)" "$(expected 64 "$network")"
        is "  and ends with TTL $ttl" "$(packets "$3" | sort -u)" "$(expected "$ttl" "$network")"
        ok "  numbered from 0, each once, rising" numbered_in_order "$3" "$network"
        shift
    done
}
observe direct 64 sink.k0 sink.k1 sink.k0 sink.k1
observe bridged 63 host.nic0 host.nic2 sink.k0 sink.k1
observe dedicated 63 r1t3.eth0 r2t3.eth0 sink.k0 sink.k1
