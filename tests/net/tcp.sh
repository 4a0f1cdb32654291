# SPDX-License-Identifier: GPL-3.0-or-later
#
# The engine tcp: goodput, retransmissions and round-trip times of the real iperf3 through two routers, one of
# which drops segments, and the same packets as the interfaces count them. What depends on numbers of packets is
# absent, and searches for loss refuse the engine.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 23

machine_snapshot "$T/before"
folder=$T/run
cat >"$T/tcp.yaml" <<END
name: tcp
routers: { r1: {}, r2: {} }
networks: { NET0: { router: r1 }, NET1: { router: r2, ip: 6 } }
traffic: { engine: tcp, lengths: [1000], rates: { pps: [2000, max] }, duration: 1 s }
END

say() { sed 's/^/# /' "$T/run.err" "$folder/points.jsonl"; }
# each FILTER — it holds for every point, and there are two.
each() { jq -es "length == 2 and (map($1) | all)" "$folder/points.jsonl"; }
# Segments are dropped, not the program's own messages. GRO may have merged several.
faults() {
    node r1 nft -f - <<END
add table ip faults
add chain ip faults here { type filter hook forward priority 0; }
add rule ip faults here ip length >= 1000 numgen inc mod 50 0 drop
END
}

start_run "$T/tcp.yaml" -o "$folder" --topology dedicated
first_please
ok "two networks by TCP: the testbed stands" hold_run dedicated
ok "  a router drops one in fifty" faults
release_run
end_run
is "  the run succeeds" "$run_status" 0 || say
ok "  every packet is received or lost" each '.networks | length == 2 and
    all(.tx == .rx + .lost and .rx > 0)' || say
ok "  every loss has a place" each '([.networks[].lost] | add) == ([.drops[].count] | add // 0) and
    (.drops | all(.count > 0 and .where != "unexplained"))' || say
ok "  the router's are inside it" each '.drops | any(.where == "r1:eth0 to eth1")' || say
ok "  they were sent again" each '.networks[0].tcp.retransmits > 0' || say
ok "  each network has goodput and congestion control" each '.networks |
    all(.tcp.goodput_bps > 0 and (.tcp.congestion | length > 0))' || say
# A segment of 1000 bytes of IPv4 has 948 of payload, one of IPv6 928.
ok "  no more payload than segments arrived" each '. as $point | [948, 928] as $payload |
    [.networks, $payload] | transpose |
    all(.[0].tcp.goodput_bps * $point.duration_s <= 1.02 * 8 * .[1] * .[0].rx)' || say
ok "  and not much less: they are full" each '. as $point | [948, 928] as $payload |
    [.networks, $payload] | transpose |
    all(.[0].tcp.goodput_bps * $point.duration_s >= 0.5 * 8 * .[1] * .[0].rx)' || say
ok "  round-trip times are in order" each '.networks | all(.tcp.rtt_ns |
    0 <= .min and .min <= .mean and .mean <= .max and .max > 0)' || say
ok "  packets have no numbers and no delay" each '.networks | all(
    (has("duplicated") or has("reordered") or has("corrupt") or has("delay_ns") or has("jitter_ns")) | not)'
# Copies of the run, whose points count on a busy machine, too.
for copy in one other; do
    cp -R "$folder" "$T/$copy"
    jq -c '.valid = true | del(.why_invalid)' "$folder/points.jsonl" >"$T/$copy/points.jsonl"
done
ok "  runs are compared by goodput, not by losses" eval '"$VRBENCH" compare "$T/one" "$T/other" --json |
    jq -e ".verdicts | map(.figure) | index(\"goodput_bps\") != null and index(\"throughput_pps\") == null and
    index(\"max_pps\") == null"'
like "  with a table of it" "$("$VRBENCH" compare "$T/one" "$T/other")" "Goodput of TCP"
ok "  nothing sends more than was requested" jq -es '.[0] | .requested_pps == 2000 and
    (.networks | all(.tcp.goodput_bps <= 2000 * 948 * 8 * 1.05))' "$folder/points.jsonl" || say
ok "  and max is as fast as TCP can" jq -es '.[1].requested_pps == 0 and
    .[1].networks[1].tcp.goodput_bps > .[0].networks[1].tcp.goodput_bps' "$folder/points.jsonl" || say
like "  points.csv has the figures" "$(head -n 1 "$folder/points.csv")" \
    ',goodput_bps,retransmits,rtt_min_ns,rtt_mean_ns,rtt_max_ns'
like "  a table shows them" "$(cat "$T/run.out")" 'Retransmits'
unchanged "nothing is left" "$T/before"

ok "a search refuses it" exits 2 "$VRBENCH" search "$T/tcp.yaml" -o "$T/search"
like "  with the reason" "$(cat "$T/ok.log")" 'engine tcp sends no more than the path carries'
mkdir "$T/empty"
ok "no iperf3: exit status 3" exits 3 env PATH="$T/empty" "$VRBENCH" run "$T/tcp.yaml" -o "$T/missing"
like "  which names engine and package" "$(cat "$T/ok.log")" \
    'engine tcp requires the program iperf3: install package iperf3'
