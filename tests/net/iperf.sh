# SPDX-License-Identifier: GPL-3.0-or-later
#
# iperf and iperf3, the real programs, as source and sink. Their counts are held against those of
# the interfaces (ip -s link) in the tester's own namespaces; losses put on the path must be reported at
# their place, in packets even if these travel in fragments; nothing is left behind, not even by a
# killed run.
#
# Runs beside others: its checks hold on a busy machine, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 90

machine_snapshot "$T/before"
run_checks="$run_checks --no-stability-check" # each check takes these programs a second or more, and finds the losses made here

# scenario FILE ENGINE LENGTH PPS
scenario() {
    cat >"$1" <<END
name: programs
routers: { r1t3: {}, r2t3: {} }
networks: { NET0: { router: r1t3 }, NET1: { router: r2t3 } }
traffic: { engine: $2, lengths: [$3], rates: { pps: [$4] }, duration: 1 s }
END
}
point() { tail -n 1 "$folder/points.jsonl" | jq -cS "$1"; }
say() { sed 's/^/# /' "$T/run.err" "$folder/points.jsonl"; }
frames() { # NODE INTERFACE rx|tx
    node "$1" ip -s -j link show dev "$2" | jq ".[0].stats64.$3.packets"
}
# Other tests of the machine may run such programs: this test's are recognised by their mount namespace.
ours() {
    for comm in /proc/[0-9]*/comm; do
        read -r name 2>/dev/null <"$comm" || continue
        case $name in
        iperf | iperf3) stranger "${comm%/comm}" || return 0 ;;
        esac
    done 2>/dev/null
    return 1
}
none_of_ours() { ! ours; }

# Properties of every point of such an engine, under any load of the machine.
sane() {
    jq -es --arg engine "$1" 'map(
        .engine == $engine and .length_layer == "payload" and
        (.networks | length == 2 and all(.tx == .rx + .lost and .tx > 0 and .unsent >= 0 and
            .reordered <= .rx and (has("delay_ns") | not) and .jitter_ns >= 0)) and
        ([.networks[].lost] | add) == ([.drops[].count] | add // 0) and
        (.drops | all(.count > 0 and .where != "unexplained")) and
        (.cpu | map(select(.name == "tester"))[0].percent > 0) and
        (.valid == (has("why_invalid") | not))) | all' "$folder/points.jsonl"
}

# witness ENGINE LENGTH FRAMES — direct, at a low load, each packet in so many frames: another program
# counts them in the tester's namespaces.
witness() {
    engine=$1
    scenario "$T/direct.yaml" "$1" "$2" 500
    folder=$T/direct-$1-$2
    witness_run
    is "$1, direct, $2 bytes: the testbed stands" "$held" yes
    is "  the run succeeds" "$run_status" 0 || say
    ok "  every sum holds" sane "$engine" || say
    ok "  what the source counts is near the load" is_near_load || say
    ok "  nothing is lost" is_lossless || say
    least=$(($(point '.networks[1].tx') * $3))
    ok "  ip -s link saw at least these packets leave" [ $((last_s - begin_s)) -ge "$least" ]
    ok "  and come" [ $((last_k - begin_k)) -ge "$least" ]
}
# witness_run — one run, and what the interfaces counted at its beginning and at its end.
witness_run() {
    held=no
    start_run "$T/direct.yaml" -o "$folder" --topology direct
    first_please
    ! hold_run direct || held=yes
    begin_s=$(frames source s1 tx) begin_k=$(frames sink k1 rx)
    release_run
    last_s=$begin_s last_k=$begin_k
    while alive "$run_pid"; do
        if now=$(frames source s1 tx 2>/dev/null) && [ -n "$now" ]; then last_s=$now; fi
        if now=$(frames sink k1 rx 2>/dev/null) && [ -n "$now" ]; then last_k=$now; fi
        sleep 0.1
    done
    end_run
}
is_near_load() { between "$(point '.networks[1].tx')" 495 506 || [ "$(point .valid)" = false ]; }
# A sink that was robbed of its CPU may lose; then the point must say so.
is_lossless() {
    [ "$(point '.networks | map(.lost) | add')" = 0 ] || [ "$(point .valid)" = false ]
}
witness iperf 64 1
witness iperf 1500 2
witness iperf3 64 1
witness iperf3 1500 2

# --- losses on the path --------------------------------------------------------------------------

