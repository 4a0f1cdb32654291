#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers that are machines of a libvirtd that is reached by ssh, on this computer: made, measured,
# rationed, rebooted, talked to, ended, and cleaned up after a run that was killed.
#
# Runs beside others: its few packets say nothing of speed.
# Not under sanitizers: what of the program runs here does so in libvirt_ways and libvirt_life, too.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
plan 17

own_libvirtd
own_sshd
scenario_capped ssh "$remote" "bridged, dedicated"
answers() { vrbench list --platform "$remote"; }
machine_snapshot "$T/before"

ok "a libvirtd answers by ssh" wait_for 60 answers || sed 's/^/#   /' "$T/ssh/log"
ok "a machine of it is measured as a router" measured "$T/ssh.yaml" -o "$T/run"
ok "  it forwards" jq -es 'length == 2 and all(.[].networks[]; .rx > 0)' "$T/run/points.jsonl"
ok "  every sum holds and every loss has a place" points_sane "$T/run"
ok "  its CPU is reported by part" jq -es 'all(.[];
    [.cpu[] | select(.name == "r1t3") | .parts[].name] == ["vcpu0", "emulator"])' "$T/run/points.jsonl"
is "  none is left" "$(machines)" ""
ok "one stands" vrbench up "$T/ssh.yaml" -t bridged
is "  it is listed, with its cap" "$(field r1t3 state) $(field r1t3 cap_percent)" "running 60"
ok "  it is given another" vrbench cpu r1t3 --cap 40
is "    which is read back" "$(field r1t3 cap_percent)" 40
is "  a command runs in it" "$(vrbench console r1t3 -- echo 'I am here')" "I am here"
ok "  it is rebooted" vrbench reboot r1t3
ok "  it is taken down" vrbench down ssh
start_run "$T/ssh.yaml" -o "$T/killed"
ok "a run has one" wait_for 120 testbed_up bridged
kill -KILL "$run_pid"
end_run
ok "  killed, what it left is cleaned up" vrbench cleanup
is "  the machine, too" "$(machines)" ""
unchanged "nothing is left" "$T/before"
