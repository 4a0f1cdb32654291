# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/net/lib/lent.sh — for tests of testbeds that are lent: what a borrower could change, and
# must not. Sourced after tests/net/lib.sh.

# testbed_state FILE TESTBED ROUTER... — interfaces, addresses, queueing and settings of all nodes,
# the policies of threads, allocations, and the record.
testbed_state() {
    state_file=$1 state_of=$2
    shift 2
    {
        for at in source sink host "$@"; do
            vrbench console "$state_of/$at" -- sh -c 'ip -d -o link | sed "s/_timer *[0-9.]*//g"
                ip -o address; ip -o neigh | sed "s/ used.*//"; ip route; tc qdisc
                grep -rs . /proc/sys/net/ipv4/conf /proc/sys/net/ipv4/ip_forward' 2>/dev/null |
                sed "s/^/$at /"
        done
        jq -c '.threads[][0]' /run/vrbench/*-*.json | while read -r thread; do
            chrt -p "$thread"
        done
        vrbench cpu --json
        jq -S 'del(.maker)' /run/vrbench/*-*.json
    } >"$state_file"
}
# is_as_before TESTBED ROUTER... — whether that is so as in $T/stands.
is_as_before() {
    testbed_state "$T/now" "$@"
    diff "$T/stands" "$T/now"
}
# lent_to PROCESS — the owner has lent the testbed to that process.
lent_to() { jq -e --argjson pid "$1" '.loan.borrower[0] == $pid' /run/vrbench/*-*.json; }
# borrow TESTBED ARG... — a run in the background, $run_pid, which has the testbed.
borrow() {
    borrow_from=$1
    shift
    "$VRBENCH" run --on "$borrow_from" "$@" >"$T/run.out" 2>"$T/run.err" &
    run_pid=$!
    wait_for 60 lent_to "$run_pid"
}
