# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tests/net/lib/witness.sh — independent witnesses of the test packets: tcpdump at interfaces, and a
# reading of the captured stamps by another program (stamps.c). For tests that have sourced lib.sh.
#
# A place is NODE.INTERFACE. A packet socket sees received packets; those that the source sends bypass it,
# so the source is watched at the other end of its cable. Captures are $T/PLACE.pcap.

# watch PLACE... — starts a tcpdump at each, which listens when this returns.
watch() {
    watchers=
    for place; do
        node "${place%.*}" tcpdump -Z root -n -U --immediate-mode -B 16384 -i "${place#*.}" \
            -w "$T/$place.pcap" 2>"$T/$place.err" &
        watchers="$watchers $!"
        wait_for 60 grep -q 'listening on' "$T/$place.err" || diag "no tcpdump at $place"
    done
}
unwatch() {
    for watcher in $watchers; do
        kill -TERM "$watcher" 2>/dev/null # it may have ended with its interface
        wait "$watcher" 2>/dev/null
    done
}
# captured PLACE — number of test packets.
captured() { "$(helper stamps)" "$T/$1.pcap" | awk '$1 == "total" { print $2 }'; }

# packets PLACE — tcpdump's description of the test packets, a line each, without what differs among them.
packets() {
    tcpdump -r "$T/$1.pcap" -n -vv -t udp port 22098 2>/dev/null | paste - - |
        sed 's/.*, \(ttl [0-9]*\), .*, \(length [0-9]*\))[[:space:]]*/\1 \2 /; s/id [0-9]*, //'
}
# expected TTL NETWORK — the same for correct packets of 200 bytes.
expected() {
    echo "ttl $1 length 200 198.18.$2.2.$((22099 + $2)) > 198.19.$2.2.22098: [udp sum ok] UDP, length 172"
}
# numbered_in_order PLACE NETWORK — the packets of each trial are numbered from 0, once each, rising; there is
# one. A warm-up may have been under way when the watch began: only the first trial may begin later. That no
# point is cut follows from agree.
numbered_in_order() {
    "$(helper stamps)" "$T/$1.pcap" | awk -v n="$2" '
        $1 != "total" && $2 == n && trials++ >= 0 &&
            ($3 != $4 || $5 != 0 || $7 - $6 + 1 != $3 || ($6 != 0 && trials > 1)) { print; bad = 1 }
        END { exit bad || !trials }'
}
# agree FIELD PLACE0 PLACE1 — for each of the first three points of $folder there is a trial in which the
# two places saw as many packets as the point's two networks have as FIELD. The run number in the stamps
# identifies the trial. The last point was only partly observed. An invalid point that lost packets is left
# out: after a disturbed trial, packets may arrive when the sink has ended.
agree() {
    head -n 3 "$folder/points.jsonl" |
        jq -r "select(.valid or ([.networks[].lost] | add) == 0) | [.networks[].$1] | @tsv" |
        sort >"$T/said"
    for place in "$2" "$3"; do "$(helper stamps)" "$T/$place.pcap"; done |
        awk '$1 != "total" { n[$1, $2] = $4; runs[$1] }
            END { for (r in runs) print n[r, 0] + 0 "\t" n[r, 1] + 0 }' | sort -u >"$T/seen"
    [ -z "$(comm -23 "$T/said" "$T/seen")" ] || {
        cat "$T/said" "$T/seen" "$folder/points.jsonl"
        return 1
    }
}
