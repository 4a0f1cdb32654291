# SPDX-License-Identifier: GPL-3.0-or-later
#
# Mixes of lengths, and several flows: the length, source port and source address of every packet of both own
# engines, compared with tcpdump where packets enter and leave what is under test; and packets whose source
# a router changed, which are counted as corrupt, to the packet.
#
# Runs beside others: what a busy machine disturbs is repeated.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/witness.sh"
isolate --run "$@"
plan 49

scenario() { # FILE ENGINE BY LENGTHS
    cat >"$1" <<END
name: mix
routers: { r1: {}, r2: {} }
networks: { NET0: { router: r1 }, NET1: { router: r2, ip: 6 } }
traffic:
  engine: $2
  lengths: [$4]
  flows: 5
  flows_by: $3
  rates: { pps: [320, 500, 700, 900] }
  duration: 250 ms
END
}

# settled PLACE... — no capture grows within a third of a second.
settled() {
    sizes_before=$(for place; do wc -c <"$T/$place.pcap"; done)
    sleep 0.3
    [ "$(for place; do wc -c <"$T/$place.pcap"; done)" = "$sizes_before" ]
}
# of_form PLACE BY — every test packet has the length, port and address that follow from its number. IPv6 and
# the stamp have no room in frames of 64 bytes.
of_form() {
    "$(helper stamps)" --each "$T/$1.pcap" | awk -v by="$2" '
        BEGIN {
            count = split(by == "ports" ? "0 1 0 0 1 0 2 0 1 0 1 0" : "0 0 1 0", order)
            if (by == "ports") split("76 552 1500", lengths)
            else split("100 333", lengths)
            split("c6120002 c6120003 c6120004 c6120005 c6120006", four)
            split("00000002 00000003 00000004 00000005 00000006", six)
        }
        $1 == "total" || NF > 6 { next }
        {
            seen++
            flow = $3 % 5
            at = by == "ports" ? 1 : flow + 1
            port = 22099 + $2 + (by == "ports" ? flow : 0)
            if ($4 != lengths[order[$3 % count + 1] + 1] || $5 != port ||
                $6 != ($2 == 0 ? four[at] : six[at])) { print; bad = 1 }
        }
        END { exit bad || seen < 100 }'
}
# sums_ok PLACE — tcpdump finds every checksum of the test packets right.
sums_ok() {
    tcpdump -r "$T/$1.pcap" -n -vv udp port 22098 >"$T/sums" 2>/dev/null
    [ "$(grep -c '\[udp sum ok\]' "$T/sums")" -eq "$(captured "$1")" ] && ! grep 'bad' "$T/sums"
}

# observe ENGINE TOPOLOGY BY LENGTHS FIRST0 FIRST1 LAST0 LAST1 — a run that is watched where the networks'
# packets enter and leave what is under test.
observe() {
    engine=$1 topology=$2 by=$3
    folder=$T/$engine-$topology
    scenario "$T/mix.yaml" "$engine" "$by" "$4"
    shift 4
    places=$(printf '%s\n' "$@" | sort -u | paste -sd' ')
    start_run "$T/mix.yaml" -o "$folder" --topology "$topology"
    first_please
    ok "$engine, $topology, flows by $by: the testbed stands" hold_run "$topology"
    # shellcheck disable=SC2086 # words
    {
        watch $places
        release_run
        wait_for 60 has_points "$folder" 3
        kill -STOP "$run_pid" # before the witnesses end with their interfaces
        wait_for 60 settled $places || diag "the captures never rest"
    }
    unwatch
    release_run
    end_run
    is "  the run succeeds" "$run_status" 0 || sed 's/^/# /' "$T/run.err"
    ok "  every sum holds" points_sane "$folder"
    ok "  nothing is corrupt" jq -es 'map(.networks[] | .corrupt == 0) | all' "$folder/points.jsonl"
    ok "  tx of every point was seen where packets enter" agree tx "$1" "$2"
    ok "  rx of every point was seen where they leave" agree rx "$3" "$4"
    for place in "$1" "$2" "$3" "$4"; do
        ok "  at $place, lengths, ports and addresses follow from the numbers" of_form "$place" "$by"
    done
    ok "  and all checksums are right" sums_ok "$3"
    ok "  of IPv6, too" sums_ok "$4"
}
observe packet direct addresses 3x100+1x333 sink.k0 sink.k1 sink.k0 sink.k1
is "  the mix is named, and its mean given" "$(jq -cs '.[0] | [.length, .mix, .mean_length, .flows, .flows_by]' "$folder/points.jsonl")" \
    '[158,"3x100+1x333",158.25,5,"addresses"]'
observe xdp bridged ports imix host.nic0 host.nic2 host.nic1 host.nic3
is "  the mix is named, and its mean given" "$(jq -cs '.[0] | [.length, .mix, (.mean_length * 12 | round), .flows_by]' "$folder/points.jsonl")" \
    '[353,"imix",4240,"ports"]'

like "  and shown with each point" "$(cat "$T/run.err")" '^\[1/4\] bridged imix \(353 B\) 2 x 320 pps: forwarded'

# --- a router that changes sources ---------------------------------------------------------------

PACKETS=200
point() { tail -n 1 "$folder/points.jsonl" | jq -cS "$1"; }
sent_all() { [ "$(point '.networks[0].tx')" = "$PACKETS" ]; }
# with_change ENGINE BY RULE — the last tenth of the packets gets another source from the router, with right
# checksums.
with_change() {
    cat >"$T/change.yaml" <<END
name: change
topologies: [dedicated]
routers: { r1: {} }
networks: { NET0: { router: r1 } }
traffic: { engine: $1, lengths: [imix], flows: 3, flows_by: $2, rates: { pps: [300, 1000] }, duration: 200 ms }
END
    for try in 1 2 3 4 5 6; do
        folder=$T/change-$1-$2-$try
        start_run "$T/change.yaml" --no-stability-check -o "$folder"
        first_please
        put=0
        hold_run dedicated && node r1 nft -f - <<END || put=1
add table ip faults
add chain ip faults here { type filter hook prerouting priority -300; }
add rule ip faults here udp dport 22098 numgen inc mod 10 0 $3
END
        release_run
        end_run
        if [ "$put$run_status" != 00 ] || sent_all; then break; fi
    done
    is "$1, $2 changed: the run succeeds" "$put$run_status" 00 || sed 's/^/# /' "$T/run.err"
    is "  as many are corrupt" "$(point '.networks[0].corrupt')" 20
    is "  and lost there" "$(point '.drops | map({(.where): .count}) | add // {}')" \
        '{"sink:k0 corrupt on arrival":20}'
    ok "  and every sum holds" last_sane "$folder"
}
for engine in packet xdp; do
    with_change $engine ports "udp sport set 9"
    with_change $engine addresses "ip saddr set 198.18.0.77"
done

# --- engines of other programs --------------------------------------------------------------------

for engine in iperf iperf3; do
    scenario "$T/$engine.yaml" $engine ports imix
    sed -i 's/250 ms/1 s/; s/NET1.*6 }//; s/},  }/} }/' "$T/$engine.yaml"
    sed -i 's/NET0: { router: r1 }, /NET0: { router: r1 } }/' "$T/$engine.yaml"
    ok "$engine: a mix and flows are refused" exits 2 "$VRBENCH" run --check "$T/$engine.yaml"
    like "  with line, column and reason" "$(cat "$T/ok.log")" "$engine.yaml:6:13: lengths: engine $engine cannot send a mix"
    like "  each" "$(cat "$T/ok.log")" "$engine.yaml:7:3: flows: engine $engine cannot send several flows"
done
