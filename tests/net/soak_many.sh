#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Testbeds of many routers, bridged and dedicated, stand, are listed and are taken down. The suite takes 256
# routers, `make soak` as many as a scenario may have, 1,024.
#
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
. "$SOURCE_ROOT/tests/net/lib/soak.sh"
isolate --run "$@"
plan 17
most=1024
size=256
! soak_whole || size=$most
machine_snapshot "$T/before"

scenario_many $((most + 1)) bridged
vrbench up "$T/many.yaml" 2>"$T/err"
is "one router more than $most is refused" $? 2
like "  where it is in the file" "$(cat "$T/err")" "many\.yaml:[0-9]+:[0-9]+: .*$most"
ok "  and nothing was made" fails ls /run/vrbench

# The first, one in between and the last network.
sink_of() {
    vrbench console many/sink -- ip -4 -o address show dev "k$1" | sed -n 's|.* inet \([0-9.]*\)/.*|\1|p'
}
all_forward() {
    for network in 0 $((size / 2)) $((size - 1)); do
        vrbench console many/source -- ping -q -c 1 -W 5 "$(sink_of "$network")" || return 1
    done
}
listed() { vrbench list --json | jq '[.[] | select(.state == "running" and (.name | startswith("R")))] | length'; }
for topology in bridged dedicated; do
    scenario_many $size $topology
    began=$(date +%s%N)
    ok "$size routers stand, $topology" vrbench up "$T/many.yaml"
    diag "up in $(ms_since "$began") ms"
    began=$(date +%s%N)
    is "  all are listed" "$(listed)" $size
    diag "listed in $(ms_since "$began") ms"
    ok "  they forward" wait_for 60 all_forward
    ok "  one of them is rebooted" vrbench reboot R$((size / 2))
    is "  all are listed" "$(listed)" $size
    began=$(date +%s%N)
    ok "  they go down" vrbench down many
    diag "down in $(ms_since "$began") ms"
    unchanged "  nothing is left of them" "$T/before"
done
