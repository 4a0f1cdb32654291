# SPDX-License-Identifier: GPL-3.0-or-later
#
# CPU used under caps of 10 to 80 %, with the tables of caps.sh and without a peer. A section of
# bench/run.

bench_caps() {
    SOURCE_ROOT=$here/.. VRBENCH=$build/vrbench sh "$here/caps.sh" "$seconds" "$repeats" ${quick:+quick} \
        >"$work/caps" || {
        say "caps.sh failed"
        exit 1
    }
}

table_caps() {
    echo "CPU used under a cap by an overloaded party, in percent of a CPU: the median of the valid trials, and in" \
        "brackets that of /proc/TID/schedstat. \"none\": no trial was valid."
    echo
    cat "$work/caps"
}
