#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Routers with a system of their own: a disk that boots by BIOS, configured by a script on its
# serial console; problems are reported before anything is made, and the disk is never written to.
#
# Runs beside others: it asks only whether a machine boots and forwards.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
plan 41

own_libvirtd
machine_snapshot "$T/before"

# The tiny guest without a configuration, on a disk with a boot loader, is a system like any other:
# a shell on the serial console.
make_disk() {
    cat >"$T/syslinux.cfg" <<END &&
DEFAULT router
LABEL router
  KERNEL vmlinuz
  INITRD initrd
  APPEND console=ttyS0 panic=-1 quiet cryptomgr.notests net.ifnames=0
END
        truncate -s 40M "$T/disk.raw" && mkfs.fat "$T/disk.raw" >/dev/null &&
        mcopy -i "$T/disk.raw" "$VRBENCH_IMAGE/vmlinuz" ::vmlinuz &&
        mcopy -i "$T/disk.raw" "$VRBENCH_IMAGE/initrd.cpio" ::initrd &&
        mcopy -i "$T/disk.raw" "$T/syslinux.cfg" ::syslinux.cfg &&
        syslinux --install "$T/disk.raw" &&
        qemu-img convert -O qcow2 "$T/disk.raw" "$T/disk.qcow2"
}
ok "a disk that boots is made" make_disk
cat >"$T/router.script" <<'END'
# a shell, and no login
timeout 120 s
expect "# "
send "PS1= ; ip link set eth0 mtu {mtu.eth0} up && ip address add {address.eth0} dev eth0; echo $?-first\r"
timeout 30 s
expect "0-first"
send "ip link set eth1 up && ip address add {address.eth1} dev eth1; echo $?-second\r"
expect "0-second"
send "echo 1 >/proc/sys/net/ipv4/ip_forward; echo $?-third\r"
expect "0-third"
END
sum=$(sha256sum <"$T/disk.qcow2")

# scenario ROUTER TOPOLOGIES RATES — in $T/own.yaml
scenario() {
    cat >"$T/own.yaml" <<END
name: own
platform: $uri
topologies: [$2]
routers:
  r1: { $1 }
networks:
  NET0: { router: r1 }
traffic: { lengths: [64], rates: { pps: [$3] }, duration: 1 s }
END
}
good='image: disk.qcow2, setup: { serial: router.script }'
machine_files() { find /run/vrbench -path '*.machines/*' -name "*$1" | grep .; }

# --- problems are reported first ----------------------------------------------------------------
# refused DESC STATUS PATTERN — a run of $T/own.yaml, whose first topology is direct, measures
# nothing and says so.
refused() {
    rm -rf "$T/no"
    ok "$1: exit status $2" exits "$2" "$VRBENCH" run "$T/own.yaml" -o "$T/no"
    cp "$T/ok.log" "$T/refused.log"
    like "  and why" "$(cat "$T/refused.log")" "$3"
    ok "  nothing was measured" [ ! -e "$T/no" ]
}
printf 'expect "# "\nsend "{address.eth7}\\r"\nwait 3\n' >"$T/bad.script"
scenario "image: disk.qcow2, setup: { serial: bad.script }" "direct, bridged" 200
refused "a script with mistakes" 2 "bad.script:2:7: the router has no interface"
like "  all of them" "$(cat "$T/refused.log")" "bad.script:3:1: expected expect, send or timeout"
sed "s|^platform:.*|platform: qemu+unix:///system?socket=$T/nowhere|" "$T/own.yaml" >"$T/far.yaml"
ok "  reported by --check, too, without a libvirtd" exits 2 "$VRBENCH" run --check "$T/far.yaml"
scenario "image: none.qcow2" "direct, bridged" 200
refused "no such image" 2 "none.qcow2: No such file"
scenario "image: disk.raw" "direct, bridged" 200
refused "an image of another format" 2 "disk.raw is not in format qcow2"
scenario "" "direct, bridged" 200
image=$VRBENCH_IMAGE
VRBENCH_IMAGE=$T/none
refused "no tiny guest" 3 "vrbench image build"
VRBENCH_IMAGE=$image
unchanged "  and nothing was made" "$T/before"

# --- one run -------------------------------------------------------------------------------------
scenario "$good" "bridged, dedicated" "200, 100000"
ok "it is measured, bridged and dedicated" measured "$T/own.yaml" -o "$T/run"
ok "  packets are forwarded at every load" jq -es 'length == 4 and all(.networks[0].rx > 0)' \
    "$T/run/points.jsonl"
ok "  every sum holds and every loss has a place" points_sane "$T/run"
lost_at() { jq -s --arg where "$1" --arg topology "$2" '
    map(select(.requested_pps == 100000 and .topology == $topology) | .drops[] |
        select(.where == $where) | .count) | add // 0' "$T/run/points.jsonl"; }
ok "  overload is lost at the tap" [ "$(lost_at "host:vif1.0 tap queue" bridged)" -gt 1000 ]
ok "  or, dedicated, in the router's ring" [ "$(lost_at "r1:eth0 receive ring" dedicated)" -gt 1000 ]
is "  the image is what it was" "$(sha256sum <"$T/disk.qcow2")" "$sum"
unchanged "  nothing is left" "$T/before"

# --- one that doesn't become a router ------------------------------------------------------------
scenario "image: disk.qcow2, ready_within: 1 s" bridged 200
ok "without a configuration: exit status 1" exits 1 "$VRBENCH" run "$T/own.yaml" -o "$T/no1"
like "  and why" "$(cat "$T/ok.log")" "router r1 forwarded nothing .* NET0 within 1 s"
printf 'timeout 1 s\nexpect "no such words"\n' >"$T/vain.script"
scenario "image: disk.qcow2, setup: { serial: vain.script }" bridged 200
ok "a script in vain: exit status 1" exits 1 "$VRBENCH" run "$T/own.yaml" -o "$T/no2"
like "  and why" "$(cat "$T/ok.log")" "vain.script: line 2: the console did not say \"no such words\""
unchanged "  nothing is left" "$T/before"

# --- standing, and killed ------------------------------------------------------------------------
scenario "$good" bridged 200
ok "it is left standing" sh -c 'cd "$1" && "$VRBENCH" up own.yaml' - "$T"
disk=$(machine_files .qcow2)
ok "  on a disk of its own" [ -e "$disk" ]
ok "  it forwards" "$VRBENCH" console own/source -- ping -q -c 1 -W 5 198.19.0.2
ok "  no command can be run in it: exit status 3" exits 3 "$VRBENCH" console r1 -- true
ok "rebooted, it is configured again" "$VRBENCH" reboot r1
ok "  its old disk is gone" [ ! -e "$disk" ]
ok "  it forwards" "$VRBENCH" console own/source -- ping -q -c 1 -W 5 198.19.0.2
ok "it is taken down" "$VRBENCH" down own
unchanged "  nothing is left" "$T/before"

start_run "$T/own.yaml" -o "$T/killed"
ok "a run boots it" wait_for 60 machine_files .qcow2
kill -KILL "$run_pid"
end_run
ok "  killed, it is cleaned up after" "$VRBENCH" cleanup
unchanged "  nothing is left" "$T/before"
is "the image is what it was" "$(sha256sum <"$T/disk.qcow2")" "$sum"
