# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/vm/lib.sh — what tests in machines lean on, beside tests/net/lib.sh: TAP is printed here, the
# program works in there.
#
#     . "${SOURCE_ROOT:-.}/tests/vm/lib.sh"
#     vrbench_files                         # the program, what it needs, and the tests' own parts
#     machine debian --deadline 280 --files "$T/files"
#                                           # boots; or skips the file where that can't be done
#     plan 1
#     ok "it runs" with_files /files/build/vrbench doctor
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"

# machine IMAGE [OPTION...] — see `vm start`.
machine() {
    at_exit '"$SOURCE_ROOT/tests/vm/vm" stop "$T/vm"'
    machine_status=0
    "$SOURCE_ROOT/tests/vm/vm" start "$T/vm" --owner $$ "$@" 2>"$T/vm.err" </dev/null ||
        machine_status=$?
    case $machine_status in
    0) diag "$(cat "$T/vm.err")" ;;
    3)
        diag "$(cat "$T/vm.err")"
        skip_all "no QEMU or no packages of Debian here"
        ;;
    *)
        plan 1
        flunk "a machine starts"
        diag "$(cat "$T/vm.err" "$T/vm/qemu.log" 2>&1)"
        tail -n 40 "$T/vm/console" 2>/dev/null | sed 's/^/#   /'
        exit 1
        ;;
    esac
}

# there COMMAND... — runs a command in the machine, with its output and exit status.
there() { "$SOURCE_ROOT/tests/vm/vm" run "$T/vm" "$@"; }

# have_image IMAGE — has it made, if need be, or skips the file where that can't be done: before
# isolate, as packages are fetched.
have_image() {
    have_status=0
    "$SOURCE_ROOT/tests/vm/vm" image "$1" >"$T/vm.err" 2>&1 </dev/null || have_status=$?
    case $have_status in
    0) ;;
    3)
        diag "$(cat "$T/vm.err")"
        skip_all "no QEMU or no packages of Debian here"
        ;;
    *)
        plan 1
        flunk "an image is made"
        diag "$(cat "$T/vm.err")"
        exit 1
        ;;
    esac
}

# need_xen — skips the file where the program can't have it, or is too slow in an emulated machine.
need_xen() {
    if sanitized; then
        skip_all "emulation is too slow for a program with sanitizers"
    fi
    case $("$VRBENCH" --version) in
    *"without"*Xen*) skip_all "vrbench was built without xen" ;;
    esac
}

# nics_image — after have_image: in $T/nics a router image whose kernel is that of the machines' hosts, which has
# drivers of real NICs.
nics_image() {
    nics_kernel=$(find "${VRBENCH_VM_CACHE:-${XDG_CACHE_HOME:-/var/cache}/vrbench-tests}/debs" \
        -name 'linux-image-*-amd64_*.deb' ! -name '*cloud*' ! -name '*dbg*' | sort -V | tail -n 1)
    if ! "$VRBENCH" image build -k "$nics_kernel" -o "$T/nics" >"$T/nics.log" 2>&1; then
        plan 1
        flunk "a router image with drivers of real NICs is built"
        sed 's/^/#   /' "$T/nics.log"
        exit 1
    fi
}

# vrbench_files — $T/files, for `machine IMAGE --files "$T/files"`: the program that is tested and
# programs of its tests (build/), its shared libraries but for those of the C library (lib/), tests,
# bench and scenarios; and the image of routers that $VRBENCH_IMAGE names, if any (image/).
vrbench_files() {
    files_build=$(dirname "$VRBENCH")
    mkdir -p "$T/files/build/tests/net" "$T/files/lib" "$T/files/tests/vm" "$T/files/image"
    cp "$VRBENCH" "$VRBENCH-full" "$T/files/build"
    find "$files_build/tests/net" -maxdepth 1 -type f -perm -u+x \
        -exec cp {} "$T/files/build/tests/net" \;
    for files_program in "$T"/files/build/vrbench* "$T"/files/build/tests/net/*; do
        ldd "$files_program"
    done | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
        grep -vE '/lib(c|m|dl|rt|pthread|resolv)\.so\.' >"$T/libraries"
    while read -r library; do cp -L "$library" "$T/files/lib"; done <"$T/libraries"
    cp -R "$SOURCE_ROOT/tests/net" "$T/files/tests"
    cp -R "$SOURCE_ROOT/tests/vm/inside" "$T/files/tests/vm"
    cp -R "$SOURCE_ROOT/bench" "$SOURCE_ROOT/scenarios" "$T/files"
    if [ -n "${VRBENCH_IMAGE-}" ]; then
        cp "$VRBENCH_IMAGE"/image.json "$VRBENCH_IMAGE"/vmlinu? "$VRBENCH_IMAGE"/initrd.cpio \
            "$VRBENCH_IMAGE"/nics.* "$T/files/image"
    fi
}

# with_files COMMAND... — there, where it finds all that.
with_files() {
    there env SOURCE_ROOT=/files BUILD_DIR=/files/build VRBENCH=/files/build/vrbench \
        VRBENCH_IMAGE=/files/image LD_LIBRARY_PATH=/files/lib "$@"
}

# inside SCRIPT [ARG...] — runs a script of tests/vm/inside there, which prints TAP, with its plan.
inside() {
    inside_script=$1 inside_began=$(date +%s) inside_status=0
    shift
    with_files sh "/files/tests/vm/inside/$inside_script.sh" "$@" || inside_status=$?
    diag "$inside_script: $(($(date +%s) - inside_began)) s"
    return "$inside_status"
}

# inside_own IMAGE SECONDS SCRIPT [ARG...] — runs a script in a machine of its own with $T/files, in at most
# three tries of a third of SECONDS each. Now and then an emulated machine stands still, its kernel with it,
# while its CPUs spin: it is started again then, and that is reported. The script's output comes at the end.
inside_own() {
    own_image=$1 own_seconds=$(($2 / 3))
    shift 2
    for own_try in 1 2 3; do
        machine "$own_image" --deadline "$own_seconds" --files "$T/files"
        own_status=0
        inside "$@" >"$T/inside" 2>&1 || own_status=$?
        if [ "$own_status" -ne 125 ]; then break; fi
        diag "try $own_try: the machine stood still ($own_seconds s in all); the last that it said:"
        tail -n 5 "$T/inside" "$T/vm/console" | sed 's/^/#   /'
    done
    cat "$T/inside"
    return "$own_status"
}
