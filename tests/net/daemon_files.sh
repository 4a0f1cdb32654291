# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a routing daemon's configuration says beyond OSPF: files that it names are not the machine's;
# protocols that it names have their programs, or are refused with their place; a file that is no
# configuration is not shown.
#
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 34

for program in bird zebra vtysh; do
    [ -x "$(command -v $program || echo /usr/lib/frr/$program)" ] || skip_all "$program is not installed"
done

# The machine's own folders, which nothing may be written to.
mark=vrbench-test-$$
at_exit "rm -rf /var/log/$mark* /tmp/$mark* /var/tmp/$mark* /var/lib/$mark* /dev/shm/$mark* /root/$mark*"
machine_files() {
    find /var/log /var/tmp /var/lib /tmp /dev/shm /root /etc /srv -xdev ! -path "$T*" -name "*$mark*" |
        sort
}
programs() { recorded r1 programs | jq -r '.[] | .[1]' | tr '\n' ' '; }
inside() { vrbench console r1 -- "$@"; }
machine_snapshot "$T/before"

# BIRD
scenario_routed bird netns bridged
cat >>"$T/bird.conf" <<END_OF_FILE
log "/var/log/$mark.log" all;
log "/tmp/$mark.log" all;
log "/dev/shm/$mark.log" all;
mrtdump "/var/tmp/$mark.dump";
mrtdump protocols all;
END_OF_FILE
ok "bird: up with files of its own" vrbench up "$T/bird.yaml"
is "  none of them is on the machine" "$(machine_files)" ""
ok "  its log is in the router" inside grep -q . "/var/log/$mark.log"
ok "  and its dump" inside test -e "/var/tmp/$mark.dump"
daemon=$(recorded r1 programs | jq '.[0][0]')
fails_in_daemon() { ! nsenter -t "$daemon" -m --root="/proc/$daemon/root" "$@" 2>"$T/err"; }
for place in /etc /root /var/lib /usr; do
    ok "  it can't write to $place" fails_in_daemon touch "$place/$mark"
    like "    which is read-only to it" "$(cat "$T/err")" 'Read-only'
done
ok "  nor change the machine's settings" fails_in_daemon sh -c 'cat /proc/sys/kernel/panic 1<>/proc/sys/kernel/panic'
ok "  the router's console can write" inside sh -c "touch $T/seen"
ok "  to the machine's files" [ -e "$T/seen" ]
ok "  down" vrbench down bird

scenario_routed bird netns bridged
echo "log \"/root/$mark.log\" all;" >>"$T/bird.conf"
vrbench run "$T/bird.yaml" -o "$T/none" 2>"$T/err"
is "bird: a log in another place fails the run" $? 1
like "  and the reason is printed" "$(cat "$T/err")" 'Read-only file system'
is "  nothing is written" "$(machine_files)" ""

# FRR
scenario_routed frr netns bridged
cat >>"$T/frr.conf" <<END_OF_FILE
log file /var/log/frr/$mark.log informational
router bgp 64512
 neighbor 198.18.0.2 remote-as 64513
exit
interface eth0
 ipv6 ospf6 area 0
exit
router ospf6
exit
ip route 10.77.0.0/16 198.19.0.2
ipv6 route 2001:db8::/32 eth1
END_OF_FILE
ok "frr: up with more than OSPF" vrbench up "$T/frr.yaml"
# A version of FRR that has mgmtd starts it first.
is "  each part has its program" "$(programs | sed 's/^mgmtd //')" "zebra ospfd staticd bgpd ospf6d "
ok "  which has its configuration" inside sh -c 'vtysh -c "show running-config" | grep -q "router bgp 64512"'
ok "  an IPv6 route is one" wait_for 30 sh -c '"$VRBENCH" console r1 -- ip -6 route | grep -q "^2001:db8::/32"'
ok "  and an IPv4 route" wait_for 30 sh -c '"$VRBENCH" console r1 -- ip route | grep -q "^10.77.0.0/16"'
is "  its log is not the machine's" "$(machine_files)" ""
ok "  but the router's" inside test -e "/var/log/frr/$mark.log"
ok "  down" vrbench down frr

scenario_routed frr netns bridged
printf 'mpls ldp\nexit\n' >>"$T/frr.conf"
line=$(grep -n '^mpls ldp' "$T/frr.conf" | cut -d: -f1)
vrbench run "$T/frr.yaml" -o "$T/never" 2>"$T/err"
is "frr: a part that has no program is refused" $? 2
like "  at its place" "$(cat "$T/err")" "^$T/frr.conf:$line:1: \"mpls ldp\" is for ldpd"

# Another file.
scenario_routed frr netns bridged
for number in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "user$number:secret$number:1:"; done >"$T/frr.conf"
vrbench run "$T/frr.yaml" -o "$T/never" 2>"$T/err"
is "a file that is no configuration is refused" $? 2 && like "  as such" "$(cat "$T/err")" "is no configuration of frr: 12 of its 12"
is "  in one line" "$(wc -l <"$T/err")" 1
ok "  that shows nothing of it" fails grep -q secret "$T/err"
unchanged "nothing is left" "$T/before"
