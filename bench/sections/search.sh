# SPDX-License-Identifier: GPL-3.0-or-later
#
# One search for the throughput and the partial drop rate of 0.5 %, compared with two binary searches, one
# for each, on a device of known truth made of real packets: a router that polices its traffic to a
# rate with a bucket (nftables). Seconds of sending, and the brackets. A section of bench/run.

search_rate=10000           # packets/s that the policer passes
search_bucket=$((10000 / 50)) # packets that it passes beyond that in each trial
# Trials of both last 1 s, so that a trial passes the rate and the bucket.
search_truth=$((search_rate + search_bucket))

search_scenario() {
    cat <<END
name: bench-search
topologies: [dedicated]
routers: { r1: {} }
networks: { NET0: { router: r1 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [1000] }, duration: 1 s }
END
}

search_stands() {
    testbed=$(grep -ls '"threads"' /run/vrbench/*.json) && testbed=${testbed%.json}
}

# police — puts the policer into the router of the search's testbed, while the search is stopped.
police() {
    wait_for search_stands || {
        say "the search built no testbed:"
        cat "$work/search.err" >&2
        exit 1
    }
    kill -STOP "$server"
    nsenter --net="$testbed/ns-r1" nft -f - <<END
add table ip bench
add chain ip bench police { type filter hook forward priority 0; }
add rule ip bench police udp dport 22098 limit rate over $search_rate/second burst $search_bucket packets drop
END
    kill -CONT "$server"
}

# search_once OPTION... — one search on the policer; its rows are in $work/search. Up to three times, while the
# machine disturbs it; `took` is the time of the last one in seconds.
search_once() {
    for try in 1 2 3; do
        rm -rf "$work/search.run"
        at=$(now_ns)
        "$build/vrbench" search "$work/search.yaml" -o "$work/search.run" --json "$@" \
            >"$work/search" 2>"$work/search.err" &
        server=$!
        police
        status=0
        wait "$server" || status=$?
        server=""
        took=$((($(now_ns) - at) / 1000000000))
        case $status in
        0) ;;
        4) say "try $try: the machine disturbed a search" ;;
        *)
            say "vrbench search failed ($status):"
            cat "$work/search.err" >&2
            exit 1
            ;;
        esac
        ! jq -e 'all(.[]; .regular)' "$work/search" >/dev/null || return 0
    done
}

# search_found NUMBER BOUND — of a row, in % of the truth; for a partial drop of 0.5 % that is more.
search_found() {
    jq -r --argjson truth "$search_truth" --arg bound "relevant_$2_pps" ".[$1] |
        .[\$bound] // empty | . / (\$truth / (1 - $3)) * 100" "$work/search"
}

# record_bracket PROGRAM NUMBER NAME LOSS
record_bracket() {
    for bound in lower upper; do
        found=$(search_found "$2" "$bound" "$4")
        [ -z "$found" ] || record "$3: $bound bound, % of the truth" "$1" "$found"
    done
    if [ "$(jq ".[$2].regular" "$work/search")" != true ]; then
        irregular=yes
        record "$3: irregular results" "$1" 1
    fi
}

# record_times PROGRAM SECONDS SENDING — unless a result of the program's last searches is irregular.
record_times() {
    [ "$irregular" = no ] || return 0
    record "both searches, s" "$1" "$2"
    record "both searches, s of sending" "$1" "$3"
    say "$repeat/$repeats: $1 found both rates in $2 s, of which $3 s of sending"
}

bench_search() {
    search_scenario >"$work/search.yaml"
    repeat=1
    while [ "$repeat" -le "$repeats" ]; do
        irregular=no
        search_once --method sequential --goal 0 --goal 0.005
        record_bracket vrbench 0 throughput 0
        record_bracket vrbench 1 "partial drop rate" 0.005
        record_times vrbench "$took" "$(jq '.[0].trial_s' "$work/search")"
        irregular=no
        search_once --method binary --goal 0
        binary_took=$took binary_sent=$(jq '.[0].trial_s' "$work/search")
        record_bracket binary 0 throughput 0
        search_once --method binary --goal 0.005
        record_bracket binary 0 "partial drop rate" 0.005
        record_times binary $((binary_took + took)) "$(jq "$binary_sent + .[0].trial_s" "$work/search")"
        repeat=$((repeat + 1))
    done
}

table_search() {
    echo "A router that passes $search_rate packets/s and $search_bucket more in a trial of 1 s: one search of" \
        "vrbench for throughput and partial drop rate (0.5 %), and two binary searches. Bounds are" \
        "medians, in % of the policer's load; the width of a goal is 0.5 %."
    echo
    table 'both searches' less vrbench binary
    table 'bound|irregular' less vrbench binary | sed -n 's/^\(|[^|]*|[^|]*|[^|]*|\).*/\1/p'
    echo
}
