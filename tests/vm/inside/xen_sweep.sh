# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_sweep.sh — one router and two, at the rates that emulation can carry; and the study's
# table. Lines of it begin with "# | ".
. "${0%/*}/xen_lib.sh"
plan 9

# measured NAME POINTS — what is asked of a run.
measured() {
    is "  all points are there" "$(points "$T/$1")" "$2"
    ok "  every sum holds and every loss has a place" points_sane "$T/$1"
    ok "  packets come through at every load" jq -es 'all(.[].networks[]; .rx > 0)' \
        "$T/$1/points.jsonl"
    jq -c 'select(.valid | not) | {length, requested_pps, why_invalid}' "$T/$1/points.jsonl" |
        sed 's/^/# /'
}

scenario scenario-1 bridged "r1t3: { weight: 256, memory: 96 MiB }" "NET0: { router: r1t3 }" \
    "64, 256, 1500" "50, 400, 1600" "3 s"
ok "one router is swept" measured "$T/scenario-1.yaml" -o "$T/scenario-1"
measured scenario-1 9
scenario scenario-2 bridged "r1t3: { memory: 96 MiB }, r2t3: { memory: 96 MiB }" \
    "NET0: { router: r1t3 }, NET1: { router: r2t3 }" 256 "50, 400" "3 s"
ok "two routers are" measured "$T/scenario-2.yaml" -o "$T/scenario-2"
measured scenario-2 2
is "no domain is left" "$(domains)" ""
echo "# | Xen $(xl info | awk '$1 == "xen_version" { print $3 }'), emulated; one router, bridged"
table "$T/scenario-1"
echo "# |"
echo "# | two routers, each with a network of its own"
table "$T/scenario-2"
