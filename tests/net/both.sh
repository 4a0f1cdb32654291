# SPDX-License-Identifier: GPL-3.0-or-later
#
# Both directions of a network at once, by both built-in engines: each is accounted for to the packet, as
# tcpdump saw it enter and leave what is under test; what one direction loses is lost by that one, at its
# place; and a network with one direction beside it has one. Nothing depends on the speed of the machine.
# Runs beside others under sanitizers.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/witness.sh"
isolate --run "$@"
plan 54

# Streams have numbers in their stamps: NET0's forward 0, NET1's 1, NET0's reverse 2.
cat >"$T/two.yaml" <<'END'
name: two
routers: { r1: {}, r2: {} }
networks:
  NET0: { router: r1, directions: both }
  NET1: { router: r2, share: 0.5 }
traffic: { lengths: [200], rates: { pps: [320, 500, 700, 900] }, duration: 250 ms }
END

# stream NAME DIRECTION FIELD — of each of the first three points of $folder.
rows_are_right() {
    jq -es 'length == 4 and all([.networks[] | [.name, .direction]] ==
        [["NET0", "forward"], ["NET1", null], ["NET0", "reverse"]])' "$folder/points.jsonl"
}
# both_agree NEAR FAR — for each of the first three points there is a trial in which tcpdump saw at NEAR,
# on NET0's side of the source, and at FAR, on the sink's, what the point counts of each direction as sent
# and received. An invalid point that lost packets is left out: see agree.
both_agree() {
    head -n 3 "$folder/points.jsonl" | jq -r 'select(.valid or ([.networks[].lost] | add) == 0) |
        [.networks[] | select(.name == "NET0") | .tx, .rx] | @tsv' | sort >"$T/said"
    for place in "$1" "$2"; do "$(helper stamps)" "$T/$place.pcap" | sed "s/^/$place /"; done |
        awk -v near="$1" -v far="$2" '$2 != "total" { n[$1, $2, $3] = $5; runs[$2] }
            END { for (r in runs) print n[near, r, 0] + 0 "\t" n[far, r, 0] + 0 "\t" n[far, r, 2] + 0 \
                "\t" n[near, r, 2] + 0 }' | sort -u >"$T/seen"
    [ -z "$(comm -23 "$T/said" "$T/seen")" ] || {
        cat "$T/said" "$T/seen" "$folder/points.jsonl"
        return 1
    }
}
# Packets of a direction, as tcpdump describes them: `described PLACE FROM`.
described() { packets "$1" | grep "length 200 $2" | sort -u; }
captures_rest() {
    for place; do stat -c %s "$T/$place.pcap"; done >"$T/sizes.1"
    sleep 0.2
    for place; do stat -c %s "$T/$place.pcap"; done >"$T/sizes.2"
    cmp -s "$T/sizes.1" "$T/sizes.2"
}

# observe ENGINE TOPOLOGY NEAR FAR TTL — of packets that have come to NEAR and FAR from the other side.
observe() {
    folder=$T/$1-$2
    start_run "$T/two.yaml" -o "$folder" --topology "$2" --engine "$1"
    first_please
    ok "$1, $2: the testbed stands" hold_run "$2"
    watch "$3" "$4"
    release_run
    wait_for 60 has_points "$folder" 3
    kill -STOP "$run_pid" # before the witnesses end with their interfaces
    wait_for 60 captures_rest "$3" "$4" || diag "never quiet"
    unwatch
    release_run
    end_run
    is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
    ok "  each direction has a row" rows_are_right || sed 's/^/# /' "$folder/points.jsonl"
    ok "  every sum holds" points_sane "$folder"
    ok "  tcpdump saw what each direction sent and received" both_agree "$3" "$4"
    is "  packets to the sink arrive with their addresses and checksums" "$(described "$4" 198.18)" \
        "ttl $5 length 200 198.18.0.2.22099 > 198.19.0.2.22098: [udp sum ok] UDP, length 172"
    is "  and packets to the source" "$(described "$3" 198.19)" \
        "ttl $5 length 200 198.19.0.2.22101 > 198.18.0.2.22098: [udp sum ok] UDP, length 172"
    ok "  numbered from 0, each once, rising" numbered_in_order "$4" 0
    ok "  in both directions" numbered_in_order "$3" 2
}
observe packet bridged host.nic0 host.nic1 63
observe packet dedicated r1.eth0 r1.eth1 63
# A capture at the tester's own interfaces does not contain the packets of xdp.
observe xdp bridged host.nic0 host.nic1 63
observe xdp dedicated r1.eth0 r1.eth1 63

for engine in packet xdp; do
    folder=$T/$engine-direct
    ok "$engine, direct: a run" measures "$folder" "$T/two.yaml" --topology direct --engine $engine
    ok "  each direction has a row" rows_are_right || sed 's/^/# /' "$folder/points.jsonl"
    ok "  every sum holds" points_sane "$folder"
done
head -n 2 "$T/packet-direct/points.csv" | cut -d , -f 11,12 >"$T/csv"
is "points.csv has the direction" "$(paste -sd' ' "$T/csv")" "network,direction NET0,forward"

# --- losses of one direction ---------------------------------------------------------------------

cat >"$T/one.yaml" <<'END'
name: one
topologies: [dedicated]
routers: { r1: {} }
networks: { NET0: { router: r1, directions: both } }
traffic: { lengths: [64], rates: { pps: [300, 1000] }, duration: 200 ms }
END
point() { tail -n 1 "$folder/points.jsonl" | jq -cS "$1"; }
sent_all() { [ "$(point '[.networks[].tx] | unique')" = '[200]' ]; }
fault() {
    node r1 nft -f - <<'END'
add table ip faults
add chain ip faults here { type filter hook forward priority -300; }
add rule ip faults here iifname "eth1" udp dport 22098 numgen inc mod 10 0 drop
END
}
for engine in packet xdp; do
    for try in 1 2 3 4 5 6; do
        folder=$T/fault-$engine-$try
        start_run "$T/one.yaml" --no-stability-check -o "$folder" --engine $engine
        first_please
        put=0
        hold_run dedicated && fault >"$T/put.log" 2>&1 || put=1
        release_run
        end_run
        if [ "$put$run_status" != 00 ] || sent_all; then break; fi
    done
    is "$engine, one packet of ten of the reverse is dropped: the run succeeds" "$put$run_status" 00 ||
        sed 's/^/# /' "$T/put.log" "$T/run.err"
    is "  only that direction lost packets" "$(point '[.networks[] | [.direction, .lost]]')" \
        '[["forward",0],["reverse",20]]'
    is "  at that place" "$(point '.drops | map({(.where): .count}) | add // {}')" '{"r1:eth1 to eth0":20}'
    ok "  and every sum holds" last_sane "$folder"
done

# --- what can't be done --------------------------------------------------------------------------

ok "an engine that sends in one direction is refused" exits 2 vrbench run --check "$T/one.yaml" \
    --engine iperf
like "  with line, column and the reason" "$(cat "$T/ok.log")" \
    'one.yaml:4:33: directions: engine iperf cannot send in both directions at once'
vrbench run --check "$T/one.yaml" >"$T/check"
ok "the plan has the reverse path" grep -q 'NET0 reverse: sink:k0 -- r1:eth1 ~ r1:eth0 -- source:s0' "$T/check"
