#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a router gets whenever it starts: settings, nftables rules, commands. They hold after up, reboot,
# restart and create, and packets meet the rules in a run. What can't be applied ends the command and
# leaves nothing.
# Runs beside others.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 35

machine_snapshot "$T/before"
cat >"$T/rules.nft" <<'END'
table ip lab {
	chain passing {
		type filter hook forward priority 0; policy accept;
		meta l4proto udp counter
	}
}
END
# scenario KEYS [TOPOLOGIES] — in $T/lab.yaml
scenario() {
    cat >"$T/lab.yaml" <<END
name: lab
topologies: [${2:-bridged}]
routers:
  r1: { $1 }
networks:
  NET0: { router: r1 }
traffic: { engine: packet, lengths: [64], rates: { pps: [1000] }, duration: 300 ms }
END
}
echo "a file of the lab" >"$T/lab.txt"
head -c 30000 /dev/zero | tr '\0' x >"$T/long.txt"
printf '\303\244' >>"$T/long.txt"
touch "$T/empty.txt"
# Links of this computer, to a file and a folder elsewhere.
mkdir "$T/links" "$T/out" "$T/own"
echo "of this computer" >"$T/own/own.txt"
ln -s ../own/own.txt "$T/links/file"
ln -s ../out "$T/links/folder"
keys='files: { /etc/vrbench-lab/deep/lab.txt: lab.txt, /etc/hostname: lab.txt, /opt/vrbench-long: long.txt,
        /etc/vrbench-empty: empty.txt, '"$T/links/file: lab.txt, $T/links/folder/lab.txt"': lab.txt },
        sysctl: { net.ipv4.ip_default_ttl: 77 }, nft: rules.nft,
        run: ["test -s /etc/vrbench-lab/deep/lab.txt", "ip route add 203.0.113.0/24 dev eth1", "ip link add br7 type bridge"]'
inside() { vrbench console r1 -- "$@" 2>&1; }
has_all() { # — whether the router has its setting, rules and route
    [ "$(inside cat /proc/sys/net/ipv4/ip_default_ttl)" = 77 ] && inside nft list ruleset | grep -q 'chain passing' &&
        inside ip route | grep -q '^203.0.113.0/24 dev eth1' && inside ip link show br7 >/dev/null
}

scenario "$keys"
has_files() {
    [ "$(inside cat /etc/vrbench-lab/deep/lab.txt)" = "a file of the lab" ] && inside test -f /etc/vrbench-empty &&
        [ "$(inside cat /etc/hostname)" = "a file of the lab" ] && [ "$(inside cat /opt/vrbench-long | md5sum)" = "$(md5sum <"$T/long.txt")" ] &&
        [ "$(inside cat "$T/links/file")" = "a file of the lab" ] && [ "$(inside cat "$T/out/lab.txt")" = "a file of the lab" ]
}
of_this_computer() { cat /etc/hostname /etc/passwd "$T/own/own.txt" | md5sum; find "$T/links" "$T/out" "$T/own" -ls; find /etc /opt -xdev -newer "$T/before" | sort; }
before=$(of_this_computer)
ok "a testbed stands" vrbench up "$T/lab.yaml"
ok "  the router has its settings, rules and routes" has_all
ok "  and its files" has_files
ok "  beside those of this computer" inside test -s /etc/passwd
ok "  it may write beside them" inside sh -c 'echo more >>/etc/passwd && echo x >/etc/vrbench-own'
is "  this computer has neither" "$(of_this_computer)" "$before"
is "  those of this namespace are what they were" "$(cat /proc/sys/net/ipv4/ip_default_ttl)" 64
inside ip route del 203.0.113.0/24 >/dev/null
ok "rebooted" vrbench reboot r1
ok "  it has them again" has_all
ok "  and its files, and no others" eval 'has_files && ! inside test -e /etc/vrbench-own'
kill -KILL "$(recorded r1 first)"
ok "killed, it is restarted" wait_for 60 field_is r1 restarts 1
ok "  and has them again" wait_for 20 has_all
ok "  and its files" has_files
ok "destroyed" vrbench destroy r1
rm "$T/rules.nft" "$T/lab.txt"
ok "created again, although the files have gone" vrbench create r1
ok "  it has them again" has_all
ok "  and its files" has_files
ok "the testbed is taken down" vrbench down lab
is "  this computer has none of the files" "$(of_this_computer)" "$before"
unchanged "  nothing is left" "$T/before"

# --- in a run --------------------------------------------------------------------------------------
printf 'table ip lab {\n\tchain passing {\n\t\ttype filter hook forward priority 0; policy accept;\n\t\tmeta l4proto udp drop\n\t}\n}\n' >"$T/rules.nft"
scenario "nft: rules.nft" "bridged, dedicated"
ok "a run with rules that drop everything" measured "$T/lab.yaml" -o "$T/run"
ok "  loses everything" jq -es 'length == 2 and all(.networks[0].tx > 0 and .networks[0].rx == 0)' "$T/run/points.jsonl"
ok "  every sum holds" points_sane "$T/run"
is "  run.json has the rules" "$(jq -r .scenario.rulesets.r1.text "$T/run/run.json")" "$(cat "$T/rules.nft")"
echo "# changed" >>"$T/rules.nft"
ok "  with other rules it is not resumed" exits 2 vrbench run --resume "$T/lab.yaml" -o "$T/run"
unchanged "  nothing is left" "$T/before"

# --- what can't be applied ---------------------------------------------------------------------------
scenario 'run: ["ip route add 203.0.113.0/24 dev eth7"]'
ok "a command that fails ends up: exit status 1" exits 1 vrbench up "$T/lab.yaml"
like "  it and its message are named" "$(cat "$T/ok.log")" 'router r1: run "ip route add 203.0.113.0/24 dev eth7": exit status 1: Cannot find device "eth7"'
scenario 'sysctl: { net.ipv4.no_such: 1 }'
ok "so does a setting that there is not" exits 1 vrbench up "$T/lab.yaml"
like "  which is named" "$(cat "$T/ok.log")" 'router r1: sysctl net.ipv4.no_such: exit status'
scenario 'run: [no-such-program now]'
ok "a missing program is reported before anything is made: exit status 3" exits 3 vrbench up "$T/lab.yaml"
like "  by name" "$(cat "$T/ok.log")" "no program no-such-program"
unchanged "  nothing is left" "$T/before"
scenario 'nft: none.nft, sysctl: { kernel.panic: 1, "net..x": 1 }, run: ["", "echo ''"]'
ok "mistakes are reported with their positions: exit status 2" exits 2 vrbench run --check "$T/lab.yaml"
is "  all of them" "$(grep -c 'lab.yaml:4:[0-9]*: \(nft\|sysctl\|run\): ' "$T/ok.log")" 4
