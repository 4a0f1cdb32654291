# SPDX-License-Identifier: GPL-3.0-or-later
#
# Destroys, creates and reboots one of two routers of a testbed. For vrbench, times include the whole
# command; for the peers only the calls: Mininet, in which a restart consists of removing and adding a
# host, and a script of ip commands. The outage is both vrbench's report and that of a steady stream of
# 2,000 packets/s through the router (stream.py, the same for all). A second stream through the other
# router must lose no packet. A section of bench/run.

stream_count=5000 stream_spacing=0.0005

router_scenario() {
    cat <<END
name: bench-routers
topologies: [bridged, dedicated]
routers: { r1: {}, r2: {} }
networks: { NET0: { router: r1 }, NET1: { router: r2 } }
traffic: { lengths: [64], rates: { pps: [1000] } }
END
}

# vrbench_timed FILE ARGUMENT... — runs vrbench with its output in FILE; sets `took` to the seconds.
vrbench_timed() {
    out=$1
    shift
    at=$(now_ns)
    "$build/vrbench" "$@" >"$out" || {
        say "failed: vrbench $*"
        exit 1
    }
    took=$(echo "$(now_ns) $at" | awk '{ printf "%.4f", ($1 - $2) / 1e9 }')
}

# record_router KIND PROGRAM DESTROY CREATE REBOOT — records the times and the streams' figures.
record_router() {
    record "$1: destroy, s" "$2" "$3"
    record "$1: create, s" "$2" "$4"
    record "$1: reboot, s" "$2" "$5"
    seen=$(jq .outage_ms "$work/stream0") other_lost=$(jq .lost "$work/stream1")
    record "$1: outage seen by traffic, ms" "$2" "${seen:?no stream came through}"
    record "$1: packets lost in the other network" "$2" "${other_lost:?no stream came through}"
    say "$repeat/$repeats: $1: $2 destroys in $3 s, creates in $4 s, reboots in $5 s;" \
        "traffic sees $seen ms; the other network loses $other_lost"
}

vrbench_router() {
    vrbench_timed "$work/said" destroy bench-routers/r1
    destroyed=$took
    vrbench_timed "$work/said" create bench-routers/r1
    created=$took
    streams=""
    for network in 0 1; do
        "$build/vrbench" console bench-routers/sink -- /usr/bin/python3 "$here/stream.py" receive \
            "198.19.$network.2" >"$work/stream$network" &
        streams="$streams $!"
    done
    sleep 0.5
    for network in 0 1; do
        "$build/vrbench" console bench-routers/source -- /usr/bin/python3 "$here/stream.py" send \
            "198.19.$network.2" "$stream_count" "$stream_spacing" &
        streams="$streams $!"
    done
    sleep 0.5
    vrbench_timed "$work/said" reboot bench-routers/r1 --json
    # shellcheck disable=SC2086 # process numbers
    wait $streams || :
    record_router "$1" vrbench "$destroyed" "$created" "$took"
    record "$1: outage reported, ms" vrbench "$(jq .outage_ms "$work/said")"
}

# peer_router PROGRAM COMMAND...
peer_router() {
    program=$1
    shift
    (cd "$work" && "$@" "$stream_count" "$stream_spacing") >"$work/said" || {
        say "failed: $*"
        exit 1
    }
    record_router bridged "$program" "$(jq .destroy_s "$work/said")" \
        "$(jq .create_s "$work/said")" "$(jq .reboot_s "$work/said")"
}

bench_routers() {
    router_scenario >"$work/routers.yaml"
    for topology in bridged dedicated; do
        vrbench_timed "$work/said" up "$work/routers.yaml" --topology "$topology"
        repeat=1
        while [ "$repeat" -le "$repeats" ]; do
            vrbench_router "$topology"
            if [ "$topology" = bridged ]; then
                peer_router mininet /usr/bin/python3 "$here/mininet_router.py"
                peer_router ip sh "$here/ip_router.sh"
            fi
            repeat=$((repeat + 1))
        done
        vrbench_timed "$work/said" down bench-routers
    done
}

table_routers() {
    echo "One of two routers is removed and recreated while the other forwards. Times of vrbench" \
        "include the whole command, those of the others only the calls."
    echo
    table '(destroy|create|reboot), s$|outage' less vrbench mininet ip
    table 'lost in the other' less vrbench mininet ip
}
