# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/net/lib/setups.sh — for tests of routers on any platform: one set-up with a path through two routers, which
# other networks pass, too; with hooks of a router that drop packets; and with impaired cables. Each packet of a load
# is accounted for by counters that are not vrbench's. Sourced after tests/net/lib.sh.

# A command for r1t3 whose route drops all packets of the reverse direction of NET2.
# shellcheck disable=SC2034 # the caller's
setup_run='ip route add blackhole 198.18.2.2/32'
# setup_add — extends $T/two.yaml (scenario_two) by NET2, through r1t3 and r2t3, over impaired cables. The rule of
# $T/tenth.nft drops every tenth packet of the forward direction, and counts them.
setup_add() {
    sed -i "/NET1:/a\\  NET2: { routers: [r1t3, r2t3], directions: both }" "$T/two.yaml"
    cat >>"$T/two.yaml" <<'END'
impair:
  - { from: source, to: r1t3, network: NET2, loss: 20 % }
  - { from: r1t3, to: r2t3, rate: 100 kbit/s, queue: 20 ms }
  - { from: r2t3, to: sink, network: NET2, delay: 5 ms, jitter: 2 ms }
END
    cat >"$T/tenth.nft" <<'END'
table ip tenth {
	chain passing {
		type filter hook forward priority 0; policy accept;
		ip daddr 198.19.2.2 meta l4proto udp numgen inc mod 10 0 counter drop
	}
}
END
}

# interface_of ROUTER PREFIX — its interface whose address begins so.
interface_of() { vrbench console "$1" -- ip -o -4 addr | awk -v p="$2" 'index($4, p) == 1 { sub(":", "", $2); print $2 }'; }
# They are the same in every life and topology.
setup_interfaces() {
    in1=$(interface_of r1t3 198.18.2.) link1=$(interface_of r1t3 198.19.255.) link2=$(interface_of r2t3 198.19.255.)
}
# received_at ROUTER INTERFACE... — packets that these have received.
received_at() {
    received_router=$1
    shift
    # shellcheck disable=SC2046 # a list of files
    vrbench console "$received_router" -- cat $(printf '/sys/class/net/%s/statistics/rx_packets\n' "$@")
}
nft_dropped() { vrbench console r1t3 -- nft list table ip tenth | awk '{ for (i = 1; i < NF; i++) if ($i == "packets") print $(i + 1) }'; }

# setup_conserves [nft] — a load of both directions of NET2, whose r1t3 has that command and, with nft, that rule. The packets that the first cable drops do not reach r1t3;
# its rules drop as many as their counter says; what the link's rate drops does not reach r2t3; the packets that
# arrive are late by the delay; and the others meet the route that drops all. A burst after a stall may be lost elsewhere,
# at a place of its own: up to three loads. For use after ok.
setup_conserves() {
    [ -n "${link2-}" ] || setup_interfaces
    for try in 1 2 3; do
        setup_load "${1-}" || return 1
        ! setup_figures >"$T/figures" || return 0
    done
    cat "$T/sent.json" "$T/figures"
    echo "grown: $grown"
    return 1
}
# setup_counts [nft] — packets that r1t3 received from the source and from r2t3, those that r2t3 received from r1t3, and
# those that the rule dropped.
# shellcheck disable=SC2046 # words
setup_counts() {
    echo $(received_at r1t3 "$in1" "$link1") $(received_at r2t3 "$link2") $([ -z "$1" ] || nft_dropped)
}
setup_load() {
    counts_before=$(setup_counts "$1")
    vrbench send NET2 --pps 500 -t 0.4 -i 0.4 --engine packet --json >"$T/sent.json" || return 1
    grown=$(echo "$counts_before $(setup_counts "$1")" | awk '{
        for (i = 1; i <= NF / 2; i++) printf "%s%d", (i == 1 ? "" : ","), $(i + NF / 2) - $i }')
}
# Figures of the last load, each true.
setup_figures() {
    jq -ces --arg in1 "$in1" --arg link1 "$link1" --argjson grown "[$grown]" '
        (map(select(.networks)) | .[0]) as $point | (map(select(.total)) | .[0].total) as $total |
        def at($where): [$total.drops[] | select(.where == $where) | .count] | add // 0;
        $point.networks[0] as $forward | $point.networks[1] as $reverse |
        at("impairment of NET2 (source to r1t3)") as $loss | at("impairment of (r1t3 to r2t3)") as $rate |
        at("r1t3:\($in1) to \($link1)") as $rules | at("r1t3:\($link1) to \($in1)") as $route |
        { sums: (all($forward, $reverse; .tx == .rx + .lost and .tx > 100) and
              $total.lost == $forward.lost + $reverse.lost and $total.lost == ([$total.drops[].count] | add)),
          places: ($total.lost == $loss + $rate + $rules + $route),
          loss: (($loss - $forward.tx * 0.2 | fabs) <= 5 * ($forward.tx * 0.16 | sqrt) and
              $grown[0] == $forward.tx - $loss),
          rules: ($rules == ($grown[3] // 0) and ($rules > 0) == ($grown | length == 4)),
          rate: ($rate > 0 and $grown[2] == $forward.tx - $loss - $rules - $rate and $forward.rx == $grown[2]),
          delay: ($forward.delay_ns.min >= 3e6),
          route: ($reverse.rx == 0 and $route == $reverse.tx and $route == $grown[1])
        } | ., all(.[]; .)' "$T/sent.json"
}
