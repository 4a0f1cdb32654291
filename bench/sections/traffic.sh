# SPDX-License-Identifier: GPL-3.0-or-later
#
# Source and sink over one veth pair between two namespaces, compared with iperf 2 and iperf3, with 64-
# and 1500-byte IP packets: packets/s received without pacing (beside the kernel's plain live frames), the
# error of paced rates, and CPU time per packet at full speed and at 100,000 packets/s, including the
# kernel's. For all tools, CPU time is that of the whole machine in /proc/stat
# minus the background use measured just before. A section of bench/run.

make_cable() {
    ip netns add source
    ip netns add sink
    ip link add veth0 netns source type veth peer name veth1 netns sink
    source_mac=$(ip -n source -j link show dev veth0 | jq -r '.[0].address')
    sink_mac=$(ip -n sink -j link show dev veth1 | jq -r '.[0].address')
    ip -n source address add 198.18.0.1/24 dev veth0
    ip -n sink address add 198.18.0.2/24 dev veth1
    ip -n source link set veth0 up
    ip -n sink link set veth1 up
    ip -n source neighbour add 198.18.0.2 lladdr "$sink_mac" dev veth0
    ip -n sink neighbour add 198.18.0.1 lladdr "$source_mac" dev veth1
}

# Datagrams that programs in the sink's namespace have read: the same counter for every peer.
received() {
    ip netns exec sink awk '/^Udp:/ && $2 ~ /^[0-9]/ { print $2 }' /proc/net/snmp
}
sent() {
    ip -n source -j -s link show dev veth0 | jq '.[0].stats64.tx.packets'
}

listening() {
    ip netns exec sink grep -qi "$1" /proc/net/"$2"
}

# start_server PROGRAM PAYLOAD — waits until it listens (port 5001 is 1389 in hex, 5201 is 1451).
start_server() {
    case $1 in
    iperf2)
        ip netns exec sink taskset -c "$BENCH_CPUS" iperf -s -u -l "$2" >"$work/server" 2>&1 &
        server=$!
        wait_for listening ':1389 ' udp
        ;;
    iperf3)
        ip netns exec sink taskset -c "$BENCH_CPUS" iperf3 -s -4 >"$work/server" 2>&1 &
        server=$!
        wait_for listening ':1451 ' tcp
        ;;
    esac || {
        say "$1's server does not listen:"
        cat "$work/server" >&2
        exit 1
    }
}
stop_server() {
    kill "$server" 2>/dev/null || :
    wait "$server" 2>/dev/null || :
    server=""
}

# client PROGRAM PAYLOAD PPS|max
client() {
    case $1-$3 in
    iperf2-max) set -- iperf -c 198.18.0.2 -u -l "$2" -t "$seconds" -b 100G ;;
    iperf2-*) set -- iperf -c 198.18.0.2 -u -l "$2" -t "$seconds" -b "$3pps" ;;
    iperf3-max) set -- iperf3 -c 198.18.0.2 -u -l "$2" -t "$seconds" -b 0 ;;
    iperf3-*) set -- iperf3 -c 198.18.0.2 -u -l "$2" -t "$seconds" -b $(($3 * $2 * 8)) ;;
    esac
    ip netns exec source taskset -c "$BENCH_CPUS" "$@" >"$work/client" 2>&1 || {
        say "failed: $*"
        cat "$work/client" >&2
        exit 1
    }
}

