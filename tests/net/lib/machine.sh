# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/net/lib/machine.sh — the state of the machine before and after a test. Sourced by lib.sh.

# strangers — true if a vrbench runs that does not belong to this test: its mount namespace and its /run
# are others. NAPI threads and control groups are the whole machine's; if strangers run, only the groups of
# testbeds can be assigned to their makers, by their names.
strangers() {
    for comm in /proc/[0-9]*/comm; do
        read -r name 2>/dev/null <"$comm" || continue
        case $name in
        vrbench*)
            if stranger "${comm%/comm}"; then
                echo "# another one: $comm: $(tr '\0' ' ' <"${comm%/comm}/cmdline")"
                return 0
            fi
            ;;
        esac
    done 2>/dev/null
    return 1
}
no_strangers() { ! strangers; }
# A first process of a router has a mount namespace of its own, but this test's /run.
stranger() {
    there=$(readlink "$1/ns/mnt" 2>/dev/null) || return 1
    [ "$there" != "$(readlink /proc/self/ns/mnt)" ] || return 1
    there=$(stat -c %d "$1/root/run" 2>/dev/null) || return 1
    [ "$there" != "$(stat -c %d /run)" ]
}

# lived_in GROUP ID — strangers run, and this testbed's group has tasks, but no record in this /run: the
# process in its name may have ended, because the testbed stands without that process.
lived_in() {
    ! $alone && [ ! -e "/run/vrbench/$2.json" ] &&
        find "$1" \( -name tasks -o -name cgroup.procs \) -exec cat {} + 2>/dev/null | grep -q .
}

# ended PROCESS — it is a zombie, of which only the name is left: a process of an earlier test, whose
# /run is unknown.
ended() { ! readlink "$1/ns/mnt" >/dev/null 2>&1; }

# cgroup_roots — the directories of control group hierarchies whose names begin with vrbench.
cgroup_roots() {
    # Fields before " - " end with optional ones; the type follows it, the path is the fifth.
    awk '{ for (i = 6; i < NF; i++) if ($i == "-") break
           if ($(i + 1) ~ /^cgroup2?$/) print $5 }' /proc/self/mountinfo |
        while read -r hierarchy; do
            find "$hierarchy" -mindepth 1 -maxdepth 4 -type d -name 'vrbench*' 2>/dev/null
        done
}

# machine_snapshot FILE — everything that vrbench could leave behind on the machine, sorted, one
# thing a line: links and addresses of this namespace, named namespaces, vrbench's records, cgroups,
# processes, NAPI threads, mounts. Two snapshots of a clean machine are equal (see `same`).
machine_snapshot() {
    alone=true
    ! strangers || alone=false
    {
        $alone || echo "others are there"
        ip -o link show | awk '{ sub(/ +link\//, " link/"); print "link " $0 }'
        ip -o address show | awk '{ print "address " $2, $3, $4 }'
        ip netns list 2>/dev/null | sed 's/^/netns /'
        find /run/vrbench -mindepth 1 2>/dev/null | sed 's/^/record /'
        cgroup_roots | while read -r group; do
            ! $alone || echo "cgroup $group"
            for one in "$group"/*-*/; do
                number=${one%/}
                number=${number##*/}
                [ ! -d "$one" ] || stranger "/proc/${number%%-*}" || lived_in "$one" "$number" ||
                    echo "testbed $one"
            done
        done
        for comm in /proc/[0-9]*/comm; do
            read -r name 2>/dev/null <"$comm" || continue
            case $name in
            vrbench*)
                stranger "${comm%/comm}" || ended "${comm%/comm}" ||
                    echo "process $name ${comm%/comm}"
                ;;
            napi/*) ! $alone || echo "thread $name ${comm%/comm}" ;;
            esac
        done 2>/dev/null
        # Mounts of a run beside this test are below the /run that isolate has hidden, but are listed.
        awk '/vrbench/ && !/vrbench-test/ { print $5, $(NF - 2) }' /proc/self/mountinfo |
            while read -r path type; do
                [ ! -e "$path" ] || echo "mount $path $type"
            done
    } | LC_ALL=C sort >"$1"
}

# machine_is FILE — true if the machine is as it was when FILE was written. For use after wait_for.
# Control groups and threads are not compared if strangers ran during one of the snapshots;
# $T/snapshot.was contains the lines that are compared.
machine_is() {
    machine_snapshot "$T/snapshot.now"
    cp "$1" "$T/snapshot.was"
    if grep -qx 'others are there' "$1" "$T/snapshot.now"; then
        sed -i '/^others are there$/d; /^cgroup /d; /^thread /d' "$T/snapshot.was" "$T/snapshot.now"
    fi
    cmp -s "$T/snapshot.was" "$T/snapshot.now"
}

# unchanged DESC FILE — the machine is as it was when FILE was written, within a minute, because the
# kernel removes namespaces asynchronously. Prints the difference.
unchanged() {
    wait_for 60 machine_is "$2" 2>/dev/null || :
    same "$1" "$T/snapshot.was" "$T/snapshot.now"
}
