# SPDX-License-Identifier: GPL-3.0-or-later
#
# Source and sink over one veth pair between two namespaces, compared with iperf 2, iperf3, xdp-trafficgen,
# the kernel's pktgen and its plain live frames (live-frames; timed-frames also read the clock at both ends
# of each frame), with IPv4 and IPv6, short, medium and long IP packets and imix: packets/s received
# without pacing, and CPU time per packet at full speed and at 100,000 packets/s, including the kernel's.
# For all tools, CPU time is that of the whole machine in /proc/stat minus the background use measured
# just before. The rate and the gaps of paced packets are measured for all tools by the same witness
# (bench_witness) on the sink's interface. A section of bench/run.

# The IP packets of a form: "VERSION LENGTH". The shortest that carries vrbench's stamp has 76 bytes with
# IPv6.
traffic_forms() {
    echo "4 64"
    [ -n "$quick" ] || echo "4 256"
    echo "4 1500"
    echo "4 imix"
    echo "6 76"
    [ -n "$quick" ] || printf '%s\n' "6 256" "6 1500" "6 imix"
}

make_cable() {
    ip netns add source
    ip netns add sink
    ip link add veth0 netns source type veth peer name veth1 netns sink
    source_mac=$(ip -n source -j link show dev veth0 | jq -r '.[0].address')
    sink_mac=$(ip -n sink -j link show dev veth1 | jq -r '.[0].address')
    ip -n source address add 198.18.0.1/24 dev veth0
    ip -n sink address add 198.18.0.2/24 dev veth1
    ip -n source address add 2001:2::1/64 dev veth0 nodad
    ip -n sink address add 2001:2::2/64 dev veth1 nodad
    ip -n source link set veth0 up
    ip -n sink link set veth1 up
    ip -n source neighbour add 198.18.0.2 lladdr "$sink_mac" dev veth0
    ip -n sink neighbour add 198.18.0.1 lladdr "$source_mac" dev veth1
    ip -n source neighbour add 2001:2::2 lladdr "$sink_mac" dev veth0
    ip -n sink neighbour add 2001:2::1 lladdr "$source_mac" dev veth1
}

# absent PROGRAM REASON — the program has no figures, or not all; the table prints why.
absent() {
    grep -qs "^$1: " "$work/absent" || {
        echo "$1: $2" >>"$work/absent"
        say "no $1: $2"
    }
}

# Datagrams that programs in the sink's namespace have read: the same counter for every peer.
received() {
    ip netns exec sink awk '/^Udp:/ && $2 ~ /^[0-9]/ { sum += $2 } /^Udp6InDatagrams/ { sum += $2 }
        END { print sum }' /proc/net/snmp /proc/net/snmp6
}
sent() {
    ip -n source -j -s link show dev veth0 | jq '.[0].stats64.tx.packets'
}

listening() {
    ip netns exec sink cat "/proc/net/$2" "/proc/net/${2}6" | grep -qi "$1"
}

# destination VERSION
destination() { if [ "$1" -eq 4 ]; then echo 198.18.0.2; else echo 2001:2::2; fi; }
# payload VERSION LENGTH — bytes of UDP payload.
payload() { echo $(($2 - ($1 == 4 ? 28 : 48))); }

# start_server PROGRAM VERSION LENGTH — waits until it listens (port 5001 is 1389 in hex, 5201 is 1451).
start_server() {
    case $1 in
    iperf2)
        family=$2
        set -- iperf -s -u -l "$(payload "$2" "$3")"
        [ "$family" -eq 4 ] || set -- "$@" -V
        waited="1389 udp"
        ;;
    iperf3)
        set -- iperf3 -s "-$2"
        waited="1451 tcp"
        ;;
    esac
    ip netns exec sink taskset -c "$BENCH_CPUS" "$@" >"$work/server" 2>&1 &
    server=$!
    # shellcheck disable=SC2086 # two words
    wait_for listening ":${waited% *} " ${waited#* } || {
        say "a server does not listen: $*"
        cat "$work/server" >&2
        exit 1
    }
}
stop_server() {
    kill "$server" 2>/dev/null || :
    wait "$server" 2>/dev/null || :
    server=""
}

