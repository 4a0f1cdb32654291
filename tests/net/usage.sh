# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a user types by hand: scenarios by name, from standard input and without a file, options that
# change them, and what a dry run prints. Only --resume measures, some milliseconds.
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 100

cd "$T" || exit 1

# --- scenarios

total() { "$VRBENCH" run --dry-run --json "$@" | jq '[.[].points] | add'; }
is "without a file, the default is measured" "$(total)" 45
is "a scenario is found by its name" "$(total scenario-1 --topology direct)" 78
like "  and a misspelt name is corrected" "$("$VRBENCH" run scenario1 --dry-run 2>&1)" \
    'did you mean "scenario-1"\?$'
ok "init writes a scenario" "$VRBENCH" init mine.yaml
is "  which is named after its file" "$(grep -c '^name: mine$' mine.yaml)" 1
ok "  and is not replaced by another one" exits 2 "$VRBENCH" init mine.yaml
sed 's/^# \(repeats\|expect\)/\1/; s/^  # \(repeats\)/  \1/' mine.yaml >uncommented.yaml
is "  as it is with its examples" "$("$VRBENCH" run --check uncommented.yaml 2>&1 | head -n 1)" \
    "scenario mine on platform netns: valid"
is "  without the licence of vrbench's own files" "$(grep -c SPDX mine.yaml)" 0
is "  and a name that a shell takes" "$("$VRBENCH" init "my file.yaml")" \
    "my file.yaml: written; sudo vrbench run 'my file.yaml' measures it"
is "  and is valid, from standard input too" "$("$VRBENCH" run --check - <mine.yaml | head -n 1)" \
    "scenario mine on platform netns: valid"
printf '\0expect: [' | cat mine.yaml - >nul.yaml
ok "  but not beyond a NUL byte" sh -c '! "$VRBENCH" run --check - <nul.yaml 2>err && grep -q "a NUL byte" err'

# --- options that contradict each other

for wrong in "list --platform qemu:///system --state crashed" "run --check --json" "run --dry-run --resume -o r --seed 1" \
    "predict none --for default --wait-quiet 5"; do
    # shellcheck disable=SC2086 # several words
    ok "refused: $wrong" exits 2 "$VRBENCH" $wrong
done
ok "results need a folder with a name" exits 2 "$VRBENCH" run mine.yaml scenario-1 -o ""
ok "  of a comparison, too" exits 2 "$VRBENCH" ab mine.yaml mine.yaml -o ""
sed 's/^topologies:.*//' mine.yaml >linked.yaml
cat >>linked.yaml <<'END'
links: { NET0: { source: e0, ingress: e1, egress: e2, sink: e3 } }
END
ok "direct has no links" exits 2 "$VRBENCH" up linked.yaml -t direct

# --- options

is "options change what is measured" "$("$VRBENCH" run --dry-run --json --topology bridged \
    --length 64,1500 --pps 10k,1.5M --duration 2 --repeats 3 | jq -c '.[1]
    | [.topology, .length, .loads, .lowest_pps, .highest_pps, .points, .duration_s]')" \
    '["bridged",1500,2,10000,1500000,6,2]'
is "  also rates in bits, in steps: packets of 1000 bytes" "$("$VRBENCH" run --dry-run --json --topology bridged \
    --length 1000 --rate 8Mbit/s:24Mbit/s:8Mbit/s | jq -c '.[0] | [.loads, .lowest_pps, .highest_pps]')" '[3,1000,3000]'
is "    or one" "$("$VRBENCH" run --dry-run --json --topology bridged --length 1000 --rate 8Mbit/s |
    jq -c '.[0] | [.loads, .lowest_pps, .highest_pps]')" '[1,1000,1000]'
for rate in 8Mbit/s:24Mbit/s 8X 24Mbit/s:8Mbit/s:8Mbit/s; do
    "$VRBENCH" run --dry-run --rate $rate >/dev/null 2>err
    like "    not $rate, and the message names the option" "$? $(cat err)" "^2 .*--rate $rate"
