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
# The router's kernel is that of the host's image, which has drivers of real NICs.
kernel=$(find "${VRBENCH_VM_CACHE:-${XDG_CACHE_HOME:-/var/cache}/vrbench-tests}/debs" \
    -name 'linux-image-*-amd64_*.deb' ! -name '*cloud*' ! -name '*dbg*' | sort -V | tail -n 1)
if ! "$VRBENCH" image build -k "$kernel" -o "$T/image" >"$T/image.log" 2>&1; then
    plan 1
    flunk "a router image with drivers of real NICs is built"
    sed 's/^/#   /' "$T/image.log"
    exit 1
fi
export VRBENCH_IMAGE="$T/image"
vrbench_files
mkdir "$T/files/scripts"
cp "$SOURCE_ROOT/scripts/libvirtd" "$T/files/scripts"
cp "$T/image"/nics.* "$T/files/image"
machine vfio --deadline 1500 --files "$T/files"
inside vfio
