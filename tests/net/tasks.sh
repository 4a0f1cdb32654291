# SPDX-License-Identifier: GPL-3.0-or-later
#
# Five tasks of a new user, each done by the commands of the README, and again by the examples of -h where these
# have one: the commands are taken out of these texts, and executed with shorter loads. What they print must contain
# the answer.
# Runs beside others
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 21

cd "$T" || exit 1
cat >rules.nft <<'END'
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy accept;
        udp dport 7 drop
    }
}
END

# --- texts

# commands HEADING — the indented commands below a heading of the README.
commands() {
    awk -v heading="### $1" '$0 == heading { on = 1; next } /^#/ { on = 0 } on && /^    / { print substr($0, 5) }' \
        "$SOURCE_ROOT/README.md"
}
# example COMMAND TEXT — the example of COMMAND -h that has this explanation.
example() {
    "$VRBENCH" "$1" -h | awk -v text="      $2" '$0 == text { print before } { before = substr($0, 3) }'
}
# explained COMMANDS — prints each option of these commands that neither the command's -h nor vrbench -h has.
explained() {
    printf '%s\n' "$1" | sed 's/^sudo //' | while read -r _ subcommand rest; do
        "$VRBENCH" -h | grep -q "^  $subcommand " || echo "$subcommand"
        for word in $rest; do
            case $word in
            -*) "$VRBENCH" "$subcommand" -h | grep -q -- "^ .*${word}[ ,]" || echo "$subcommand $word" ;;
            esac
        done
    done
}
# execute COMMANDS LOADS — executes them in order, what they print in $T/answer. Only topologies, time and loads are
# less than the text says (not the loads of --rates-from). Exit status 4 is that of a disturbed machine.
execute() {
    : >answer
    printf '%s\n' "$1" | sed 's/^sudo //' >commands
    while read -r program subcommand rest; do
        [ "$program" = vrbench ] || { echo "no command of vrbench: $program"; return 1; }
        shorter=
        case $subcommand in
        run) shorter="--no-stability-check --attempts 1 --engine packet --topology bridged --duration 60ms $2" ;;
        # Other programs may have disturbed every point; here they are to be compared all the same.
        compare)
            for folder in $rest; do
                jq -c '.valid = true | del(.why_invalid)' "$folder/points.jsonl" >points &&
                    mv points "$folder/points.jsonl" || return 1
            done
            ;;
        esac
        case $rest in
        *--rates-from*) shorter=${shorter%--pps*} ;;
        esac
        # shellcheck disable=SC2086,SC2046 # lists of words
        "$VRBENCH" $subcommand $(printf '%s' "$rest" | sed 's/--repeats [0-9]*/--repeats 2/') $shorter \
            >>answer 2>>err </dev/null
        execute_status=$?
        case $execute_status in
        0 | 4) ;;
        *)
            echo "exit status $execute_status of: $program $subcommand $rest"
            cat answer err
            return 1
            ;;
        esac
    done <commands
    [ -s commands ] && [ -s answer ]
}
# task NAME COMMANDS LOADS PATTERN... — three checks: options are explained, the commands work, and the answer has a
# match of each pattern.
task() {
    task_name=$1
    task_commands=$2
    task_loads=$3
    shift 3
    is "$task_name: -h explains each option" "$(explained "$task_commands")" ""
    ok "  the commands work" execute "$task_commands" "$task_loads"
    # Lines are wrapped at the terminal's width.
    tr '\n' ' ' <answer >flat
    task_missing=
    for pattern; do
        grep -Eq -e "$pattern" flat || task_missing="$task_missing [$pattern]"
    done
    is "  the output has the answer" "$task_missing" ""
    [ -z "$task_missing" ] || sed 's/^/# /' answer
}

# --- by the README

cost='64-byte packets: (bridging takes|no load was carried both)'
lost='bridged, 64-byte packets, [0-9,]+ pps offered[^:]*: lost of .*NET0 \(r1t3\) .*NET1 \(r2t3\) .*where: '
held='64-byte packets: the cap of r1, 30 % of a CPU, was (held: [0-9.]+ % used|not tested)'

both="--topology dedicated --pps 5k"
task "what bridging costs" "$(commands "What does bridging cost at 64 bytes?")" "$both" "$cost"
task "which router loses, and where" "$(commands "Which router loses packets, and where?")" "--pps 5k,200k,900k" "$lost"
if "$VRBENCH" run --check --set routers.r1.cap=30 >/dev/null 2>&1; then
    task "a cap and its proof" "$(commands "Limit r1 to 30 % of a CPU, and prove that the cap holds")" "--pps 300k" "$held"
else
    for what in options commands answer; do skip "a cap: $what" "no cap can be held here"; done
fi
task "my nftables rules" "$(commands "Measure my nftables rules")" "--pps 5k" \
    '(max rate|router ns)' 'filtered'
is "  which the router had" "$(jq -r '.scenario | tostring' filtered/run.json | grep -c 'udp dport 7 drop')" 1
task "yesterday and today" "$(commands "Compare yesterday with today")" "--pps 5k" "(same|better|worse|can't tell)" \
    'today'

# --- by -h

by_help() { # NAME COMMAND EXPLANATION LOADS PATTERN
    by_help_commands=$(example "$2" "$3")
    : >answer
    execute "${by_help_commands:-nothing}" "$4" >log 2>&1
    cat log >>answer
    like "-h: $1" "$(tr '\n' ' ' <answer)" "$5"
}
by_help "what bridging costs" run "what one router carries, and what bridging costs" "$both" "$cost"
by_help "which router loses, and where" run "which router loses packets, and where" "--pps 5k,200k,900k" "$lost"
if "$VRBENCH" run --check --set routers.r1.cap=30 >/dev/null 2>&1; then
    by_help "a cap and its proof" run "limit a router's CPU time, and prove that the cap holds" "--pps 300k" "$held"
else
    skip "-h: a cap" "no cap can be held here"
fi
by_help "my nftables rules" run "measure a router with your nftables rules" "--pps 5k" 'Results: default-'
by_help "yesterday and today" compare "what is better, worse or the same" "--pps 5k" "(same|better|worse|can't tell)"
