# SPDX-License-Identifier: GPL-3.0-or-later
#
# A time of day that jumps while vrbench measures never makes a delay: a point has delays that can be, or
# it has none, with the reason.
# Not under sanitizers: no library can be preloaded before theirs.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 6

cat >"$T/clock.yaml" <<'END'
name: clock
topologies: [dedicated]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [300, 400, 500, 600] }, duration: 150 ms }
END
REASON="the machine's clock was set during the trial: delays are not measured"
# A stalled machine may hold a packet up for long, but not for seconds.
cat >"$T/right" <<'END'
length == 4 and all(.[]; (.why_invalid // "" | contains($reason)) as $set |
    all(.networks[];
        if $set then (has("delay_ns") or has("jitter_ns")) | not
        else .delay_ns | 0 < .min and .max < 5e9 end))
END
right() { jq -es --arg reason "$REASON" -f "$T/right" "$1/points.jsonl"; }

measured_jumping() { LD_PRELOAD="$(helper libjump.so)" measured "$T/clock.yaml" -o "$T/jumps"; }
ok "a clock that jumps stops no run" measured_jumping
ok "  and no delay is what it never was" right "$T/jumps"
ok "  with every sum right" jq -es 'all(.[].networks[]; .tx == .rx + .lost and .tx > 0)' \
    "$T/jumps/points.jsonl"
# A trial that misses each jump is valid; a jumping one that is repeated until it is valid leaves no trace.
jump_is_named() {
    for try in 1 2 3 4 5 6 7 8; do
        rm -rf "$T/more"
        LD_PRELOAD="$(helper libjump.so)" measured "$T/clock.yaml" -o "$T/more" -v 2>&1 | tee "$T/more.log"
        ! grep -q "clock was set" "$T/more.log" || return 0
    done
    return 1
}
ok "  it is the clock that jumped" jump_is_named
ok "one that doesn't has all delays" measured "$T/clock.yaml" -o "$T/quiet"
ok "  measured" jq -es 'all(.[].networks[]; has("delay_ns") and has("jitter_ns"))' \
    "$T/quiet/points.jsonl"
