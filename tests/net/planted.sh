# SPDX-License-Identifier: GPL-3.0-or-later
#
# What root writes into a folder of another user goes nowhere else, even if that user plants links
# there, and belongs to that user. Others read no password, neither of a testbed nor of results.
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 22

USER_ID=65534
victim=$T/victim
mkdir -m 700 "$victim"
# plant TARGET LINK — a link of that user.
plant() { ln -s "$1" "$2" && chown -h $USER_ID:$USER_ID "$2"; }
user_folder() { mkdir "$1" && chown $USER_ID:$USER_ID "$1"; }

cat >"$T/plain.yaml" <<'END'
name: plain
topologies: [direct]
routers: { r1: {} }
networks: { NET0: { router: r1 } }
traffic: { engine: packet, lengths: [64], rates: { pps: [100, 200] }, duration: 100 ms }
END

# --- planted links ------------------------------------------------------------------------------------

user_folder "$T/run"
for file in run.json points.csv report.xlsx report.html; do
    echo "of root" >"$victim/$file"
    plant "$victim/$file" "$T/run/$file.new"
    plant "$victim/$file" "$T/run/$file"
done
for file in points.csv report.xlsx report.html; do
    rm "$T/run/$file" && plant "$victim/$file" "$T/run/$file"
done
rm "$T/run/run.json"
ok "  and there" measured "$T/plain.yaml" -o "$T/run"
for file in run.json points.csv report.xlsx report.html; do
    is "  $file of root is as it was" "$(cat "$victim/$file")" "of root"
done
is "  results belong to the user" \
    "$(stat -c %u "$T/run/run.json" "$T/run/points.jsonl" "$T/run/points.csv" "$T/run/report.xlsx" \
        "$T/run/report.html" | sort -u)" $USER_ID

mkdir -m 700 "$victim/figures"
plant "$victim/figures" "$T/run/figures"
ok "a planted folder for figures is refused" fails "$VRBENCH" report "$T/run"
is "  nothing is written there" "$(ls "$victim/figures")" ""
rm "$T/run/figures"
if command -v gnuplot >/dev/null; then
    ok "figures are drawn" "$VRBENCH" report "$T/run"
    is "  and belong to the user" "$(stat -c %u "$T/run/figures" "$T/run/figures/"* | sort -u)" $USER_ID
else
    skip "figures are drawn" "no gnuplot"
    skip "  and belong to the user" "no gnuplot"
fi

user_folder "$T/home"
ok "new folders below a user's" measured "$T/plain.yaml" -o "$T/home/a/b"
is "  belong to the user" "$(stat -c %u "$T/home/a" "$T/home/a/b" | sort -u)" $USER_ID
plant "$victim" "$T/home/out"
ok "a planted folder for a run is refused" fails "$VRBENCH" run "$T/plain.yaml" -o "$T/home/out/c"

# --- -o FILE ------------------------------------------------------------------------------------------

cd "$T" || exit 1
printf '%s\n' 'NAME STATE CPU(sec) CPU(%) NETTX(k) NETRX(k)' 'r1 -----r 5 1.5 1 2' >in
mknod null c 1 3
mkfifo fifo
echo old >plain
ln -s plain link
stats() { "$VRBENCH" xen-stats --from-xentop in -o "$1"; }
cat fifo >read &
for file in null fifo link; do stats $file </dev/null >/dev/null 2>&1 || diag "$file: $?"; done
wait $!
is "devices, pipes and links stay what they are" "$(stat -c %F null fifo link | tr '\n' ,)" \
    "character special file,fifo,symbolic link,"
like "  what is written to a pipe is read" "$(cat read)" r1
like "  the target of a link is replaced" "$(cat plain)" r1
is "-o /dev/stdout prints" "$(stats /dev/stdout)" "$(cat plain)"
user_folder "$T/theirs"
plant "$victim/run.json" "$T/theirs/stats"
ok "a link of another user is refused" fails stats "$T/theirs/stats"

# --- secrets ------------------------------------------------------------------------------------------

if command -v bird >/dev/null; then
    scenario_routed bird netns bridged
    echo 'protocol rip { ipv4; interface "dummy*" { authentication plaintext; password "hunter2"; }; }' \
        >>"$T/bird.conf"
    ok "a testbed with a password stands" "$VRBENCH" up "$T/bird.yaml"
    is "  others read no record" "$(stat -c %a /run/vrbench /run/vrbench/*.json | tr '\n' ' ')" "711 600 "
    "$VRBENCH" down bird >/dev/null 2>&1
    "$VRBENCH" run "$T/bird.yaml" -o "$T/secret" >/dev/null 2>&1
    "$VRBENCH" report "$T/secret" >/dev/null 2>&1
    ok "  results are there" grep -q '(redacted)' "$T/secret/run.json"
    is "  without it" "$(grep -rl hunter2 "$T/secret")" ""
else
    for i in 1 2 3 4; do skip "secrets" "no bird"; done
fi
