# SPDX-License-Identifier: GPL-3.0-or-later
#
# Four runs of scenarios/scenario-1-auto.yaml --quick in a row (BENCH_RUNS): for each topology and length
# the largest deviation of a figure of the summary from the median of the runs, and what a row names
# that deviates by more than 5 %. BENCH_LENGTHS="64" measures fewer lengths. A section of bench/run.

bench_repeat() {
    runs=${BENCH_RUNS:-4}
    sed "s/lengths: \[[^]]*\]/lengths: [$(echo "${BENCH_LENGTHS:-64 256 1500}" | tr ' ' ',')]/" \
        "$here/../scenarios/scenario-1-auto.yaml" >"$work/repeat.yaml"
    run=1
    while [ "$run" -le "$runs" ]; do
        at=$(now_ns)
        status=0
        "$build/vrbench" run "$work/repeat.yaml" --quick --json -o "$work/repeat.$run" >"$work/repeat.$run.json" \
            2>"$work/repeat.err" || status=$?
        case $status in
        0 | 4) ;;
        *)
            say "vrbench run failed ($status):"
            cat "$work/repeat.err" >&2
            exit 1
            ;;
        esac
        say "run $run/$runs: $((($(now_ns) - at) / 1000000000)) s, status $status"
        run=$((run + 1))
    done
}

table_repeat() {
    echo "$runs runs of scenario-1-auto --quick: by how much a figure is away from the median of the runs," \
        "at most. Of a throughput and a partial drop rate, it is the middle between their bounds."
    echo
    # shellcheck disable=SC2046 # numbers
    jq -rs -f "$here/repeat.jq" $(seq -f "$work/repeat.%g.json" "$runs")
    echo
}