# client PROGRAM VERSION LENGTH PPS|max — false if a program that need not run here failed.
client() {
    client_program=$1
    client_payload=$(payload "$2" "$3")
    client_to=$(destination "$2")
    case $1-$4 in
    iperf2-*)
        client_rate=${4}pps
        [ "$4" != max ] || client_rate=100G
        family=$2
        set -- iperf -c "$client_to" -u -l "$client_payload" -t "$seconds" -b "$client_rate"
        [ "$family" -eq 4 ] || set -- "$@" -V
        ;;
    iperf3-max) set -- iperf3 -c "$client_to" -u -l "$client_payload" -t "$seconds" -b 0 ;;
    iperf3-*) set -- iperf3 -c "$client_to" -u -l "$client_payload" -t "$seconds" -b $(($4 * client_payload * 8)) ;;
    xdp-trafficgen-max)
        set -- timeout --preserve-status -s INT "$seconds" xdp-trafficgen udp -m "$sink_mac" -M "$source_mac" \
            -A 2001:2::1 -a 2001:2::2 -t 1 veth0
        ;;
    pktgen-max) set -- sh "$here/pktgen.sh" veth0 "$sink_mac" "$2" "$3" "$seconds" "${BENCH_CPUS%%[,-]*}" ;;
    esac
    ip netns exec source taskset -c "$BENCH_CPUS" "$@" >"$work/client" 2>&1 || {
        case $client_program in
        xdp-trafficgen | pktgen)
            absent "$client_program" "$(sed -n '/failed\|rror\|no /{ s/^ *//p; q; }' "$work/client")"
            return 1
            ;;
        esac
        say "failed: $*"
        cat "$work/client" >&2
        exit 1
    }
}

# own_trial PROGRAM VERSION LENGTH PPS|max — a trial of bench_traffic.
own_trial() {
    case $1 in
    vrbench) own_engine=packet ;;
    vrbench-xdp) own_engine=xdp ;;
    live-frames) own_engine=live ;;
    timed-frames) own_engine=timed ;;
    esac
    own_form="$2 $3 $4"
    # shellcheck disable=SC2086 # the fifth is an option or nothing
    taskset -c "$BENCH_CPUS" "$build/bench/bench_traffic" --engine "$own_engine" --ip "$2" \
        --length "$3" --pps "$4" --duration "$seconds" ${5-} >"$work/client" || {
        say "bench_traffic failed: $own_engine, IP version, length and rate $own_form"
        exit 1
    }
}

# start_witness LENGTH|any SECONDS; stop_witness — $work/witness is then its JSON object.
start_witness() {
    rm -f "$work/hold"
    mkfifo "$work/hold"
    ip netns exec sink taskset -c "$BENCH_CPUS" "$build/bench/bench_witness" veth1 --length "$1" \
        --seconds "$2" <"$work/hold" >"$work/witness.out" &
    server=$!
    exec 8>"$work/hold"
    wait_for grep -q ready "$work/witness.out" || {
        say "bench_witness does not run"
        exit 1
    }
}
stop_witness() {
    exec 8>&-
    wait "$server" || {
        say "bench_witness failed"
        exit 1
    }
    server=""
    tail -n 1 "$work/witness.out" >"$work/witness"
}

# send_once PROGRAM VERSION LENGTH PPS|max — a run of a program that has no receiver; sets rx, tx, busy and
# window.
send_once() {
    start_witness any 0
    tx=$(sent)
    at=$(now_ns) was=$(busy_ns)
    ran=yes
    client "$@" || ran=no
    busy=$(($(busy_ns) - was)) window=$(($(now_ns) - at))
    stop_witness
    [ "$ran" = yes ] || return 1
    rx=$(jq .received "$work/witness") tx=$(($(sent) - tx))
}
# send_twice ... — the same for a program that is ended after a time which includes its start: the difference
# between a run of twice the time and one of the time.
send_twice() {
    send_once "$@" || return 1
    once="$rx $tx $busy $window"
    seconds=$((2 * seconds)) twice=yes
    send_once "$@" || twice=no
    seconds=$((seconds / 2))
    [ "$twice" = yes ] || return 1
    # shellcheck disable=SC2086 # four numbers
    set -- $once
    rx=$((rx - $1)) tx=$((tx - $2)) busy=$((busy - $3)) window=$((window - $4))
}

