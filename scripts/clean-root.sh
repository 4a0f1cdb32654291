# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# scripts/clean-root.sh — a clean root of Debian for a script that sources it, with the source in /build/vrbench:
#
#     . scripts/clean-root.sh
#     clean_root FOLDER SUITE "$@"   # makes FOLDER/root-SUITE; "$@" are the script's arguments
#     step "text" COMMAND...         # prints the duration, and the output of a command that fails
#     inside COMMAND...              # in the root
#
# The root has the packages of Debian's minbase variant and those in $root_packages (separated by commas), without the
# files below the folders in $root_excludes. mmdebstrap fetches and installs all packages at once. The root is removed
# when the script ends, and FOLDER, if it is empty then; its mounts end with the script. $source is this tree. clean_root
# begins the script again, with FOLDER's path in VRBENCH_CLEAN_ROOT. Requires root, mmdebstrap and a network.
: "${source:?}"
name=${0##*/}
root_packages=${root_packages-}
root_excludes=${root_excludes-}
say() { echo "$name: $*" >&2; }

# Everything happens in a mount namespace of its own: the script begins again in it.
clean_root() {
    folder=$1
    suite=$2
    shift 2
    command -v mmdebstrap >/dev/null || {
        say "mmdebstrap is not installed; to install it: sudo scripts/deps check"
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
    trap 'umount -R "$root/proc" "$root/dev/pts" 2>/dev/null; rm -rf --one-file-system "$root"; rmdir "$folder" 2>/dev/null || :' EXIT
    trap 'exit 130' INT TERM
    step "a root of Debian $suite" make_root
    mount -t proc proc "$root/proc"
    # Pseudo-terminals: mmdebstrap makes the other devices.
    mkdir -p "$root/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    ln -sf pts/ptmx "$root/dev/ptmx"
    step "source" unpack
}

# mirror — the mirror of Debian that this machine uses, by its sources of packages; deb.debian.org if it has none.
mirror() {
    apt-get indextargets --format "\$(ORIGIN) \$(REPO_URI)" 'Created-By: Packages' 2>/dev/null | awk '
        $1 == "Debian" && $2 !~ /security/ && !found { found = $2 }
        END { print found ? found : "http://deb.debian.org/debian/" }'
}
# A mirror may be slow or break off: apt fetches each file up to 4 times, and all is tried twice.
make_root() {
    set --
    [ -z "$root_packages" ] || set -- --include="$root_packages"
    for excluded in $root_excludes; do set -- "$@" --dpkgopt="path-exclude=$excluded/*"; done
    fetch_root "$@" || fetch_root "$@"
}
# dpkg does not wait for the disk after each file (force-unsafe-io): the root does not survive a crash anyway.
fetch_root() {
    rm -rf --one-file-system "$root"
    timeout 600 mmdebstrap --variant=minbase --skip=cleanup/apt/lists \
        --aptopt='Acquire::Retries "3"' --aptopt='Acquire::http::Timeout "30"' \
        --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io "$@" \
        "$suite" "$root" "$(mirror)"
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
# The last commit; in a tree that is no clone, or without git, all files that are no results of a build.
unpack() {
    mkdir -p "$root/build/vrbench"
    if git -c safe.directory="$source" -C "$source" rev-parse -q --verify HEAD >/dev/null; then
        git -c safe.directory="$source" -C "$source" archive HEAD
    else
        tar -c -C "$source" --exclude='./build*' --exclude=./results --exclude=./packages .
    fi | tar -x -C "$root/build/vrbench"
}
