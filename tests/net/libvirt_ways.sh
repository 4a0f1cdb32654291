#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Machines without the system's libvirtd: by libvirt's QEMU driver within vrbench itself (embed), and
# watched by a user who isn't root (session).
# Runs beside others: its few packets say nothing of speed.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
router_image
isolate --run "$@"
case $(vrbench --version) in
*"without libvirt"*) skip_all "vrbench was built without libvirt" ;;
esac
command -v qemu-system-x86_64 >/dev/null || skip_all "no qemu-system-x86_64 (package qemu-system-x86)"
plan 16

# The driver looks these up even where it is told to use others; minbase hasn't got them.
for file in passwd group; do cp /etc/$file "$T/$file"; done
grep -q '^libvirt-qemu:' "$T/passwd" ||
    echo 'libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin' >>"$T/passwd"
for group in libvirt-qemu:x:64055 kvm:x:64056; do
    grep -q "^${group%%:*}:" "$T/group" || echo "$group:" >>"$T/group"
done
for file in passwd group; do mount --bind "$T/$file" /etc/$file; done
# Where both versions of control groups are mounted libvirt is to use that with the CPU controllers.
if [ -d /sys/fs/cgroup/unified ] && [ -d /sys/fs/cgroup/cpu ]; then
    umount /sys/fs/cgroup/unified 2>/dev/null || :
fi
root=$(mktemp -d /tmp/vrbench-embed.XXXXXX) # its sockets' paths have 107 characters at most
at_exit "rm -rf $root"
mkdir "$root/etc"
cat >"$root/etc/qemu.conf" <<'END'
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
stdio_handler = "file"
END
uri="qemu:///embed?root=$root"
scenario_capped embed "$uri" "bridged"
machines() { pgrep -f "qemu-system-x86_64.*$root" | wc -l; }
machine_snapshot "$T/before"

# --- embed ---------------------------------------------------------------------------------------
vrbench doctor --platform "$uri" --json >"$T/doctor" 2>"$T/doctor.err"
is "embedded, QEMU's driver can make machines" \
    "$(jq -r '.[] | select(.ability == "create") | .can' "$T/doctor")" yes
ok "  one is measured as a router" measured "$T/embed.yaml" -o "$T/run"
ok "  it forwards" jq -es 'length == 1 and all(.[].networks[]; .rx > 0)' "$T/run/points.jsonl"
ok "  every sum holds and every loss has a place" points_sane "$T/run"
ok "  its CPU is reported by part" jq -es 'all(.[];
    [.cpu[] | select(.name == "r1t3") | .parts[].name] == ["vcpu0", "emulator"])' "$T/run/points.jsonl"
is "  none is left" "$(machines)" 0
ok "a testbed stands that was built so" vrbench up "$T/embed.yaml"
is "  other processes see it" "$(field r1t3 state)" running
is "  and talk to it" "$(vrbench console r1t3 -- echo 'I am here')" "I am here"
was=$(pgrep -f "qemu-system-x86_64.*$root")
ok "  and reboot it" vrbench reboot r1t3
ok "    which is another machine" test "$(pgrep -f "qemu-system-x86_64.*$root")" != "$was"
ok "  and take it down" vrbench down embed
is "  none is left" "$(machines)" 0
unchanged "nothing is left" "$T/before"

# --- session -------------------------------------------------------------------------------------
nobody=$(mktemp -d /tmp/vrbench-nobody.XXXXXX)
chown nobody "$nobody"
at_exit "rm -rf $nobody"
at_exit 'kill $(cat $nobody/libvirt/libvirtd.pid)'
cp "$VRBENCH" "$VRBENCH-full" "$nobody"
chmod 755 "$nobody/vrbench"
by_nobody() {
    setpriv --reuid=nobody --clear-groups \
        env HOME="$nobody" XDG_RUNTIME_DIR="$nobody" "$nobody/vrbench" "$@"
}
is "nobody's own machines are listed for nobody: none" \
    "$(by_nobody list --platform qemu:///session --json)" "[]"
by_nobody doctor --platform qemu:///session --json >"$T/doctor"
is "  who could make some" "$(jq -r '.[] | select(.ability == "create") | .can' "$T/doctor")" yes
