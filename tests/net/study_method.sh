# SPDX-License-Identifier: GPL-3.0-or-later
#
# `method: study`: iperf loads, CPU is read over SNMP from a snmpd of the run's own, which ends with
# it however it ends; and what is refused. `method: monitored` stores what SNMP says beside the precise
# figures.
# Runs beside others under sanitizers.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 21

cat >"$T/study.yaml" <<'END'
name: study
method: study
topologies: [direct, bridged]
routers: { r1t3: }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [200], rates: { pps: [2000, 8000] }, duration: 1.5 s }
END
sed 's/^method: study/method: precise/' "$T/study.yaml" >"$T/precise.yaml"
point() { jq -s "$1" "$T/out/points.jsonl"; }
agents() {
    for comm in /proc/[0-9]*/comm; do
        read -r name 2>/dev/null <"$comm" || continue
        [ "$name" = snmpd ] && [ "$(readlink "${comm%/comm}/ns/net")" = "$(readlink /proc/self/ns/net)" ] && echo "${comm%/comm}"
    done 2>/dev/null
}
has_agent() { [ -n "$(agents)" ]; }
no_agent() { ! has_agent; }

machine_snapshot "$T/before"
ok "a scenario is measured by the study's method" measures "$T/out" "$T/study.yaml"
is "every point is there and says so" "$(point 'map(.method) | join(" ")')" '"study study study study"'
is "  loaded by iperf" "$(point 'map(.engine) | unique | join(" ")')" '"iperf"'
is "  and the run says so" "$(jq -r .method "$T/out/run.json")" study
is "CPU of host and router has one decimal, as in xentop" \
    "$(point '[.[] | select(.topology == "bridged") | .cpu[] | select(.name != "tester") | .percent * 10 | . - round | fabs < 1e-6] | all and length == 4')" true
is "  without a figure for each packet" \
    "$(point '[.[].cpu[] | select(.name != "tester") | has("ns_per_packet")] | any')" false
is "  and some of it was used" \
    "$(point '[.[] | select(.topology == "bridged") | .cpu[] | select(.name == "host") | .percent > 0] | all')" true
is "in direct there is no such CPU" \
    "$(point '[.[] | select(.topology == "direct") | has("cpu_total_percent")] | any')" false
ok "no agent is left" no_agent
measured_precisely() {
    measured "$T/precise.yaml" --topology direct -o "$T/precise" && ! grep -q method "$T/precise/points.jsonl"
}
ok "precise points say nothing of a method" measured_precisely

sed 's/^method: study/method: monitored/; s/\[2000, 8000\]/[8000]/; s/direct, //' "$T/study.yaml" >"$T/monitored.yaml"
ok "a scenario is monitored beside precise figures" measures "$T/monitored" "$T/monitored.yaml"
monitored() { jq -s "$1" "$T/monitored/points.jsonl"; }
is "  the figures are the precise ones" \
    "$(monitored '.[0] | (has("method") | not) and .engine != "iperf" and (.cpu | map(select(.name != "tester")) |
        length == 2 and all(has("ns_per_packet")))')" true
is "  beside what SNMP says: the text, and how long the answers took" \
    "$(monitored '.[0].monitoring | .text_percent > 0 and .text_off >= 0 and .answer_s > 0 and .late_s > 0 and
        .raw_percent >= 0')" true
is "  and the exact figures that belong to it" \
    "$(monitored '.[0] | (.cpu_total_percent - .monitoring.dut_percent | fabs) < 0.001 and
        .monitoring.all_percent > .monitoring.dut_percent')" true

sed 's/duration: .* s/duration: 60 s/; s/direct, //' "$T/study.yaml" >"$T/long.yaml"
start_run "$T/long.yaml" -o "$T/long"
ok "an agent serves during a run" wait_for 60 has_agent
kill -TERM "$run_pid"
end_run
is "interrupted, the run ends as such" "$run_status" 130
ok "  and its agent with it" no_agent
start_run "$T/long.yaml" -o "$T/killed"
wait_for 60 has_agent
kill -KILL "$run_pid"
end_run
ok "killed, its agent goes too" wait_for 60 no_agent
vrbench cleanup >/dev/null

ok "the study's timing is the method's only" exits 2 vrbench run "$T/precise.yaml" --study-timing -o "$T/no"
mkdir "$T/bare"
mount -t tmpfs none "$T/bare"
mount --bind "$T/bare" /usr/sbin 2>/dev/null
vrbench run "$T/study.yaml" -o "$T/lacking" 2>"$T/err"
is "without an snmpd it says what is missing" \
    "$? $(grep -o 'apt-get install snmpd' "$T/err")" "3 apt-get install snmpd"
umount /usr/sbin
umount "$T/bare"
unchanged "nothing is left" "$T/before"
