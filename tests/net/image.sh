#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The tiny router guest: built of Debian's packages, the same bytes again, whole or not at all; then
# booted under emulation between two namespaces: forwarding, counters, console, power button, panic.
#
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image # before isolate: it fetches packages
isolate --run "$@"
plan 48

guestctl=$(helper guestctl)

# --- building ------------------------------------------------------------------------------------

ok "an image is described" vrbench image list --json
vrbench image list --json >"$T/described"
ok "  by its parts" jq -e '.memory_mib <= 128 and (.kernel_package | test("^linux-image-.*cloud"))' \
    "$T/described"
conforms "  as the schema says" image "$T/described"
umask 077
ok "it is built again" vrbench image build --with frr,bird -o "$T/of/one/" -v
umask 022
is "  every user may read it" \
    "$(stat -c %a "$T/of" "$T/of/one" "$T/of/one"/* | sort -u | paste -sd,)" "644,755"
mv "$T/of/one" "$T/one"
for part in vmlinuz vmlinux initrd.cpio nics.cpio nics.table bird.cpio frr.cpio image.json; do
    same "  $part has the same bytes" "$VRBENCH_IMAGE/$part" "$T/one/$part"
done
# interrupt SIGNAL FOLDER — one build there that is stopped while it unpacks; its status.
interrupt() {
    "$VRBENCH" image build -o "$2" >"$T/stopped.log" 2>&1 &
    interrupt_pid=$!
    wait_for 60 test -d "$2.building/tree/lib" && kill "-$1" $interrupt_pid
    { wait $interrupt_pid; } 2>/dev/null
}
interrupt KILL "$T/one"
is "  over it, killed" $? 137
ok "    which leaves its work" [ -d "$T/one.building" ]
ok "  and again over it, with a package given as a file" sh -c '
    set -- "${XDG_CACHE_HOME:-/var/cache}"/vrbench/linux-image-*cloud*.deb
    "$VRBENCH" image build -o "$0" -k "$1"' "$T/one"
