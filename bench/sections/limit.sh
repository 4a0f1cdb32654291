# SPDX-License-Identifier: GPL-3.0-or-later
#
# Whether the tester or the device under test is the limit: the CPU use of router and tester in the dedicated
# topology under more load than the router can take, by the engine xdp; and what its source and sink
# do on one CPU and on two. A section of bench/run.

limit_scenario() {
    cat <<END
name: bench-limit
topologies: [dedicated]
routers: { r1: {} }
networks: { NET0: { router: r1 } }
traffic: { engine: xdp, lengths: [64], rates: { pps: [1000000, 1500000, 2000000, 3000000] }, duration: $seconds s }
END
}

# limit_top FILTER — of the trial of the last run in which the router used most CPU, of the valid ones if there are.
limit_top() {
    jq -rs "map(select((.cpu | length) > 0 and (.networks | length) > 0)) |
        (map(select(.valid)) | select(length > 0)) // . | max_by(.cpu[] | select(.name == \"r1\").percent) | $1" "$work/limit.run/points.jsonl"
}

# record_pair CPUS NAME — packets/s of source and sink on these CPUs.
record_pair() {
    taskset -c "$1" "$build/bench/bench_traffic" --engine xdp --length 64 --pps max --duration "$seconds" \
        >"$work/client" || {
        say "bench_traffic failed on CPUs $1"
        exit 1
    }
    record "source and sink, received packets/s" "$2" "$(jq .rx_pps "$work/client")"
    record "source and sink, sent packets/s" "$2" "$(jq .tx_pps "$work/client")"
}

bench_limit() {
    limit_scenario >"$work/limit.yaml"
    repeat=1
    while [ "$repeat" -le "$repeats" ]; do
        record_pair "${BENCH_CPUS%%[,-]*}" one-CPU
        [ "$processors" -eq 1 ] || record_pair 0,1 two-CPUs
        rm -rf "$work/limit.run"
        status=0
        "$build/vrbench" run "$work/limit.yaml" -o "$work/limit.run" >"$work/said" 2>&1 || status=$?
        case $status in
        0 | 4) ;;
        *)
            say "vrbench run failed ($status):"
            cat "$work/said" >&2
            exit 1
            ;;
        esac
        record "CPU of the router, %" dedicated "$(limit_top '.cpu[] | select(.name == "r1").percent')"
        record "CPU of the tester, %" dedicated "$(limit_top '.cpu[] | select(.name == "tester").percent')"
        record "offered, packets/s" dedicated "$(limit_top '.networks[0].offered_pps')"
        record "forwarded, packets/s" dedicated "$(limit_top '.networks[0].forwarded_pps')"
        say "$repeat/$repeats: router $(limit_top '.cpu[] | select(.name == "r1").percent | floor') %, tester" \
            "$(limit_top '.cpu[] | select(.name == "tester").percent | floor') % of a CPU; lost at" \
            "$(limit_top '[.drops[] | "\(.where) \(.count)"] | join(", ")'); $(limit_top '.why_invalid // "valid"')"
        repeat=$((repeat + 1))
    done
}

table_limit() {
    echo "The router is the limit if it uses its CPU wholly, and loses what it can't take at its own ring. Of the" \
        "loads from 1 to 3 million packets/s of 64 bytes, that under which the router used most CPU."
    echo
    table 'CPU of|offered|forwarded' more dedicated
    table 'source and sink' more two-CPUs one-CPU
}
