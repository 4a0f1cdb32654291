# SPDX-License-Identifier: GPL-3.0-or-later
#
# Plans from contracts and a recorded run of one router: tables, JSON, scenarios that run accepts, and
# contracts files that are refused.
#
# Runs beside others: it measures nothing.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 22

recorded=$SOURCE_ROOT/tests/net/golden/one-router
cat >"$T/isp.yaml" <<'END'
name: isp
host: { cpus: 1, nics: 2, count: 2 }
contracts:
  gold: { rate: 20000, length: 64, loss: 5 %, price: 50, priority: 1 }
  silver: { rate: 20000, length: imix, loss: 5 %, price: 30 }
  bronze: { rate: 20000, length: 1500, loss: 5 %, price: 10 }
  whale: { rate: 60000000, length: 64, loss: 5 %, price: 900 }
  jumbo: { rate: 100, length: 9000 }
END
advise() { "$VRBENCH" advise "$T/isp.yaml" --from "$recorded" "$@"; }
json() { jq -e "$@" >/dev/null; }

ok "a plan" sh -c '"$1" advise "$2/isp.yaml" --from "$3" -o "$2/plan.yaml" >"$2/out"' - "$VRBENCH" "$T" \
    "$recorded"
like "  says how many contracts it keeps" "$(cat "$T/out")" "3 of 5 contracts kept"
is "  in lines of at most 80 columns" "$(awk 'length($0) > 80' "$T/out")" ""
like "  refuses what is larger than a host" "$(tr -s ' \n' '  ' <"$T/out")" "whale: bridged, .* a thread gets 98.0 %"
like "  and what no run has measured" "$(tr -s ' \n' '  ' <"$T/out")" "jumbo: its cost is not known: IP packets of 9000 bytes"
like "  and is optimal" "$(cat "$T/out")" "Optimum: 3 contracts"
ok "the same as JSON" sh -c '"$1" advise "$2/isp.yaml" --from "$3" --json >"$2/json"' - "$VRBENCH" "$T" \
    "$recorded"
ok "  the contracts that are kept are on hosts" json '[.contracts[] | select(.kept) | .host, .weight,
    .router_percent.high, .topology] | length == 12' "$T/json"
ok "  no host has more than its CPUs" json 'all(.hosts[]; .percent.high <= 98.001 and .headroom.low >= 0 and .usable_percent <= 100 and
    .expected_percent > 0 and .growth.low <= .growth.value)' "$T/json"
conforms "  the schema describes it" advise "$T/json"
ok "  the sums agree" json '.kept == 3 and .revenue == 90 and .gap == 0 and
    ([.hosts[].contracts] | add) == 3 and .hosts_used == (.hosts | length)' "$T/json"
is "  equal runs give equal plans" "$(advise --json | cksum)" "$(cksum <"$T/json")"

checked=0
for file in "$T"/plan*.yaml; do
    "$VRBENCH" run --check "$file" >"$T/check" 2>&1 && checked=$((checked + 1))
done
is "a scenario for each host is accepted by run --check" "$checked" "$(jq .hosts_used "$T/json")"
is "  they have all routers" "$(cat "$T"/plan*.yaml | grep -c '^  r-.*weight')" 3

advise --json --goal hosts >"$T/json"
ok "fewest hosts" json '.hosts_used == .bound and .kept == 3 and .gap == 0' "$T/json"
advise --json --goal fairness >"$T/json"
ok "fairness carries a part of a whale" json '.contracts[] | select(.name == "whale") |
    .part > 0 and .part < 1 and (.kept | not)' "$T/json"
advise --goal fame >"$T/out" 2>&1
is "an unknown goal is refused" $? 2
"$VRBENCH" advise "$T/isp.yaml" >"$T/out" 2>&1
is "no costs are refused" $? 2
sed 's/rate: 20000, length: [6i][a-z0-9]*/rate: none, length: 5/; s/price: 10/price: x/' "$T/isp.yaml" >"$T/bad.yaml"
"$VRBENCH" advise "$T/bad.yaml" --from "$recorded" -o "$T/never.yaml" >"$T/out" 2>"$T/err"
is "a bad file is refused" $? 2
is "  every problem with its place" "$(sed 's/^.*\/bad.yaml:\([0-9]*:[0-9]*\): \([a-z]*\):.*/\1 \2/' "$T/err" | tr '\n' ' ')" \
    "4:17 rate 4:31 length 5:19 rate 5:33 length 6:58 price "
ok "  and nothing is written" [ ! -e "$T/never.yaml" ]
sed 's/price: 10/price: 10.5/' "$T/isp.yaml" >"$T/cents.yaml"
like "sums of fractional prices are not rounded" \
    "$("$VRBENCH" advise "$T/cents.yaml" --from "$recorded" --goal revenue)" "revenue 90.50 of "
