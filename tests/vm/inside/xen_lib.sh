# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# inside/xen_lib.sh — what the parts of the test on Xen share. They run in Domain-0, as root, beside
# nobody: nothing is to be isolated from. What vrbench says of domains is held against xl and xentop.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
# shellcheck disable=SC2034 # of wait_for
wait_step=1

# domains — names of those that run, but for Domain-0. domain ROUTER — that of a router's.
domains() { xl list | awk 'NR > 1 && $2 != 0 { print $1 }'; }
domain() { domains | grep -e "-$1\$"; }
no_domains() { [ -z "$(domains)" ]; }

# scenario NAME TOPOLOGIES ROUTERS NETWORKS LENGTHS RATES DURATION — in $T/NAME.yaml
scenario() {
    cat >"$T/$1.yaml" <<END
name: $1
platform: xen
topologies: [$2]
routers: { $3 }
networks: { $4 }
traffic: { engine: packet, lengths: [$5], rates: { pps: [$6] }, duration: $7 }
END
}

# burn ROUTER, rest ROUTER — its guest uses all the CPU that it gets, or no more.
burn() { vrbench console "$1" -- sh -c 'yes >/dev/null 2>&1 </dev/null &'; }
rest() { vrbench console "$1" -- killall yes; }

# watch SECONDS — what each domain uses over that time, by xentop: lines of name and percent of one
# CPU in $T/watched. used ROUTER — its percent.
watch() {
    xentop -b -f -i 2 -d "$1" | awk '$1 == "NAME" { table++; next } table == 2 { print $1, $4 }' \
        >"$T/watched"
}
used() { awk -v name="$1" '$1 == name || $1 ~ "-" name "$" { print $2 }' "$T/watched"; }
# in_three_tries CONDITION... — true once it is, after a watch of 8 s: emulated, this machine stands
# still now and then while its clock goes on, and whoever has the CPU then seems to use it.
in_three_tries() {
    for try in 1 2 3; do
        watch 8
        echo "try $try: $(xargs <"$T/watched")"
        if "$@"; then return 0; fi
    done
    return 1
}
# held ROUTER CAP — xentop's figure is within a point of it. ratio_is ROUTER ROUTER LOW HIGH — that of
# theirs. For use after ok.
at_cap() { between "$(used "$1")" $(($2 - 1)) $(($2 + 1)); }
held() { in_three_tries at_cap "$1" "$2"; }
at_ratio() { between "$(awk "BEGIN { print $(used "$1") / $(used "$2") }")" "$3" "$4"; }
ratio_is() { in_three_tries at_ratio "$@"; }
# said — what the last condition of ok printed.
said() { sed 's/^/# /' "$T/ok.log"; }
# allocation ROUTER — "WEIGHT CAP" by the hypervisor, as xl shows it.
allocation() { xl sched-credit -d "$(domain "$1")" | awk 'END { print $(NF - 1), $NF }'; }

reaches() { vrbench console "$1/source" -- ping -q -c 1 -W 5 "198.19.$2.2"; }

# table FOLDER — of a run, in lines that ../xen.sh gathers: a line a point, what was asked and received in all, who
# used what.
table() {
    echo "# | length   asked/s received/s  lost %  Domain-0 %  routers %  of both Domain-0"
    jq -r '
        ([.cpu[] | select(.name == "host") | .percent] | add // 0) as $host |
        ([.cpu[] | select(.name != "host" and .name != "tester") | .percent] | add // 0) as $routers |
        ([.networks[].tx] | add) as $tx | ([.networks[].lost] | add) as $lost |
        [.length, .requested_pps * (.networks | length), ([.networks[].forwarded_pps] | add),
            100 * $lost / $tx, $host, $routers, 100 * $host / ($host + $routers)] | @tsv' \
        "$1/points.jsonl" |
        awk '{ printf "# | %6d %9d %10.1f %7.2f %11.1f %10.1f %15.0f %%\n", $1, $2, $3, $4, $5, $6, $7 }'
}