done
# seconds ARG... — the time that a dry run states, of all points.
seconds() { "$VRBENCH" run --dry-run --json "$@" --topology bridged --length 64 --pps 1k | jq '[.[].about_s] | add'; }
# Besides the trials, each point and the testbed take some time.
ok "a dry run states at least the time of the trials" between "$(seconds --duration 10 --repeats 6)" 60 90
is "  which grows with them" \
    "$(echo "$(seconds --duration 20 --repeats 6) $(seconds --duration 10 --repeats 6)" | awk '{ print $1 - $2 }')" 60
like "  in words, too" "$("$VRBENCH" run --dry-run --topology bridged --length 64 --pps 1k --duration 10 --repeats 6)" \
    '^6 points, about 6[0-9] s'
is "  also the number of routers, and any key" "$("$VRBENCH" run --check --topology bridged \
    --routers 3 --set routers.r2.cap=30 --set networks.NET1.vlan=7 |
    grep -cE '^   router r[123] |^   r[123] ')" 3
"$VRBENCH" run --check --length 5x --set trafic.duration=2s --repeats 0 2>err
is "  and each problem names its option" "$(sed 's/: .*//' err)" "--length 5x
--repeats 0
--set trafic.duration=2s"
like "  and what is misspelt" "$(cat err)" 'unknown key "trafic"; did you mean "traffic"\?'

is "  and a router that no network passes" "$("$VRBENCH" run scenario-1 --check --set routers.r1.cap=30 2>&1)" \
    '--set routers.r1.cap=30: no network passes a router "r1"; routers here: r1t3'
like "two scenarios of one name are refused before anything is measured" \
    "$("$VRBENCH" run mine.yaml mine.yaml -o twice 2>&1)" 'have the same name, mine'
ok "  and nothing is made" [ ! -e twice ]
like "search takes these options, and the default" \
    "$("$VRBENCH" search --set routers.r9.cap=30 2>&1)" 'routers here: r1$'
like "up refuses two scenarios of one name" "$("$VRBENCH" up mine.yaml mine.yaml 2>&1)" 'have the same name, mine'
like "up refuses a name that is none" "$("$VRBENCH" up mine.yaml --name "" 2>&1)" '^vrbench: --name: expected a name of'

# --- standard streams

"$VRBENCH" -V >/dev/full 2>err
is "a full disk is reported, of a text" "$?" 1
"$VRBENCH" help >/dev/full 2>err
is "  and of help" "$?" 1
timeout 20 "$VRBENCH" run --dry-run 2>err >&-
is "a closed standard output is an error" "$?" 1
timeout 20 "$VRBENCH" run --check - <&- 2>err
is "  and so is standard input" "$?" 2

# --- a changed scenario is measured, and continued

changes="--no-stability-check --topology direct --engine packet --pps 100,200 --duration 50ms"
ok "a changed scenario is measured" measured -o run $changes --set 'traffic.lengths=[80]'
is "  as it was changed" "$(jq -c '[.length, .requested_pps]' run/points.jsonl | sort | tr '\n' ' ')" \
    "[80,100] [80,200] "
is "  and recorded" "$(jq -r .scenario.text run/run.json | sed -n '/pps:/,/duration/p')" "    pps:
      - 100
      - 200
  duration: 50ms"
ok "  and continued by the same options" measured --resume -o run $changes \
    --set 'traffic.lengths=[80]'
sed -i '$d' run/points.jsonl
jq '.status = "interrupted"' run/run.json >changed && mv changed run/run.json
ok "  and by its folder alone" measured --resume --no-stability-check -o run
is "  whose own loads are measured" "$(jq -c '[.topology, .length, .requested_pps]' run/points.jsonl | sort | tr '\n' ' ')" \
    '["direct",80,100] ["direct",80,200] '
like "  but not without a run" "$("$VRBENCH" run --resume -o nothing 2>&1)" 'there is no run to be resumed: nothing'

# --- help

