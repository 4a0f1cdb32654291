# SPDX-License-Identifier: GPL-3.0-or-later
#
# One-router bridged labs up and down, against Mininet and a script of ip commands. A section of
# bench/run.

# lab PROGRAM COUNT — prints the JSON object {"labs", "up_s", "down_s"}; for vrbench also "let_go_s" and
# "freed_s" (bench_testbed.c). `bare` makes only the kernel's objects of the labs (bench_bare.c).
lab() {
    case $1 in
    vrbench) "$build/bench/bench_testbed" "$2" ;;
    bare) "$build/bench/bench_bare" "$2" ;;
    mininet) /usr/bin/python3 "$here/mininet_labs.py" "$2" ;;
    ip) sh "$here/ip_labs.sh" "$2" ;;
    esac
}

bench_testbed() {
    labs="1 10 30" labs_more=100
    [ -z "$quick" ] || labs="1 10" labs_more=""
    repeat=1
    while [ "$repeat" -le "$repeats" ]; do
        for count in $labs $labs_more; do
            for program in vrbench bare mininet ip; do
                case $program in
                vrbench) [ -x "$build/bench/bench_testbed" ] || continue ;;
                bare) [ -x "$build/bench/bench_bare" ] || continue ;;
                esac
                [ "$program" = vrbench ] || [ "$count" != "$labs_more" ] || continue
                lab "$program" "$count" >"$work/lab" || {
                    say "$program failed at $count labs"
                    exit 1
                }
                record "$count labs up, s" "$program" "$(jq .up_s "$work/lab")"
                [ "$program" = bare ] || record "$count labs down, s" "$program" "$(jq .down_s "$work/lab")"
                [ "$program" != vrbench ] || {
                    record "$count labs let go, s" vrbench "$(jq .let_go_s "$work/lab")"
                    record "$count labs freed, s" vrbench "$(jq .freed_s "$work/lab")"
                }
                say "$repeat/$repeats: $count labs: $program: $(jq -c . "$work/lab")"
            done
        done
        repeat=$((repeat + 1))
    done
}

table_testbed() {
    echo "One-router bridged labs, built and removed: by vrbench eight at the same time, as by" \
        "\`vrbench up\` with several scenarios. \`down\`: until no name," \
        "process, thread or control group of them is left. What the kernel frees later is not seen by" \
        "anything: for Mininet and ip, the namespaces; for vrbench also the bridges in them (\`freed\`)." \
        "\`bare\`: the kernel's share of vrbench's \`up\` (namespaces, bridges, cables, NAPI threads), as many at the same time."
    echo
    table 'labs' less vrbench mininet ip bare
}
