# SPDX-License-Identifier: GPL-3.0-or-later
#
# inside/xen_lives.sh — a router is rebooted, destroyed, made anew and panics while its neighbour goes on
# forwarding; and what a run that is killed leaves is cleaned up.
. "${0%/*}/xen_lib.sh"
plan 25

scenario two bridged "r1t3: { on_crash: restart }, r2t3: { weight: 256 }" \
    "NET0: { router: r1t3 }, NET1: { router: r2t3 }" 64 100 "1 s"
machine_snapshot "$T/before"
ok "two routers stand" vrbench up "$T/two.yaml"
ok "  both carry packets" wait_for 60 reaches two 0
ok "  each its own" wait_for 60 reaches two 1
is "  and are listed" "$(vrbench list --json | jq -r 'map(.name + " " + .state) | join(", ")')" \
    "host running, r1t3 running, r2t3 running"

# Both are loaded; of the neighbour's packets those that came back in a time are counted.
vrbench console two/source -- ping -D -i 0.1 198.19.1.2 >"$T/neighbour" 2>&1 &
loads=$!
vrbench console two/source -- ping -i 0.1 198.19.0.2 >/dev/null 2>&1 &
loads="$loads $!"
at_exit "kill $loads"
# replies FROM TO — in those seconds since 1970.
replies() { awk -v a="$1" -v b="$2" '/bytes from/ { t = substr($1, 2) + 0; n += t >= a && t <= b }
    END { print n + 0 }' "$T/neighbour"; }
# beside TEXT COMMAND... — the command is done, and meanwhile the neighbour forwarded.
beside() {
    beside_text=$1
    shift
    beside_from=$(date +%s)
    ok "$beside_text" "$@"
    beside_to=$(date +%s)
    # A second at either end belongs to neither.
    beside_replies=$(replies "$((beside_from - 1))" "$((beside_to + 1))")
    diag "$((beside_to - beside_from)) s, $beside_replies replies through the other"
    ok "  the other forwards on" [ "$beside_replies" -gt $((beside_to - beside_from)) ]
}
forwards() { grep -q 'bytes from' "$T/neighbour"; }
ok "under load" wait_for 60 forwards
was=$(domain r1t3 | xargs -r xl domid)
beside "one is rebooted" vrbench reboot r1t3
ok "  it is another domain" [ "$(xl domid "$(domain r1t3)")" -gt "$was" ]
ok "  and forwards" wait_for 60 reaches two 0
beside "it is destroyed" vrbench destroy r1t3
is "  for Xen, too" "$(domains | wc -l)" 1
beside "it is created anew" vrbench create r1t3
ok "  and forwards" wait_for 60 reaches two 0

before=$(field r1t3 restarts)
(vrbench console r1t3 -- sh -c 'echo c >/proc/sysrq-trigger') >/dev/null 2>&1 &
beside "its kernel panics: it is restarted" wait_for 180 more_than r1t3 restarts "$before"
ok "  and forwards" wait_for 60 reaches two 0
# shellcheck disable=SC2086
kill $loads
ok "they are taken down" vrbench down two
is "  no domain is left" "$(domains)" ""

scenario killed bridged "r1t3: {}" "NET0: { router: r1t3 }" 64 "100, 200, 300, 400" "5 s"
start_run "$T/killed.yaml" -o "$T/killed"
ok "a run begins" wait_for 180 has_points "$T/killed" 1
kill -KILL "$run_pid"
end_run
ok "killed, it leaves its domain" domain r1t3
ok "  cleanup removes what it left" vrbench cleanup
is "  the domain, too" "$(domains)" ""
unchanged "  nothing is left" "$T/before"
