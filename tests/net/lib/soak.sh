# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/net/lib/soak.sh — shared by soak_*.sh, which have sourced lib.sh.

# soak_whole — make soak runs the test at full length; the suite, a short form.
soak_whole() { [ "${VRBENCH_SOAK-}" = whole ]; }
# soak_scenario NAME — $T/NAME.yaml: two small routers.
soak_scenario() {
    cat >"$T/$1.yaml" <<END
name: $1
topologies: [${2-dedicated}]
routers: { r1: {}, r2: {} }
networks: { NET0: { router: r1 }, NET1: { router: r2 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [400] }, duration: 10 ms }
END
}

# soak_state FILE — as machine_snapshot, but processes and threads without their numbers: those of a
# standing testbed may have been replaced by others with the same task. The owner's own files (log,
# socket) belong to no testbed.
soak_state() {
    machine_snapshot "$1.raw"
    sed 's|^\(process [^ ]*\) .*|\1|; s|^\(thread [^ ]*\) .*|\1|; /^record .*owner/d' "$1.raw" |
        LC_ALL=C sort >"$1"
}
# soak_is FILE — nothing exists that is not in the state FILE; prints what does. Objects of strangers may
# have gone since. For use after wait_for.
soak_is() {
    soak_state "$T/state.now"
    comm -13 "$1" "$T/state.now" >"$T/state.more"
    if grep -qx 'others are there' "$1" "$T/state.now"; then
        sed -i '/^others are there$/d; /^cgroup /d; /^thread /d' "$T/state.more"
    fi
    cat "$T/state.more"
    [ ! -s "$T/state.more" ]
}