like "help shows a command's options and examples" "$("$VRBENCH" help ls)" '^Examples:$'
commands=$("$VRBENCH" help | sed -n 's/^  \([a-z-]*\).*/\1/p')
is "  each, and the list of them, in 80 columns" "$(for each in "" $commands; do
    # shellcheck disable=SC2086 # one word or two
    "$VRBENCH" help $each
done | sed -E '/^.{81}/!d')" ""
is "-V prints the version" "$("$VRBENCH" -V)" "$("$VRBENCH" --version)"
like "a misspelt command is corrected" "$("$VRBENCH" lisst 2>&1)" 'did you mean "list"\?$'
like "  and an option" "$("$VRBENCH" run --lenght 64 2>&1)" 'did you mean --length\?$'
like "  and a value" "$("$VRBENCH" up --topology brigded 2>&1)" 'did you mean "bridged"\?$'

# --- two testbeds of one scenario

ok "one scenario is built under two names" sh -c '"$VRBENCH" up mine.yaml --name one &&
    "$VRBENCH" up mine.yaml --name two --routers 2'
is "list shows both" "$("$VRBENCH" ls --json | jq -r '.[] | .testbed + "/" + .name' | tr '\n' ' ')" \
    "one/host one/r1 two/host two/r1 two/r2 "
like "  with units" "$("$VRBENCH" ls --testbed one)" '^one +r1 +1 +running +[0-9.]+ [KM]iB '
is "  or one" "$("$VRBENCH" list --testbed two --state running --json | jq length)" 2
is "  or none" "$("$VRBENCH" list --state crashed)" "no such routers"
"$VRBENCH" list --long --json >long
is "  with owner and addresses" "$(jq -r '.[] | select(.testbed == "two" and .name == "r2")
    | [.owner, .addresses] | @tsv' long)" "$(id -un)	198.18.1.1/24 198.19.1.1/24"
ok "  and a process that lives" kill -0 "$(jq '.[] | select(.testbed == "one" and .name == "r1").pid' long)"
is "  in 80 columns" "$("$VRBENCH" list --long | awk '{ print (length > 80) }' | sort -u)" 0
is "exec runs a command in a router" "$("$VRBENCH" exec two/r2 -- hostname)" r2
ok "  and requires one" exits 2 "$VRBENCH" exec two/r2
is "inspect prints what is recorded" "$("$VRBENCH" inspect two/r2 |
    jq -c '.[0] | [.testbed, .name, .state, .allocation.weight]')" '["two","r2","running",256]'
is "  of a testbed" "$("$VRBENCH" inspect one | jq -r '.[0].topology')" bridged

# --- namespaces for ip netns

named() { ip netns list | sed 's/ .*//' | LC_ALL=C sort | tr '\n' ' '; }
is "a testbed has no names of its own accord" "$(named)" ""
ok "--named" "$VRBENCH" up mine.yaml --name lab --named
is "  shows each node to ip netns" "$(named)" "lab-host lab-r1 lab-sink lab-source "
is "  by which commands run in it" "$(ip netns exec lab-r1 ip -o link | grep -c ': eth[01]@')" 2
"$VRBENCH" reboot lab/r1 >/dev/null
is "  also after a reboot" "$(stat -Lc %i /run/netns/lab-r1)" \
    "$(stat -Lc %i /run/vrbench/"$("$VRBENCH" inspect lab | jq -r '.[0].id')"/ns-r1)"
ip netns add other-r1
ok "  and never takes the name of another one" exits 2 "$VRBENCH" up mine.yaml --name other --named
is "  which remains" "$(named)" "lab-host lab-r1 lab-sink lab-source other-r1 "
ip netns delete other-r1
ip netns delete lab-r1
kill -KILL "$(owner)"
"$VRBENCH" list >/dev/null
ok "  the next owner gives a missing name again" wait_for 10 ip netns exec lab-r1 true
kill -KILL "$(owner)"
ok "  a testbed whose owner was killed is removed" "$VRBENCH" down lab
is "  with its names" "$(named)" ""

# --- users who may only look