# trial PROGRAM VERSION LENGTH PPS|max — one run; sets rx_pps, tx_pps and ns_per_packet. False if the
# program does not run here.
trial() {
    idle=$(idle_share)
    case $1 in
    vrbench | vrbench-xdp | live-frames | timed-frames)
        at=$(now_ns) was=$(busy_ns)
        own_trial "$@"
        busy=$(($(busy_ns) - was)) window=$(($(now_ns) - at))
        tx_pps=$(jq .tx_pps "$work/client") rx_pps=$(jq .rx_pps "$work/client")
        [ "$4" = max ] || record "$form, CPU ns per packet by the program's own counters" "$1" \
            "$(jq .cpu_ns_per_packet "$work/client")"
        ;;
    iperf*)
        start_server "$1" "$2" "$3"
        rx=$(received) tx=$(sent)
        at=$(now_ns) was=$(busy_ns)
        client "$@"
        busy=$(($(busy_ns) - was)) window=$(($(now_ns) - at))
        rx_pps=$(echo "$(received) $rx $seconds" | awk '{ print ($1 - $2) / $3 }')
        tx_pps=$(echo "$(sent) $tx $seconds" | awk '{ print ($1 - $2) / $3 }')
        stop_server
        ;;
    *) # they have no receiver
        if [ "$1" = xdp-trafficgen ]; then send_twice "$@"; else send_once "$@"; fi || return 1
        rx_pps=$(echo "$rx $seconds" | awk '{ print $1 / $2 }')
        tx_pps=$(echo "$tx $seconds" | awk '{ print $1 / $2 }')
        ;;
    esac
    ns_per_packet=$(echo "$busy $window $idle $rx_pps $seconds" |
        awk '{ n = $4 * $5; print (n > 0) ? ($1 - $2 * $3) / n : 0 }')
}

# can_send PROGRAM VERSION LENGTH — whether the program has that form of traffic and is here.
can_send() {
    case $1-$2-$3 in
    vrbench*-* | live-frames-* | timed-frames-*) [ -x "$build/bench/bench_traffic" ] ;;
    iperf*-imix)
        absent "$1 with imix" "all of its packets have one length"
        return 1
        ;;
    xdp-trafficgen-6-76)
        [ -x "$build/bench/bench_witness" ] || return 1
        command -v xdp-trafficgen >/dev/null || {
            absent xdp-trafficgen "not installed (Debian package xdp-tools)"
            return 1
        }
        ! grep -qs '^xdp-trafficgen:' "$work/absent"
        ;;
    pktgen-*)
        [ "$3" != imix ] && [ -x "$build/bench/bench_witness" ] || return 1
        [ -d /proc/net/pktgen ] || modprobe pktgen 2>/dev/null || {
            absent pktgen "this kernel has no module pktgen (CONFIG_NET_PKTGEN)"
            return 1
        }
        ! grep -qs '^pktgen:' "$work/absent"
        ;;
    iperf*) ;;
    *) return 1 ;;
    esac
}

