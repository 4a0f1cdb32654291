# SPDX-License-Identifier: GPL-3.0-or-later
#
# Policies of `vrbench control` with real packets: random loads of 2 to 8 routers, of which some division of the CPU
# keeps all contracts. BENCH_PROFILES profiles (30; with --quick 3), drawn by BENCH_SEED (1), each of BENCH_PROFILE_S
# seconds (4) for each of 5 policies: 15 minutes. Then BENCH_MACHINE_PROFILES slower profiles (5; with --quick 1) of
# BENCH_MACHINE_PROFILE_S seconds (10) for virtual machines: 6 minutes. The machines run in a libvirtd of the section's
# own, by emulation, from the image BENCH_IMAGE (that of the tests; built if absent). A section of bench/run.

control_say_lack() { say "control: no virtual machines are measured: $*"; }

# control_machines — the same on virtual machines, if the machine can have them.
control_machines() {
    case $("$build/vrbench" --version) in
    *"without libvirt"*)
        control_say_lack "vrbench was built without libvirt"
        return
        ;;
    esac
    machine_profiles=${BENCH_MACHINE_PROFILES:-5}
    [ -z "$quick" ] || machine_profiles=1
    [ "$machine_profiles" -gt 0 ] || return 0
    VRBENCH_IMAGE=${BENCH_IMAGE:-$build/tests/image}
    export VRBENCH_IMAGE
    if ! "$build/vrbench" image list --json 2>/dev/null | jq -e 'length > 0' >/dev/null &&
        ! "$build/vrbench" image build >&2; then
        control_say_lack "no image can be built"
        return
    fi
    uri=$("$here/../scripts/libvirtd" start /run/bench-lv) || {
        control_say_lack "no libvirtd starts"
        return
    }
    own_libvirtd=/run/bench-lv
    say "control: measuring $machine_profiles profiles on virtual machines"
    python3 -B "$here/control.py" "$build/vrbench" "$build/bench/bench_profile" "$work/control" "$machine_profiles" \
        "${BENCH_SEED:-1}" "${BENCH_MACHINE_PROFILE_S:-10}" 0 "$uri" >"$work/control-machines.json"
    "$here/../scripts/libvirtd" stop "$own_libvirtd"
    own_libvirtd=""
    [ -z "${BENCH_KEEP-}" ] || cp "$work/control-machines.json" "$BENCH_KEEP.machines"
}

bench_control() {
    [ "$processors" -gt 1 ] || {
        say "control: needs 2 CPUs, one for routers and one for the sender"
        return
    }
    profiles=${BENCH_PROFILES:-30}
    [ -z "$quick" ] || profiles=3
    mkdir -p "$work/control"
    if [ "$profiles" -gt 0 ]; then
        say "control: measuring $profiles profiles"
        # `up` gives the highest CPU to routers.
        python3 -B "$here/control.py" "$build/vrbench" "$build/bench/bench_profile" "$work/control" "$profiles" \
            "${BENCH_SEED:-1}" "${BENCH_PROFILE_S:-4}" 0 >"$work/control.json"
        [ -z "${BENCH_KEEP-}" ] || cp "$work/control.json" "$BENCH_KEEP"
    fi
    control_machines
}

table_control() {
    if [ -s "$work/control.json" ]; then
        echo "Random loads (steady, steps, ramps, flash crowds; one network at least far above its contract) of 2 to 8" \
            "routers on one CPU. Covered loads need 50 to 75 % of it at their highest, so that some shares keep all" \
            "contracts; \`oracle\` sets those that the highest loads need. A contract is broken in a window of 100 ms" \
            "in which less passes than it covers."
        echo
        jq -rs --argjson window 0.1 -f "$here/control.jq" "$work/control.json"
        echo
    fi
    if [ -s "$work/control-machines.json" ]; then
        echo "The same on 4 virtual machines (QEMU without KVM, bridged), with slower profiles: one load rises to 38 to 48 %" \
            "of a CPU, the others rise far above contracts of 4 to 7 %. A contract is broken in a window of 500 ms."
        echo
        jq -rs --argjson window 0.5 -f "$here/control.jq" "$work/control-machines.json"
        echo
    fi
}
