# SPDX-License-Identifier: GPL-3.0-or-later
#
# NICs handed over whole to a router that is a machine: on a host with an IOMMU and NICs of Intel's,
# emulated, whose KVM runs the router. What is tested is in inside/vfio.sh.
#
# Not in the suite, whose time is short: make test-vm.
. "${SOURCE_ROOT:-.}/tests/vm/lib.sh"
if sanitized; then
    skip_all "emulation is too slow for a program with sanitizers"
fi
case $("$VRBENCH" --version) in
*"without libvirt"*) skip_all "vrbench was built without libvirt" ;;
esac
have_image vfio
nics_image
export VRBENCH_IMAGE="$T/nics"
vrbench_files
mkdir "$T/files/scripts"
cp "$SOURCE_ROOT/scripts/libvirtd" "$T/files/scripts"
machine vfio --deadline 1500 --files "$T/files"
inside vfio