same "  the initramfs is the same" "$VRBENCH_IMAGE/initrd.cpio" "$T/one/initrd.cpio"
is "  nothing else is left, of the killed build neither" "$(ls -d "$T"/one* "$T/one"/* | sed "s,^$T/one/*,,")" "
image.json
initrd.cpio
nics.cpio
nics.table
vmlinux
vmlinuz"

ok "without an image, the command that builds one is printed" exits 3 "$VRBENCH" image list -o "$T/none"
like "  in words" "$(cat "$T/ok.log")" "vrbench image build"
ok "a missing package is reported" exits 3 "$VRBENCH" image build -o "$T/none" -k linux-image-no
ok "a daemon that isn't known is refused" exits 2 "$VRBENCH" image build -o "$T/none" -w bird,quagga
ok "a name that is an option is refused" exits 2 "$VRBENCH" image build -o "$T/none" -k=--help
mkdir "$T/mine" && echo precious >"$T/mine/file"
ok "a folder with something else in it is left alone" exits 2 "$VRBENCH" image build -o "$T/mine"
is "  whole" "$(cat "$T/mine"/*)" precious

# The image fits, what has to be unpacked for it doesn't.
mkdir "$T/small"
mount -t tmpfs -o size=100m vrbench-test-small "$T/small"
at_exit "umount '$T/small'"
cp -R "$T/one" "$T/small/image"
ok "a full disk fails the build" exits 1 "$VRBENCH" image build -o "$T/small/image"
like "  and the reason is printed" "$(cat "$T/ok.log")" "No space left on device"
is "  nothing half made is left" "$(ls "$T/small")" image
ok "  and the old image is whole" diff -r "$T/one" "$T/small/image"

interrupt INT "$T/stopped"
is "an interrupted build says so" $? 130 || sed 's/^/# /' "$T/stopped.log"
is "  and leaves nothing" "$(ls -d "$T"/stopped* )" "$T/stopped.log"
rm -rf "$T/one"
umount "$T/small"

# --- a machine -----------------------------------------------------------------------------------

ip netns add a
ip netns add b
at_exit 'ip netns del a; ip netns del b'
for end in a b; do
    ip tuntap add "tap-$end" mode tap
done
ip link set tap-a address 02:00:00:00:00:0a
ip link set tap-b address 02:00:00:00:00:0b
ok "an initrd of the router's own" "$guestctl" initrd "$VRBENCH_IMAGE" "$T/initrd" r1 \
    eth0,52:54:00:00:00:0b,198.19.0.1/24,198.19.0.2,02:00:00:00:00:0b \
    eth1,52:54:00:00:00:0a,198.18.0.1/24,198.18.0.2,02:00:00:00:00:0a

start_machine() {
    qemu-system-x86_64 -machine q35,accel=tcg -cpu qemu64 -m 96 -nodefaults -display none -no-reboot \
        -kernel "$VRBENCH_IMAGE/vmlinux" -initrd "$T/initrd" \
        -append "console=ttyS0 panic=-1 quiet cryptomgr.notests net.ifnames=0" \
        -netdev tap,id=a,ifname=tap-a,script=no,downscript=no \
        -netdev tap,id=b,ifname=tap-b,script=no,downscript=no \
        -device virtio-net-pci,netdev=a,mac=52:54:00:00:00:0a,romfile= \
        -device virtio-net-pci,netdev=b,mac=52:54:00:00:00:0b,romfile= \
        -device virtio-serial-pci \
        -chardev "socket,id=port,path=$T/port,server=on,wait=off" \
        -device virtserialport,chardev=port,name=org.vrbench.0 \
        -chardev "socket,id=tty,path=$T/tty,server=on,wait=off,logfile=$T/console" \
        -serial chardev:tty -monitor "unix:$T/monitor,server=on,wait=off" >"$T/qemu.log" 2>&1 &
    machine=$!
    began=$(date +%s%N)
}
# within NAMESPACE COMMAND… — `ip netns exec` and `ip -n` want / to be a mount, which it isn't in a chroot.
within() {
    within_ns=/run/netns/$1
    shift
    nsenter --net="$within_ns" "$@"
}
# Once QEMU has them open.
place_taps() {
    for end in a b; do
        wait_for 60 sh -c "ip -o link show tap-$end | grep -q LOWER_UP" || return 1
        ip link set "tap-$end" netns $end
    done
    within a ip address add 198.18.0.2/24 dev tap-a
    within b ip address add 198.19.0.2/24 dev tap-b
    within a ip link set tap-a up
    within b ip link set tap-b up
    within a ip route add default via 198.18.0.1
    within b ip route add default via 198.19.0.1
    within a ip neighbour replace 198.18.0.1 lladdr 52:54:00:00:00:0a dev tap-a nud permanent
    within b ip neighbour replace 198.19.0.1 lladdr 52:54:00:00:00:0b dev tap-b nud permanent
}
forwards() { within a ping -n -q -c 1 -W 1 198.19.0.2; }
ended() { ! kill -0 "$machine"; }

for end in a b; do ip link set "tap-$end" up; done
start_machine
at_exit "kill \$machine"
place_taps
ok "it forwards" wait_for 120 forwards
diag "$((($(date +%s%N) - began) / 1000000)) ms after QEMU's start"
ok "it says that it is ready" "$guestctl" ready "$T/port" 60
like "  and since when" "$(cat "$T/ok.log")" '^[0-9]+$'
diag "$(cat "$T/ok.log") ms after its kernel's start"

"$guestctl" counters "$T/port" eth1 eth0 >"$T/before"
ok "100 packets through it" within a ping -n -q -c 100 -i 0.01 -W 10 198.19.0.2
# One whose time to live ends there, and one that has no way on.
within a ping -n -q -c 1 -t 1 -W 1 198.19.0.2 >/dev/null
within a ping -n -q -c 1 -W 1 203.0.113.1 >/dev/null
"$guestctl" counters "$T/port" eth1 eth0 >"$T/after"
ok "  are counted at its interfaces, and what it dropped by reason" awk '
    NR == FNR { for (i = 2; i <= NF; i++) was[$1, i] = $i; next }
    { for (i = 2; i <= NF; i++) got[$1, i] = $i - was[$1, i] }
    END { exit !(got["eth1", 2] >= 102 && got["eth0", 3] >= 100 && got["eth0", 2] >= 100 &&
                 got["ip", 2] >= 1 && got["ip", 3] >= 1) }' "$T/before" "$T/after" ||
    diag "$(cat "$T/before" "$T/after")"

"$guestctl" exec "$T/port" sh -c 'echo "$0 and  two"; hostname; exit 7' 'a%b' >"$T/exec"
is "a command in it ends with its status" $? 7
is "  and gives what it said" "$(cat "$T/exec")" "a%b and  two
r1"

# One whose host is killed makes way for the next at once.
waits() { grep -q poll "/proc/$1/wchan"; }
makes_way() {
    for round in 1 2 3 4 5; do
        "$guestctl" exec "$T/port" sleep 1000 &
        forsaken=$!
        wait_for 60 waits "$forsaken" || return 1
        kill -KILL "$forsaken"
        { wait "$forsaken"; } 2>/dev/null
        "$guestctl" exec "$T/port" true || return 1
    done
}
ok "  and makes way for the next when its host is killed" makes_way

cat >"$T/script" <<'END'
timeout 60 s
send "\r"
expect "r1# "
send "echo at $((6 * 7)) {ip.eth0}\r"
expect "\nat 42 198.19.0.1"
END
ok "a shell on the serial console" "$guestctl" play "$T/tty" "$T/script" r1 \
    eth0,52:54:00:00:00:0b,198.19.0.1/24,198.19.0.2,02:00:00:00:00:0b

cat >"$T/press" <<'END'
expect "(qemu) "
send "system_powerdown\r"
expect "\n(qemu) "
END
ok "the power button" "$guestctl" play "$T/monitor" "$T/press" r1
ok "  ends the machine" wait_for 60 ended
wait "$machine"
is "  cleanly" $? 0 || sed 's/^/# /' "$T/qemu.log"
like "  which says so" "$(cat "$T/console")" "vrbench: powering off"

# --- a panic -------------------------------------------------------------------------------------

start_machine
ok "it comes up again" "$guestctl" ready "$T/port" 120
"$guestctl" exec "$T/port" sh -c 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger' \
    >"$T/panic" 2>&1
ok "a panic ends it" wait_for 60 ended
like "  and the host hears that it is gone" "$(cat "$T/panic")" "gone"