# pace PROGRAM PPS — records how far the rate at the witness is from the request, in millionths, at
# least 1; and of the gaps between packets how far the median is from that of even packets, and the
# longest of 99 % and 99.9 % of them.
pace() {
    case $1 in
    vrbench*)
        own_trial "$1" 4 64 "$2" --witness
        cp "$work/client" "$work/witness"
        ;;
    *)
        start_server "$1" 4 64
        pace_server=$server
        start_witness 64 "$seconds"
        client "$1" 4 64 "$2"
        stop_witness
        server=$pace_server
        stop_server
        ;;
    esac
    jq -r --argjson pps "$2" '((.rx_pps // 0) / $pps - 1) * 1e6 | fabs | if . < 1 then 1 else . end' \
        "$work/witness" | while read -r error; do
        record "64 bytes, pacing error in millionths at $2/s" "$1" "$error"
    done
    record "64 bytes, median gap at $2/s: ns from the requested one" "$1" \
        "$(jq --argjson pps "$2" '(.gap_p50_ns // 0) - 1e9 / $pps | fabs | if . < 1 then 1 else . end' "$work/witness")"
    record "64 bytes, gap p99 at $2/s, ns" "$1" "$(jq '.gap_p99_ns // 0' "$work/witness")"
    record "64 bytes, gap p99.9 at $2/s, ns" "$1" "$(jq '.gap_p999_ns // 0' "$work/witness")"
    say "$repeat/$repeats: $2/s by $1: $(jq -r '"\(.rx_pps // 0 | floor)/s, gaps of \(.gap_p50_ns // "?"),
        \(.gap_p99_ns // "?"), \(.gap_p999_ns // "?") ns (p50, p99, p99.9)"' "$work/witness" | tr -s '\n ' ' ')"
}

# measure_form VERSION LENGTH
measure_form() {
    form="IPv$1, $2 bytes"
    [ "$2" != imix ] || form="IPv$1, imix"
    for program in live-frames timed-frames vrbench-xdp xdp-trafficgen pktgen vrbench iperf2 iperf3; do
        can_send "$program" "$1" "$2" || continue
        trial "$program" "$1" "$2" max || continue
        record "$form, received packets/s" "$program" "$rx_pps"
        record "$form, sent packets/s" "$program" "$tx_pps"
        record "$form, CPU ns per packet at full speed" "$program" "$ns_per_packet"
        say "$repeat/$repeats: $form, no pacing: $program received ${rx_pps%.*} of ${tx_pps%.*} packets/s"
        case $program in live-frames | timed-frames | xdp-trafficgen | pktgen) continue ;; esac
        trial "$program" "$1" "$2" 100000
        record "$form, CPU ns per packet at 100,000/s" "$program" "$ns_per_packet"
        record "$form, received of 100,000/s" "$program" "$rx_pps"
        say "$repeat/$repeats: $form, 100,000 packets/s: $program received" \
            "${rx_pps%.*}, CPU ${ns_per_packet%.*} ns per packet"
    done
}

bench_traffic() {
    make_cable
    repeat=1
    while [ "$repeat" -le "$repeats" ]; do
        traffic_forms >"$work/forms"
        while read -r version length; do
            measure_form "$version" "$length" </dev/null
        done <"$work/forms"
        if [ -x "$build/bench/bench_witness" ]; then
            for rate in 10000 100000 200000; do
                for program in vrbench-xdp vrbench iperf2 iperf3; do
                    pace "$program" "$rate"
                done
            done
        else
            absent "pacing and gaps" "vrbench was built without BPF, which the witness needs"
        fi
        repeat=$((repeat + 1))
    done
    ip netns delete source
    ip netns delete sink
}

table_traffic() {
    echo "Source and sink over a veth pair, on CPU $BENCH_CPUS. Background load before a trial:" \
        "at most $(sort -n "$work/idle" |
            awk '{ worst = $1 } END { printf "%.0f %%", worst * 100 }') of a CPU." \
        "Lengths are those of IP packets; 76 bytes are the least with IPv6, except for xdp-trafficgen," \
        "which always sends 50. The rate and the gaps of paced packets are those at one receiver for all tools."
    echo
    [ ! -e "$work/absent" ] || sed 's/^/* No figures of /' "$work/absent"
    echo
    table 'packets/s$' more vrbench-xdp live-frames timed-frames xdp-trafficgen pktgen vrbench iperf2 iperf3
    table 'pacing error|gap' less vrbench-xdp vrbench iperf2 iperf3
    table 'CPU ns per packet' less vrbench-xdp live-frames timed-frames xdp-trafficgen pktgen vrbench iperf2 iperf3
    echo "At 100,000/s the engine xdp waits for each packet's time without sleeping, which the machine counts" \
        "as use; the program's own counters leave that time out."
    echo
    table 'received of' more vrbench-xdp vrbench iperf2 iperf3
}
