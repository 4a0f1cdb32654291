# SPDX-License-Identifier: GPL-3.0-or-later
#
# On a real Xen, in its Domain-0, by emulation: routers that are paravirtual domains. The suite boots
# it, routes through one and holds a cap; `make test-xen` does all that the study did and more ($VRBENCH_VM_WHOLE),
# and writes the study's table for Xen to the file $VRBENCH_XEN_TABLE. What is tested is in inside/xen_*.sh;
# other_xen.sh has the rest.
. "${SOURCE_ROOT:-.}/tests/vm/lib.sh"
need_xen
if [ -z "${VRBENCH_TEST_ISOLATED-}" ]; then
    have_image xen
    router_image
fi
# A port of ours leads into the machine: ours alone.
isolate "$@"
vrbench_files
machine xen --deadline "$((${TEST_TIMEOUT:-300} * 2 - 20))" --files "$T/files" --forward 1161:161

inside xen_short
if [ -n "${VRBENCH_VM_WHOLE-}" ]; then
    for part in meter shares lives config; do
        inside "xen_$part"
    done

    # What an snmpd in Domain-0 says to who asks from outside.
    plan 4
    inside xen_snmp start >"$T/snmp" 2>&1
    is "an snmpd serves, with a router beside it" $? 0 || sed 's/^/#   /' "$T/snmp"
    # NET-SNMP-EXTEND-MIB::nsExtendOutputFull
    snmpwalk -v 2c -c public -m "" -t 60 tcp:127.0.0.1:1161 1.3.6.1.4.1.8072.1.3.2.3.1.2 \
        >"$T/walk" 2>&1
    is "from outside xen-stats are read" $? 0 || sed 's/^/#   /' "$T/walk"
    is "  of Domain-0 and the router" "$(sed -n 's/^.*Name: //p' "$T/walk" | tr '\n' ' ')" \
        "Domain-0 r1t3 "
    ok "  both with their CPU" sh -c 'grep -cE "^ +cpu_percent: [0-9]+\.[0-9]$" "$0" | grep -qx 2' \
        "$T/walk" || sed 's/^/#   /' "$T/walk"
    inside xen_snmp stop
    # The table, with a virtual CPU for the tester alone.
    "$SOURCE_ROOT/tests/vm/vm" stop "$T/vm"
    machine xen --deadline 600 --files "$T/files" --boot dom0_max_vcpus=2
    inside xen_sweep | tee "$T/sweep"
    sed -n 's/^# | //p' "$T/sweep" >"${VRBENCH_XEN_TABLE:-$T/table}"
fi
