# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs beside others.
#
# Testbeds of many routers stand and go down; NAPI threads are found however many there are, and
# what is said of an interface without any is true.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 10
machine_snapshot "$T/before"

# --- threads of one interface ---------------------------------------------------------------------

# The kernel's list of 256 NAPI instances takes more than the 16 KiB of one message buffer.
ip link add wide0 numrxqueues 256 numtxqueues 256 type veth \
    peer name wide1 numrxqueues 256 numtxqueues 256
for end in wide0 wide1; do
    ethtool -K "$end" gro on tso off gso off
    ip link set "$end" up
done
"$(helper threaded)" auto wide0 >"$T/threads" 2>"$T/threads.err"
is "all threads of an interface with 256 queues are found" "$(sort -u "$T/threads" | wc -l)" 256 ||
    diag "$(cat "$T/threads.err")"
ok "they are that interface's" sh -c '
    while read -r _ thread; do grep -q "^napi/wide0-" "/proc/$thread/comm" || exit 1; done <"$1"' \
    sh "$T/threads"
ip link del wide0

ip link add plain0 type bridge
ip link set plain0 up
"$(helper threaded)" auto plain0 2>"$T/plain.err"
is "an interface without NAPI is lacking something" $? 3
like "an interface without NAPI is named" "$(cat "$T/plain.err")" "plain0.* has no NAPI instance"
ok "the kernel's version is not blamed" fails grep -q 'Linux [0-9]' "$T/plain.err"
ip link del plain0
"$(helper threaded)" auto plain0 2>"$T/gone.err"
is "an interface that is not there is a failure" $? 1
like "the kernel's own reason is given" "$(cat "$T/gone.err")" "plain0: .*: No such device"

# --- testbeds ------------------------------------------------------------------------------------

size=54
scenario_many $size bridged
ok "$size bridged routers stand" vrbench up "$T/many.yaml"
ok "they go down" vrbench down many
unchanged "nothing is left of them" "$T/before"
