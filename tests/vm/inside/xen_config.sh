# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_config.sh — a router by a configuration file of the study's form.
. "${0%/*}/xen_lib.sh"
plan 5

cat >"$T/r1t3.cfg" <<END
# Of xm, as the study had it.
kernel  = "$VRBENCH_IMAGE/vmlinux"
ramdisk = "$VRBENCH_IMAGE/initrd.cpio"
memory  = 104
name    = 'r1t3'
vif     = [ 'mac=00:16:3e:00:01:00,bridge=eth0', 'mac=00:16:3e:00:01:01,bridge=eth1' ]
dhcp    = 'on'
on_poweroff = 'destroy'
on_reboot   = 'restart'
on_crash    = 'restart'
END
scenario config bridged "r1t3: { config: r1t3.cfg }" "NET0: { router: r1t3 }" 64 100 "2 s"
ok "a router by a file of the study's form stands" vrbench up "$T/config.yaml"
ok "  it carries packets" wait_for 60 reaches config 0
is "  with the memory that the file says" "$(xl list "$(domain r1t3)" | awk 'END { print $3 }')" 104
ok "down" vrbench down config
is "  no domain is left" "$(domains)" ""