# drop_rule LENGTH — r1t3 drops one in ten IP packets of that length: the last fragments and the
# programs' own packets have others.
drop_rule() {
    node r1t3 nft -f - <<END
add table ip faults
add chain ip faults here { type filter hook forward priority 0; }
add rule ip faults here ip protocol udp ip length $1 numgen inc mod 10 0 drop
END
}

lossy() { # ENGINE LENGTH LENGTH_OF_IP_PACKETS
    engine=$1 folder=$T/lossy-$1-$2
    scenario "$T/lossy.yaml" "$1" "$2" 1000
    start_run "$T/lossy.yaml" -o "$folder" --topology dedicated
    first_please
    ok "$1, dedicated, $2 bytes, one in ten dropped: the testbed stands" hold_run dedicated
    ok "  the fault is put" drop_rule "$3"
    release_run
    end_run
    is "  the run succeeds" "$run_status" 0 || say
    ok "  every sum holds" sane "$engine" || say
    # A robbed sink may lose more.
    ok "  at least a tenth of NET0 is lost" \
        between "$(point '.networks[0] | .lost / .tx * 1000')" 95 1000 || say
    ok "  and just a tenth inside the router that dropped it" between "$(point '
        (.drops | map(select(.where == "r1t3:eth0 to eth1")) | map(.count) | add) as $there |
        .networks[0] | $there / .tx * 1000')" 90 110 || say
}
lossy iperf 64 92
lossy iperf 1500 1500
lossy iperf3 64 92
lossy iperf3 1500 1500

# --- the end of iperf ----------------------------------------------------------------------------

# Of its last datagram, known by the negative number at its start and sent until it is answered, only
# each fourth gets through.
end_rule() {
    node r1t3 nft -f - <<END
add table ip faults
add chain ip faults here { type filter hook forward priority 0; }
add rule ip faults here udp dport 5001 @th,64,1 1 numgen inc mod 4 != 3 drop
END
}
engine=iperf folder=$T/end
scenario "$T/end.yaml" iperf 200 500
start_run "$T/end.yaml" -o "$folder" --topology dedicated
first_please
ok "iperf, dedicated, its end lost three times: the testbed stands" hold_run dedicated
ok "  the fault is put" end_rule
release_run
end_run
is "  the run succeeds" "$run_status" 0 || say
ok "  every sum holds" sane iperf || say
ok "  and its repetitions are no losses" is_lossless || say

# --- overload ------------------------------------------------------------------------------------

