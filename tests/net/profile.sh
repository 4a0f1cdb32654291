# SPDX-License-Identifier: GPL-3.0-or-later
#
# Loads that change in time, and shares of the load: steps, ramps and bursts by both built-in engines.
# The intervals' counts sum to those of the networks, whose losses the interfaces' counters explain, and
# the numbers of packets due are those computed here. Nothing depends on the speed of the machine.
#
# Runs beside others: its checks hold on a busy machine, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/witness.sh"
isolate --run "$@"
plan 33

# Packets due of NET0 in each interval: 400; (1000 + 3000) / 2 * 0.5 = 1000; bursts of 0.05 s at 4000
# with 0.15 s at 200 between them, twice: 200, 30, 200, 30; 0.1 s without load: 0.
phases='[{ for: 400 ms, rate: 1000 }, { for: 500 ms, rate: 1000, to: 3000 },
      { for: 400 ms, rate: 200, burst: 4000, every: 200 ms, lasting: 50 ms }, { for: 100 ms, rate: 0 }]'
expected='400 1000 200 30 200 30 0'
expected_half='200 500 100 15 100 15 0'

# scenario NAME PROFILE
scenario() {
    cat >"$T/$1.yaml" <<END
name: $1
routers: { r1: {}, r2: {} }
networks: { NET0: { router: r1 }, NET1: { router: r2, share: 0.5 } }
traffic:
  engine: packet
  lengths: [100]
  profile: $2
END
}
scenario phases "{ phases: $phases }"
scenario file '{ file: load.txt, interval: 200 ms }'
cat >"$T/load.txt" <<'END'
# seconds, packets/s: 0.2 s each, of 200, 200, 300 (a ramp from 1000 to 2000) and 0 packets
0    1000
0.4  1000
0.6, 2000
0.6  0
0.8  0
END

# due FOLDER NETWORK — packets due in each interval of the only point.
due() {
    jq -r "[.intervals[].networks[] | select(.name == \"$2\") | .tx + .unsent] | join(\" \")" \
        "$1/points.jsonl"
}
# intervals_sum FOLDER — the counts of all intervals sum to those of the network, and each is exact.
intervals_sum() {
    jq -es 'length == 1 and (.[0] | . as $p | (.intervals | length) > 0 and
        ([.intervals[].networks[]] | all(.tx == .rx + .lost and .rx >= 0 and .unsent >= 0)) and
        ([range(1; .intervals | length) | $p.intervals[.].from_s == $p.intervals[. - 1].to_s] | all) and
        (.networks | all(. as $n | ([$p.intervals[].networks[] | select(.name == $n.name)] |
            ([.[].tx] | add) == $n.tx and ([.[].unsent] | add) == $n.unsent and
            ([.[].rx] | add) == $n.rx and ([.[].lost] | add) == $n.lost))))' "$1/points.jsonl"
}
# rounded WORDS EXPECTED — each number differs from the expected one by at most a packet, the rounding of
# an interval's two ends.
rounded() {
    [ -n "$1" ] && printf '%s\n%s\n' "$1" "$2" | awk 'NR == 1 { n = split($0, was) }
        NR == 2 { exit !(split($0, want) == n && agree()) }
        function agree(    i) {
            for (i = 1; i <= n; i++) if (was[i] - want[i] > 1 || want[i] - was[i] > 1) return 0
            return 1
        }'
}

for engine in packet xdp; do
    for topology in direct dedicated; do
        folder=$T/$engine-$topology
        ok "$engine, $topology: the profile is measured" measures "$folder" "$T/phases.yaml" \
            --topology "$topology" --engine "$engine"
        ok "  the intervals sum to the networks' counts" intervals_sum "$folder" ||
            sed 's/^/# /' "$folder/points.jsonl"
        ok "  and every loss has a place" points_sane "$folder"
        ok "  each interval has the packets that were due" rounded "$(due "$folder" NET0)" \
            "$expected" || diag "$(due "$folder" NET0)"
        ok "  and half of them in the network with half of the load" \
            rounded "$(due "$folder" NET1)" "$expected_half" || diag "$(due "$folder" NET1)"
    done
done

# Witnesses: tcpdump at the routers saw as many packets of the trial as were sent.
for engine in packet xdp; do
    folder=$T/witness-$engine
    start_run "$T/phases.yaml" -o "$folder" --topology dedicated --engine "$engine"
    first_please
    ok "$engine: a testbed stands" hold_run dedicated
    watch r1.eth0 r2.eth0
    release_run
    end_run
    unwatch
    ok "  the profile is measured" [ "$run_status" -eq 0 ] || sed 's/^/# /' "$T/run.err"
    ok "  tcpdump saw what was sent" agree tx r1.eth0 r2.eth0
done

# A file, whose text the results keep.
folder=$T/file
ok "a profile of a file is measured" measures "$folder" "$T/file.yaml" --topology direct
ok "  its intervals sum to the networks' counts" intervals_sum "$folder"
ok "  and have the packets that were due" rounded "$(due "$folder" NET0)" '200 200 300 0' ||
    diag "$(due "$folder" NET0)"
jq -r .scenario.profile.text "$folder/run.json" >"$T/kept"
ok "  run.json has the text of the file" grep -q '^0.6, 2000$' "$T/kept"
ok "an unchanged run can be resumed" measured "$T/file.yaml" --topology direct -o "$folder" --resume
echo '0.9 0' >>"$T/load.txt"
ok "a run with another text of the file cannot" exits 2 vrbench run "$T/file.yaml" --topology direct \
    -o "$folder" --resume
cp "$T/ok.log" "$T/refused"
ok "  and the message names it" grep -q 'profile of the load' "$T/refused"
