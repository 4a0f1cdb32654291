# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_snmp.sh start|stop — a router stands and an snmpd serves xen-stats, for who asks outside.
. "${0%/*}/xen_lib.sh"
case $1 in
start)
    cat >/run/snmp.yaml <<'END'
name: snmp
platform: xen
topologies: [bridged]
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [100] } }
END
    vrbench up /run/snmp.yaml || exit
    # The figures are read as the study's script did it: written to a file that snmpd serves.
    echo 'while "$VRBENCH" xen-stats -d 2 -o /run/xen-stats; do :; done' >/run/xen-stats.loop
    sh /run/xen-stats.loop >/run/xen-stats.log 2>&1 </dev/null &
    echo $! >/run/xen-stats.pid
    printf '%s\n' "agentAddress tcp:161" "rocommunity public" \
        "extend -cacheTime 1 xen-stats /bin/cat /run/xen-stats" >/run/snmpd.conf
    snmpd -m '' -Lf /run/snmpd.log -C -c /run/snmpd.conf -p /run/snmpd.pid || exit
    wait_for 60 test -s /run/xen-stats || {
        cat /run/xen-stats.log
        exit 1
    }
    ;;
stop)
    plan 2
    ok "the router is taken down" vrbench down snmp
    kill "$(cat /run/snmpd.pid)" "$(cat /run/xen-stats.pid)"
    is "  no domain is left" "$(domains)" ""
    ;;
esac
