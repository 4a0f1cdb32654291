# SPDX-License-Identifier: GPL-3.0-or-later
#
# Predictions from set-ups of one and two routers (vrbench predict --measure), then the set-ups
# themselves: three and four routers, another length, a weight and a cap, at loads up to twice the
# predicted knee. Errors of the model and of its six baselines. A section of bench/run.

# predict_scenario NAME ROUTERS LENGTHS FIRST REPEATS — the scenario; FIRST are keys of its first router.
predict_scenario() {
    echo "name: $1"
    echo "topologies: [bridged, dedicated]"
    echo "routers:"
    for i in $(seq "$2"); do
        [ "$i" -eq 1 ] && echo "  r$i: { $4 }" || echo "  r$i: {}"
    done
    echo "networks:"
    for i in $(seq "$2"); do
        echo "  NET$i: { router: r$i }"
    done
    # Rates are replaced by those that follow from the prediction. Repeats give the interval of the measured figure,
    # since equal trials in overload differ by a tenth.
    echo "traffic: { lengths: [$3], rates: { pps: [1000] }, duration: 500 ms, repeats: $5 }"
}

# predict_loads ROWS — the loads of a set-up, from 0.6 times to twice the predicted knee of the first
# network of each topology.
predict_loads() {
    jq -r '[group_by(.topology)[] | .[0] | select(.known) | .offered_pps[5, 8, 10, 19]] | unique |
        map(round | tostring) | join(", ")' "$1"
}

# predict_run ARGUMENT... — vrbench, which may end with 4 (the machine disturbed it).
predict_run() {
    status=0
    "$build/vrbench" "$@" >"$work/predict.out" 2>"$work/predict.err" || status=$?
    case $status in
    0 | 4) ;;
    *)
        say "vrbench $1 failed ($status):"
        cat "$work/predict.err" >&2
        exit 1
        ;;
    esac
}

bench_predict() {
    predict_scenario base 2 "64, 1500" "" 1 >"$work/predict-base.yaml"
    say "predict: one and two routers"
    predict_run predict --measure "$work/predict-base.yaml" -o "$work/predict-fit"
    for held_out in "three 3 576 " "four 4 64 " "weight 2 64 weight: 1024" "cap 2 64 cap: 30"; do
        name=${held_out%% *} rest=${held_out#* }
        routers=${rest%% *} rest=${rest#* }
        file=$work/predict-$name.yaml
        predict_scenario "$name" "$routers" "${rest%% *}" "${rest#* }" 5 >"$file"
        predict_run predict "$work"/predict-fit/*-*-* --for "$file" --json
        loads=$(predict_loads "$work/predict.out")
        sed -i "s/pps: \[1000\]/pps: [$loads]/" "$file"
        say "predict: $name, at $loads packets/s"
        predict_run run "$file" -o "$work/predict-$name"
        predict_run predict "$work"/predict-fit/*-*-* --for "$file" --baselines --json \
            --against "$work/predict-$name"
        cp "$work/predict.out" "$work/predict-$name.json"
    done
}

table_predict() {
    echo "Predicted from one and two routers (64 and 1500 bytes), then measured: three routers with 576" \
        "bytes, four, two with a weight of 1024 to 256, two with a cap of 30 %. Errors in percent of the" \
        "measured figure, counted from the edge of its interval."
    echo
    jq -rs -f "$here/predict.jq" "$work"/predict-*.json
    echo
}
