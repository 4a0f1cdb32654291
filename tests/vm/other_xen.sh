# SPDX-License-Identifier: GPL-3.0-or-later
#
# On a real Xen, emulated, what xen.sh, whose time is short, leaves out: PCI devices handed over whole to a router, on a
# machine with an IOMMU and such NICs, with the study's table for them; routers that are HVM and PVH domains, and every
# way in which one ends; the scenario that is shipped; and on a machine with two CPUs the schedulers that aren't the study's.
#
# Not in the suite, whose time is short: make test-vm.
. "${SOURCE_ROOT:-.}/tests/vm/lib.sh"
need_xen
have_image xen_devices
router_image
vrbench_files
nics_image
mv "$T/nics" "$T/files"
machine xen_devices --deadline 1500 --files "$T/files"
inside xen_pci
inside xen_hvm
inside xen_ends
inside xen_shipped
"$SOURCE_ROOT/tests/vm/vm" stop "$T/vm"

machine xen_devices --deadline 600 --files "$T/files" --cpus 2 --boot sched=credit2
inside xen_schedulers
