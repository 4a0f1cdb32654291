# SPDX-License-Identifier: GPL-3.0-or-later
#
# On a real Xen, emulated, like xen.sh, whose figures these are not: how routers that are domains come, go and end;
# domains of every type, PCI devices handed over whole to one, on a machine with an IOMMU and such NICs; and on one
# with two CPUs the schedulers that aren't the study's.
#
# Not in the suite, whose time is short: make test-xen, beside xen.sh.
. "${SOURCE_ROOT:-.}/tests/vm/lib.sh"
need_xen
have_image xen_devices
router_image
vrbench_files
nics_image
mv "$T/nics" "$T/files"
machine xen_devices --deadline 1500 --files "$T/files"
inside xen_pci | tee "$T/pci"
sed -n 's/^# | //p' "$T/pci" >>"${VRBENCH_XEN_TABLE:-$T/table}"
for part in hvm ends lives; do
    inside "xen_$part"
done
"$SOURCE_ROOT/tests/vm/vm" stop "$T/vm"

machine xen_devices --deadline 600 --files "$T/files" --cpus 2 --boot sched=credit2
inside xen_schedulers