# trial PROGRAM LENGTH PPS|max — one run; sets rx_pps, tx_pps and ns_per_packet.
trial() {
    payload=$(($2 - 28))
    idle=$(idle_share)
    case $1 in
    vrbench | vrbench-xdp | live-frames)
        engine=packet
        [ "$1" = vrbench ] || engine=xdp
        [ "$1" != live-frames ] || engine=live
        at=$(now_ns) was=$(busy_ns)
        taskset -c "$BENCH_CPUS" "$build/bench/bench_traffic" --engine "$engine" --length "$2" --pps "$3" \
            --duration "$seconds" >"$work/client" || {
            say "bench_traffic failed"
            exit 1
        }
        busy=$(($(busy_ns) - was)) window=$(($(now_ns) - at))
        tx_pps=$(jq .tx_pps "$work/client") rx_pps=$(jq .rx_pps "$work/client")
        [ "$3" = max ] || [ "$1" = live-frames ] || record "$2 bytes, CPU ns per packet by the program's own counters" "$1" \
            "$(jq .cpu_ns_per_packet "$work/client")"
        ;;
    *)
        start_server "$1" "$payload"
        rx=$(received) tx=$(sent)
        at=$(now_ns) was=$(busy_ns)
        client "$1" "$payload" "$3"
        busy=$(($(busy_ns) - was)) window=$(($(now_ns) - at))
        rx_pps=$(echo "$(received) $rx $seconds" | awk '{ print ($1 - $2) / $3 }')
        tx_pps=$(echo "$(sent) $tx $seconds" | awk '{ print ($1 - $2) / $3 }')
        stop_server
        ;;
    esac
    ns_per_packet=$(echo "$busy $window $idle $rx_pps $seconds" |
        awk '{ n = $4 * $5; print (n > 0) ? ($1 - $2 * $3) / n : 0 }')
}

# pace PROGRAM PPS — records how far the sent rate is from the request, in millionths, at least 1.
pace() {
    trial "$1" 64 "$2"
    record "64 bytes, pacing error in millionths at $2/s" "$1" \
        "$(echo "$tx_pps $2" | awk '{ e = ($1 / $2 - 1) * 1e6; e = e < 0 ? -e : e; print e < 1 ? 1 : e }')"
}

bench_traffic() {
    make_cable
    repeat=1
    while [ "$repeat" -le "$repeats" ]; do
        for length in 64 1500; do
            # The kernel's live frames without stamps or checks, which the engine xdp can't exceed.
            if [ -x "$build/bench/bench_traffic" ]; then
                trial live-frames "$length" max
                record "$length bytes, received packets/s" live-frames "$rx_pps"
            fi
            for program in vrbench vrbench-xdp iperf2 iperf3; do
                [ "${program#vrbench}" = "$program" ] || [ -x "$build/bench/bench_traffic" ] || continue
                trial "$program" "$length" max
                record "$length bytes, received packets/s" "$program" "$rx_pps"
                record "$length bytes, sent packets/s" "$program" "$tx_pps"
                record "$length bytes, CPU ns per packet at full speed" "$program" "$ns_per_packet"
                say "$repeat/$repeats: $length bytes, no pacing: $program received" \
                    "${rx_pps%.*} of ${tx_pps%.*} packets/s"
                if [ "$length" = 64 ]; then
                    pace "$program" 10000
                    pace "$program" 100000
                    pace "$program" 200000
                fi
                trial "$program" "$length" 100000
                record "$length bytes, CPU ns per packet at 100,000/s" "$program" "$ns_per_packet"
                record "$length bytes, received of 100,000/s" "$program" "$rx_pps"
                say "$repeat/$repeats: $length bytes, 100,000 packets/s: $program received" \
                    "${rx_pps%.*}, CPU ${ns_per_packet%.*} ns per packet"
            done
        done
        repeat=$((repeat + 1))
    done
    ip netns delete source
    ip netns delete sink
}

table_traffic() {
    echo "Source and sink over a veth pair, on CPU $BENCH_CPUS. Background load before a trial:" \
        "at most $(sort -n "$work/idle" |
            awk '{ worst = $1 } END { printf "%.0f %%", worst * 100 }') of a CPU."
    echo
    table 'packets/s$' more vrbench-xdp live-frames vrbench iperf2 iperf3
    table 'pacing error' less vrbench-xdp vrbench iperf2 iperf3
    table 'CPU ns per packet' less vrbench-xdp vrbench iperf2 iperf3
    echo "At 100,000/s the engine xdp waits for each packet's time without sleeping, which the machine counts" \
        "as use; the program's own counters leave that time out."
    echo
    table 'received of' more vrbench-xdp vrbench iperf2 iperf3
}
