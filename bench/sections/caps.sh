# SPDX-License-Identifier: GPL-3.0-or-later
#
# CPU used under caps of 10 to 80 %: a table of its own (caps.sh), no peer. A section of bench/run.

bench_caps() {
    SOURCE_ROOT=$here/.. VRBENCH=$build/vrbench sh "$here/caps.sh" >"$work/caps" || {
        say "caps.sh failed"
        exit 1
    }
}

table_caps() {
    echo "CPU used under a cap, by more load than it can take, in percent of a CPU."
    echo
    cat "$work/caps"
}
