# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# scripts/clean-root.sh — a clean root of Debian for a script that sources it, with the last commit in /build/vrbench:
#
#     . scripts/clean-root.sh
#     clean_root FOLDER SUITE "$@"   # makes FOLDER/root-SUITE; "$@" are the script's arguments
#     step "text" COMMAND...         # prints the duration, and the output of a command that fails
#     inside COMMAND...              # in the root
#
# The root is removed when the script ends, and FOLDER, if it is empty then; its mounts end with the script. $source is
# this tree. clean_root begins the script again, with FOLDER's path in VRBENCH_CLEAN_ROOT.
# Requires root, debootstrap and a network.
: "${source:?}"
name=${0##*/}
say() { echo "$name: $*" >&2; }

# Everything happens in a mount namespace of its own: the script begins again in it.
clean_root() {
    folder=$1
    suite=$2
    shift 2
    command -v debootstrap >/dev/null || {
        say "debootstrap is not installed; to install it: sudo apt-get install debootstrap"
        exit 3
    }
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    root=$folder/root-$suite
    log=$folder/$name.log
    [ ! -e "$root" ] || {
        say "$root exists already; remove it first"
        exit 2
    }
    if [ -z "${VRBENCH_CLEAN_ROOT-}" ]; then
        VRBENCH_CLEAN_ROOT=$folder exec unshare --mount --propagation private "$0" "$@"
    fi
    trap 'umount -R "$root/proc" 2>/dev/null; rm -rf --one-file-system "$root"; rmdir "$folder" 2>/dev/null || :' EXIT
    trap 'exit 130' INT TERM
    step "a root of Debian $suite" debootstrap --variant=minbase "$suite" "$root"
    mount -t proc proc "$root/proc"
    step "source" unpack
}

# step TEXT COMMAND... — runs a command with its output in the log, which is shown if it fails.
step() {
    text=$1
    shift
    began=$(date +%s)
    "$@" >"$log" 2>&1 </dev/null || {
        tail -n 60 "$log" >&2
        say "$text: failed (all of its output: $log)"
        exit 1
    }
    say "$text: done in $(($(date +%s) - began)) s"
}
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
unpack() {
    mkdir -p "$root/build/vrbench"
    git -c safe.directory="$source" -C "$source" archive HEAD | tar -x -C "$root/build/vrbench"
}
