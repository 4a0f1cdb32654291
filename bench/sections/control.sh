# SPDX-License-Identifier: GPL-3.0-or-later
#
# Policies of `vrbench control` with real packets: random loads of 2 to 8 routers, of which some division of the CPU
# keeps all contracts. BENCH_PROFILES profiles (30; with --quick 3), drawn by BENCH_SEED (1), each of BENCH_PROFILE_S
# seconds (4) for each of 5 policies: 15 minutes. A section of bench/run.

bench_control() {
    [ "$processors" -gt 1 ] || {
        say "control: needs 2 CPUs, one for routers and one for the sender"
        return
    }
    profiles=${BENCH_PROFILES:-30}
    [ -z "$quick" ] || profiles=3
    say "control: measuring $profiles profiles"
    mkdir -p "$work/control"
    # `up` gives the highest CPU to routers.
    python3 "$here/control.py" "$build/vrbench" "$build/bench/bench_profile" "$work/control" "$profiles" \
        "${BENCH_SEED:-1}" "${BENCH_PROFILE_S:-4}" 0 >"$work/control.json"
    [ -z "${BENCH_KEEP-}" ] || cp "$work/control.json" "$BENCH_KEEP"
}

table_control() {
    [ -s "$work/control.json" ] || return 0
    echo "Random loads (steady, steps, ramps, flash crowds; one network at least far above its contract) of 2 to 8" \
        "routers on one CPU. Covered loads need 50 to 75 % of it at their highest, so that some shares keep all" \
        "contracts; \`oracle\` sets those that the highest loads need. A contract is broken in a window of 100 ms" \
        "in which less passes than it covers."
    echo
    jq -rs -f "$here/control.jq" "$work/control.json"
    echo
}
