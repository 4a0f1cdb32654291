# SPDX-License-Identifier: GPL-3.0-or-later
#
# Plans of `vrbench advise` for random contracts, from runs of one and two routers, which are measured:
# whether each contract is kept, and whether each refused contract, added to the plan, would have broken
# one. BENCH_PLANS plans (12; with --quick 2), drawn by BENCH_SEED (1). A section of bench/run.

bench_plans() {
    cat >"$work/plans-base.yaml" <<END
name: base
topologies: [bridged, dedicated]
routers: { r1: {}, r2: {} }
networks: { NET0: { router: r1 }, NET1: { router: r2 } }
traffic: { lengths: [64, 1500], rates: { pps: [1000] }, duration: 500 ms }
END
    fit=$work/predict-fit # of section predict, if it ran before
    if [ ! -d "$fit" ]; then
        fit=$work/plans-fit
        say "plans: one and two routers"
        status=0
        "$build/vrbench" predict --measure "$work/plans-base.yaml" -o "$fit" >"$work/plans.out" \
            2>"$work/plans.err" || status=$?
        case $status in
        0 | 4) ;;
        *)
            say "vrbench predict failed ($status):"
            cat "$work/plans.err" >&2
            exit 1
            ;;
        esac
    fi
    say "plans: measuring"
    mkdir -p "$work/plans"
    plans=${BENCH_PLANS:-12}
    [ -z "$quick" ] || plans=2
    python3 "$here/plans.py" "$build/vrbench" "$work/plans" "$plans" \
        "${BENCH_SEED:-1}" "$fit"/*-*-* >"$work/plans.json"
}

table_plans() {
    echo "Random contracts (2 to 6 networks of 64, 500 or 1500 bytes, each with 10 to 60 % of what a host" \
        "forwards, and a permitted loss of 0.5 to 2 %) on a host with one CPU for routers. Each set-up is" \
        "measured five times for a second; a network's loss is the median of the valid points."
    echo
    jq -rs '
        (map(select(.of == "plan"))) as $plans | (map(select(.of == "refused"))) as $refused |
        "| measured | in | of |", "| --- | --- | --- |",
        "| contracts of plans that were kept | \($plans | map(.kept) | add // 0) | \($plans | map(.contracts) | add // 0) |",
        "| plans that kept all of their contracts | \($plans | map(select(.kept == .contracts)) | length) | \($plans | length) |",
        "| refused contracts that would have broken one | \($refused | map(select(.broken)) | length) | \($refused | length) |",
        "| set-ups without three valid points | \(map(select(.of == "disturbed")) | length) | \(length) |"' \
        "$work/plans.json"
    echo
}
