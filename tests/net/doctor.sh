# SPDX-License-Identifier: GPL-3.0-or-later
#
# doctor reports the abilities of the machine, and what provides missing ones; a machine with
# fewer abilities still works with limits, which doctor reports.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 43

machine_snapshot "$T/before"
"$VRBENCH" doctor --json >"$T/root.json" 2>"$T/root.err"
is "doctor as root finds all that is needed" "$?" 0 || sed 's/^/# /' "$T/root.err" "$T/root.json"
ok "  in JSON: subject, level, what was found" jq -e '
    length > 5 and all(.[]; (.subject | length > 0) and (.found | length > 0) and
        (.level == "good" or .level == "limit" or .level == "missing"))' "$T/root.json"
ok "  nothing is missing" jq -e 'all(.[]; .level != "missing")' "$T/root.json"
ok "  what isn't good says what follows and what mends it" jq -e '
    all(.[]; (.level == "good") == ((.follows == null) and (.mends == null)))' "$T/root.json"
for subject in kernel rights "network settings" CPUs "namespaces and veth" bridges "threaded NAPI" "CPU control groups" \
    steal; do
    ok "  there is a finding of: $subject" \
        jq -e --arg s "$subject" 'map(select(.subject == $s)) | length == 1' "$T/root.json"
done
"$VRBENCH" doctor >"$T/root.txt" 2>&1
is "for people it has a line a finding, and nothing like a colour in a pipe" \
    "$? $(grep -cE '^  (ok|limit|MISSING) ' "$T/root.txt") $(grep -c "$(printf '\033')" "$T/root.txt")" \
    "0 $(jq length "$T/root.json") 0"
conforms "its JSON is as described" doctor "$T/root.json"
unchanged "it leaves nothing" "$T/before"

# --- the tester alone ----------------------------------------------------------------------------

# A row is exact to 0.01 %, or to one packet. A stall at the end of the sending time delays the last packets of a row
# that is valid all the same, so the tester is measured up to three times.
exact='all(.[]; (.valid | not) or .requested_pps == null or (.pacing_error_ppm | fabs) <= 100 or
    ((.sent_pps - .requested_pps) | fabs) <= 1)'
for _ in 1 2 3; do
    "$VRBENCH" doctor --tester --json >"$T/tester.json" 2>"$T/tester.err"
    tester_status=$?
    ! jq -e "$exact" "$T/tester.json" >/dev/null || break
done
is "doctor --tester measures" "$tester_status" 0 || sed 's/^/# /' "$T/tester.err"
ok "  both engines, at seven loads each" jq -e '
    group_by(.engine) | map(map(has("sent_pps")) | length == 7 and all) | length == 2 and all' \
    "$T/tester.json"
# Noise makes a row invalid.
ok "  a valid row sends what was requested" jq -e "$exact" "$T/tester.json"
ok "  an invalid one says why" jq -e 'all(.[]; .valid == (.why_invalid == null))' "$T/tester.json"
conforms "  the JSON is as described" tester "$T/tester.json"
unchanged "  nothing is left" "$T/before"
ok "  not together with --platform" exits 2 "$VRBENCH" doctor --tester --platform xen

ok "it takes no operands" exits 2 "$VRBENCH" doctor here

# --- without rights ------------------------------------------------------------------------------

mkdir -m 755 /run/open
cp "$VRBENCH" "$VRBENCH-full" /run/open
chmod 755 /run/open/vrbench
setpriv --reuid=65534 --regid=65534 --clear-groups /run/open/vrbench doctor --json \
    >"$T/nobody.json" 2>"$T/nobody.err"
is "doctor as an unprivileged user ends with status 3" "$?" 3 || sed 's/^/# /' "$T/nobody.err"
ok "  says that root is missing, and sudo mends it" jq -e '
    any(.[]; .subject == "rights" and .level == "missing" and (.mends | test("sudo")))' \
    "$T/nobody.json"

cat >"$T/small.yaml" <<'END'
name: small
routers: { r1t3: {} }
networks: { NET0: { router: r1t3 } }
traffic: { lengths: [64], rates: { pps: [300] }, duration: 100 ms }
END
# robbed CAPABILITY COMMAND... — as root, but without that right.
robbed() {
    right=$1
    shift
    setpriv --bounding-set "-$right" --inh-caps "-$right" "$@"
}
for right in net_admin sys_admin; do
    robbed $right "$VRBENCH" doctor --json >"$T/$right.json" 2>"$T/$right.err"
    is "doctor without CAP_$right ends with status 3" "$?" 3 || sed 's/^/# /' "$T/$right.err"
    ok "  says what is missing and what follows" jq -e '
        map(select(.level == "missing")) | length > 0 and all(.[]; (.follows | length > 0) and
            (.mends | length > 0))' "$T/$right.json" || sed 's/^/# /' "$T/$right.json"
    robbed $right "$VRBENCH" run "$T/small.yaml" -o "$T/none-$right" >"$T/run.log" 2>&1
    is "  a run does so, too" $? 3 || sed 's/^/# /' "$T/run.log"
    unchanged "  which leaves nothing" "$T/before"
done

# --- where /proc/sys is read-only, as in containers -----------------------------------------------

# sealed COMMAND... — in a mount namespace in which that is so.
sealed() {
    unshare -m sh -c 'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys &&
        exec "$@"' sh "$@"
}
sealed "$VRBENCH" doctor --json >"$T/sealed.json" 2>"$T/sealed.err"
is "doctor where /proc/sys is read-only ends with status 3" "$?" 3 || sed 's/^/# /' "$T/sealed.err"
ok "  says so and what mends it" jq -e '
    any(.[]; .subject == "network settings" and .level == "missing" and
        (.found | test("read-only")) and (.mends | test("remount,rw")))' "$T/sealed.json"
sealed "$VRBENCH" run "$T/small.yaml" -o "$T/none-sealed" >"$T/run.log" 2>&1
is "  a run does so, too" "$? $(grep -c 'is mounted read-only' "$T/run.log")" "3 1" ||
    sed 's/^/# /' "$T/run.log"
unchanged "  which leaves nothing" "$T/before"

# --- with one CPU --------------------------------------------------------------------------------

first=$(taskset -cp $$ | sed 's/.*: *//; s/[,-].*//')
taskset -c "$first" "$VRBENCH" doctor --json >"$T/one.json" 2>&1
ok "with one CPU, doctor reports the limit" jq -e '
    any(.[]; .subject == "CPUs" and .level == "limit")' "$T/one.json"
taskset -c "$first" "$VRBENCH" run "$T/small.yaml" -o "$T/one" >"$T/one.log" 2>&1
like "  and a run succeeds" "$?" "^[04]$" || sed 's/^/# /' "$T/one.log"
like "  with a warning" "$(cat "$T/one.log")" "share CPUs"
ok "  run.json says that tester and device under test shared it" \
    jq -e --arg cpu "$first" '.placement |
        .shared and .dut_cpus == $cpu and .tester_cpus == $cpu' "$T/one/run.json"
ok "  and so do the points" jq -es '
    length == 3 and all(.[]; .networks[0].lost == 0 and
        (.topology == "direct" or (.processors | map(.used_by) == ["shared"])))' "$T/one/points.jsonl"