sed 's/^  #.*//; s/^  r1: {}.*/  r1: { run: ["true secret-word"] }/' mine.yaml >told.yaml
mkdir /run/bin && cp "$VRBENCH" "$(dirname "$VRBENCH")/vrbench-full" /run/bin/
as_user() { setpriv --reuid=65534 --regid=65534 "$@" 2>&1; }
like "without the group, nobody but root looks" \
    "$(as_user --clear-groups /run/bin/vrbench list)" 'requires the group vrbench, which this machine does not have'
{ cat /etc/group && echo "vrbench:x:61234:"; } >group
chmod 644 group
mount --bind group /etc/group
ok "a testbed of a machine with the group" "$VRBENCH" up told.yaml --name shown
member() { as_user --groups=61234 /run/bin/vrbench "$@"; }
is "  is listed for its members" "$(member list --testbed shown --json | jq -r '.[] | .name' | tr '\n' ' ')" "host r1 "
like "  and watched" "$(member top -b -n 1 -d 0.1)" "shown/r1 "
member inspect shown >inspected
is "  and inspected" "$(jq -c '.[0] | [.testbed, .topology, .routers[0].state]' inspected)" \
    '["shown","bridged","running"]'
ok "  without what only root may know" fails grep -qE 'secret-word|"text"|"platform"|"settings"' inspected
like "  but not for others" "$(as_user --clear-groups /run/bin/vrbench list)" 'in which this process is not'
cat >ask.py <<'END'
import os, socket
os.setgroups([61234]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
s.connect("/run/vrbench/owner.sock")
s.sendall(b'{"do": "down", "name": "shown", "uid": 0}\n')
print(s.recv(65536).decode())
END
like "  and a request of theirs changes nothing" "$(python3 ask.py)" '"down\\" requires root: user 65534 may only look'
cat >flood.py <<'END'
import os, socket
os.setgroups([61234]); os.setgid(65534); os.setuid(65534)
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect("/run/vrbench/owner.sock")
    s.settimeout(20)
    return s
def is_open(s): # whether it answers
    try:
        s.sendall(b'{"do": "inspect"}\n')
        return s.recv(65536) != b''
    except (BrokenPipeError, ConnectionResetError):
        return False
flood = connect()
try:
    for _ in range(10000):
        flood.sendall(b'{"do": "inspect"}\n' * 100)
    print("taken", end=" ")
except (BrokenPipeError, ConnectionResetError):
    print("closed", end=" ")
flood.close()
several = connect()
several.sendall(b'{"do": "inspect"}\n' * 150) # less than a member may send at once
answers = b''
while answers.count(b'\n') < 150:
    answers += several.recv(65536)
several.close()
print(answers.count(b'\n'), sum(is_open(s) for s in [connect() for _ in range(80)]))
END
is "  who send too much, or connect too often, are disconnected" "$(python3 flood.py)" "closed 150 64"
# Without a free descriptor the owner rests between attempts to accept.
owner_ticks() { awk '{ print $14 + $15 }' "/proc/$(owner)/stat"; }
files=$(prlimit --pid "$(owner)" --nofile --noheadings --output SOFT | tr -d ' ')
prlimit --pid "$(owner)" --nofile=3:
"$VRBENCH" list >listed &
lister=$!
before=$(owner_ticks)
sleep 1
ok "an owner that can't accept a connection does not spin" [ $(($(owner_ticks) - before)) -le 25 ]
prlimit --pid "$(owner)" --nofile="$files":
wait $lister
ok "  and accepts it later" grep -q shown listed
ok "root removes the testbed" "$VRBENCH" down shown
umount /etc/group

# --- completion, in shells

for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null; then
        for what in commands values routers files; do skip "$shell completes $what" "$shell is not installed"; done
        continue
    fi
    typed() { "$SOURCE_ROOT/tests/net/lib/type.py" $shell "vrbench $1"; }
    is "$shell completes commands" "$(typed ini)" init
    is "  and values of options" "$(typed "run --topology dir")" "run --topology direct"
    is "  and routers that exist" "$(typed "cpu one/r")" "cpu one/r1"
    is "  and files" "$(typed "run --check min")" "run --check mine.yaml"
done

ok "down --all removes all" "$VRBENCH" down --all