engine=iperf folder=$T/overload
scenario "$T/overload.yaml" iperf 200 3000
start_run "$T/overload.yaml" -o "$folder" --topology bridged
first_please
ok "iperf, bridged, a router too slow for it: the testbed stands" hold_run bridged
# Some 500 packets a second.
ok "  it is made slow" node r1t3 tc qdisc add dev eth1 root tbf rate 1mbit burst 3000 limit 3000
release_run
end_run
is "  the run succeeds" "$run_status" 0 || say
ok "  every sum holds" sane iperf || say
ok "  more than half of NET0 is lost" between "$(point '.networks[0] | .lost / .tx')" 0.5 0.95 || say
ok "  most of it in that queue" [ "$(point '
    (.drops | map(select(.where == "r1t3:eth1 queue")) | map(.count) | add) as $there |
    $there >= 0.7 * .networks[0].lost')" = true ] || say

# --- nothing stays -------------------------------------------------------------------------------

for engine in iperf iperf3; do
    sed "s/engine: iperf,/engine: $engine,/; s/duration: 1 s/duration: 60 s/" "$T/overload.yaml" \
        >"$T/long.yaml"
    folder=$T/killed-$engine
    start_run "$T/long.yaml" -o "$folder" --topology direct
    ok "$engine runs" wait_for 60 ours
    kill -KILL "$run_pid"
    end_run
    ok "  and is gone with a killed vrbench" wait_for 60 none_of_ours
    start_run "$T/long.yaml" -o "$folder-2" --topology direct
    wait_for 60 ours
    kill -TERM "$run_pid"
    end_run
    is "  an interrupted one ends with status 130" "$run_status" 130
    ok "  and takes $engine along" none_of_ours
done
ok "what the killed runs left is cleaned up" vrbench cleanup
unchanged "nothing is left" "$T/before"

# --- a program with senseless output ---------------------------------------------------------

mkdir "$T/broken"
printf '#!/bin/sh\necho "out of order" >&2\nexit 1\n' >"$T/broken/iperf"
chmod 755 "$T/broken/iperf"
folder=$T/senseless
senseless() { env PATH="$T/broken:$PATH" "$VRBENCH" run "$T/direct.yaml" -o "$folder" "$@"; }
ok "a broken iperf: the run continues, and its exit status says that no point is valid" \
    exits 4 senseless --engine iperf --topology dedicated
ok "  its point has no figures, and a reason" jq -e '
    .valid == false and .networks == [] and .attempts == 4 and
    (.why_invalid | test("contradict each other: iperf as sink ended at once: out of order"))' \
    "$folder/points.jsonl"
folder=$T/senseless-direct
ok "  where the tester itself can't be checked, nothing is measured" \
    exits 1 senseless --engine iperf --topology direct
like "  and the reason is printed" "$(cat "$T/ok.log")" 'iperf as sink ended at once: out of order'

# --- iperf 2.2 -----------------------------------------------------------------------------------

# Its sink's report has a head line, two columns for the interval, which is not one, and more columns
# behind those of iperf 2.1; its source's is as before. The two lines may come one after the other. Where
# iperf is one of 2.2 itself, it is that one.
mkdir "$T/new"
cat >"$T/new/iperf" <<END
#!/bin/sh
case " \$* " in
*' -v '*) echo 'iperf version 2.2.1 (4 Nov 2024) pthreads' >&2; exit 1 ;;
*' -s '*) ;;
*) exec $(command -v iperf) "\$@" ;;
esac
setpriv --pdeathsig KILL $(command -v iperf) "\$@" | {
    IFS=, read -r time a b c d id span bytes rate jitter lost total percent order
    printf '%s' time,srcaddress,srcport,dstaddr,dstport,transferid,istart,iend,bytes,speed,jitter, \\
        errors,datagrams,errpercent,outoforder,ttavg,ttmin,ttmax,ttsdev,ttcnt,ttsize,readcnt, \\
        readtimeo,readerrlen,pps
    echo
    sleep 0.2
    echo "+0000:\$time,\$a,\$b,\$c,\$d,\$id,0.0,987388729.0,\$bytes,0,\$jitter,\$lost,\$total,\$percent," \\
        "\$order,0.005,0.002,0.026,0.002,\$total,64,\$total,0,0,-0.000001" | tr -d ' '
    cat >/dev/null
}
END
chmod 755 "$T/new/iperf"
if iperf -v 2>&1 | grep -q '^iperf version 2\.2'; then rm "$T/new/iperf"; fi
folder=$T/new/run
by_new_iperf() { PATH="$T/new:$PATH" measured "$T/direct.yaml" -o "$folder" --engine iperf --topology direct; }
ok "a run by iperf 2.2 succeeds" by_new_iperf
ok "  every sum holds" sane iperf || say
ok "  nothing is lost" is_lossless || say
wait_for 20 none_of_ours
ok "  and takes its programs along" none_of_ours

# --- a program that isn't here -------------------------------------------------------------------

mkdir "$T/empty"
missing() {
    exits 3 env PATH="$T/empty" "$VRBENCH" run "$T/direct.yaml" -o "$T/missing" --engine "$1"
}
for engine in iperf iperf3; do
    if missing "$engine" >"$T/missing.out" 2>&1; then pass "no $engine: exit status 3"; else
        flunk "no $engine: exit status 3"
    fi
    like "  which names the package" "$(cat "$T/missing.out")" "install package $engine\$"
done
printf '#!/bin/sh\necho "iperf version 2.9.0 (1 April 2027) pthreads" >&2\nexit 1\n' >"$T/broken/iperf"
ok "an iperf whose reports are not known: exit status 3" \
    exits 3 env PATH="$T/broken:$PATH" "$VRBENCH" run "$T/direct.yaml" -o "$T/missing" --engine iperf
like "  which names its version" "$(cat "$T/ok.log")" "versions 2.0 to 2.2, and .*iperf is version 2.9.0"
printf '#!/bin/sh\necho "iperf 3.9 (cJSON 1.7.13)"\n' >"$T/broken/iperf3"
chmod 755 "$T/broken/iperf3"
ok "an iperf3 before 3.11: exit status 3" \
    exits 3 env PATH="$T/broken:$PATH" "$VRBENCH" run "$T/direct.yaml" -o "$T/missing" --engine iperf3
like "  which names its version" "$(cat "$T/ok.log")" "versions 3.11 to 3.99, and .*iperf3 is version 3.9"
ok "and nothing was made" [ ! -e "$T/missing" ]
