# SPDX-License-Identifier: GPL-3.0-or-later
#
# The engine xdp is compared with an independent witness:
# tcpdump at the router, whose capture another program reads (stamps.c). Packets of a load that the router
# can't take are accounted for to the packet, and what the engine can't do is refused before it sends.
#
# Runs beside others: its checks hold on a busy machine, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/witness.sh"
isolate --run "$@"
plan 34

cat >"$T/slow.yaml" <<'END'
name: slow
routers: { r1t3: {}, r2t3: {} }
networks: { NET0: { router: r1t3 }, NET1: { router: r2t3 } }
traffic: { engine: xdp, lengths: [200], rates: { pps: [320, 500, 700, 900] }, duration: 250 ms }
END

# captures_rest PLACE... — true if no capture grows within a fifth of a second.
captures_rest() {
    for place; do stat -c %s "$T/$place.pcap"; done >"$T/sizes.1"
    sleep 0.2
    for place; do stat -c %s "$T/$place.pcap"; done >"$T/sizes.2"
    cmp -s "$T/sizes.1" "$T/sizes.2"
}

# observe TOPOLOGY FIRST LAST — where the first network's packets enter and leave the device under test; the
# second's too, at its own interfaces.
observe() {
    folder=$T/$1
    start_run "$T/slow.yaml" -o "$folder" --topology "$1"
    first_please
    ok "$1: the testbed stands" hold_run "$1"
    # shellcheck disable=SC2086 # words
    watch $2 $3
    release_run
    wait_for 60 has_points "$folder" 3
    kill -STOP "$run_pid" # before the witnesses end with their interfaces
    # shellcheck disable=SC2086 # words
    wait_for 60 captures_rest $2 $3 || diag "never quiet"
    unwatch
    kill -CONT "$run_pid"
    end_run
    is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
    ok "  every sum holds" points_sane "$folder"
    # shellcheck disable=SC2086 # words
    {
        ok "  tx of every point was seen where packets enter" agree tx $2
        ok "  rx of every point was seen where they leave" agree rx $3
    }
    network=0
    for place in $2; do
        is "  network $network enters with TTL 64, its length, addresses and checksums" \
            "$(packets "$place" | sort -u)" "$(expected 64 $network)"
        network=$((network + 1))
    done
    network=0
    for place in $3; do
        is "  network $network leaves with TTL 63" "$(packets "$place" | sort -u)" "$(expected 63 $network)"
        ok "  numbered from 0, each once, rising" numbered_in_order "$place" $network
        network=$((network + 1))
    done
}
observe dedicated "r1t3.eth0 r2t3.eth0" "r1t3.eth1 r2t3.eth1"
observe bridged "host.nic0 host.nic2" "host.nic1 host.nic3"

# --- counters of the whole path ------------------------------------------------------------------

# Interfaces carry nothing but the test's packets, so that their counters are those of all trials: the
# warm-up's and repeated attempts' are in no point.
cat >"$T/direct.yaml" <<'END'
name: direct
topologies: [direct]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: xdp, lengths: [64, 1500], rates: { pps: [2000, 20000] }, duration: 300 ms }
END
measured "$T/direct.yaml" -o "$T/direct" >"$T/direct.out" 2>&1
is "direct: the run succeeds" $? 0 || sed 's/^/# /' "$T/direct.out"
ok "  every sum holds" points_sane "$T/direct"
ok "  every packet arrives once, or the sink's ring is named" jq -es 'length == 4 and all(.networks[0] as $n |
    $n.tx == $n.rx + $n.lost and $n.duplicated == 0 and $n.reordered == 0 and $n.corrupt == 0 and
    ([.drops[].count] | add // 0) == $n.lost and all(.drops[]; .where == "sink:k0 receive ring"))' \
    "$T/direct/points.jsonl"
ok "  delays are measured, the least no longer than the median" jq -es 'all(.networks[0].delay_ns |
    .min > 0 and .min <= .p50 and .p50 <= .p99 and .p99 <= .max)' "$T/direct/points.jsonl"

# --- more than the router can take ---------------------------------------------------------------

cat >"$T/flood.yaml" <<'END'
name: flood
topologies: [dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: xdp, lengths: [64], rates: { pps: [1000, 3000000] }, duration: 500 ms }
END
start_run "$T/flood.yaml" -o "$T/flood"
first_please
ok "dedicated: the testbed stands" hold_run dedicated
slow_down r1t3 ip 200
release_run
end_run
is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
ok "  every sum holds" points_sane "$T/flood"
ok "  packets are lost, all of them at the router, none unexplained" jq -es '.[-1] | .networks[0].lost > 0 and
    ([.drops[].count] | add) == .networks[0].lost and
    all(.drops[]; .count == 0 or (.where | test("^(r1t3:|sink:k0 receive ring)")))' "$T/flood/points.jsonl"

# --- what can't be done --------------------------------------------------------------------------

sed 's/\[64\]/[3387]/' "$T/flood.yaml" >"$T/long.yaml"
ok "a packet longer than a page leaves room for is refused" exits 2 "$VRBENCH" run "$T/long.yaml" -o "$T/long"
for end in a b c d; do ip link add name "near-$end" type veth peer name "far-$end"; done
for end in a b c d; do
    ip link set dev "near-$end" up
    ip link set dev "far-$end" up
done
cat >"$T/lent.yaml" <<'END'
name: lent
topologies: [dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
links: { NET0: { source: near-a, ingress: near-b } }
traffic: { engine: xdp, lengths: [64], rates: { pps: [1000] }, duration: 200 ms }
END
"$VRBENCH" run "$T/lent.yaml" -o "$T/lent" >"$T/lent.out" 2>&1
is "an interface that takes no frames of BPF programs is refused" $? 3 || sed 's/^/# /' "$T/lent.out"
ok "  with what mends it" grep -q 'ethtool -K' "$T/lent.out"
ok "  and it is given back" has_link near-a
