# SPDX-License-Identifier: GPL-3.0-or-later
#
# Loads that a run finds are refined where losses begin. The router polices its traffic to a rate: whatever
# disturbs the machine, no load far above that rate can pass without loss, so that no lower bound may be there.
# Runs beside others under sanitizers.
. "${SOURCE_ROOT:-.}/tests/net/lib.sh"
isolate --run "$@"
plan 16

RATE=10000 # packets/s
cat >"$T/police.nft" <<END
add table ip police
add chain ip police here { type filter hook forward priority 0; }
add rule ip police here udp dport 22098 limit rate over $RATE/second burst $((RATE / 50)) packets drop
END
cat >"$T/known.yaml" <<END
name: known
topologies: [dedicated]
routers: { r1t3: { nft: police.nft } }
networks: { NET0: { router: r1t3 } }
traffic: { engine: packet, lengths: [64], rates: { auto: 5 }, duration: 200 ms }
END
MOST=$((RATE * 11 / 10 * 115 / 100)) # in 0.2 s the bucket passes a tenth more; a late sender somewhat more

points() { jq -s "$1" "$T/$2/points.jsonl"; }

# lossy FOLDER — whether a valid point of the list lost packets, so that there is something to refine.
lossy() { points 'any(.[]; .valid and .step < 5 and .networks[0].undisturbed.lost > 0)' "$1"; }
# A machine that disturbs every trial leaves no valid point; the run is repeated then.
for round in 1 2 3 4 5; do
    measures "$T/whole" "$T/known.yaml" --no-stability-check --json >"$T/out" 2>&1
    [ "$(lossy whole)" != true ] || break
done
cp "$T/run.out" "$T/found"
further=$(points 'map(select(.step >= 5)) | length' whole)
ok "further loads follow those of the list, if a valid one lost packets" \
    test "$([ "$further" -gt 0 ] && echo true || echo false)" = "$(lossy whole)"
ok "  12 at most" between "$further" 0 12
is "  each is a load of its own" "$(points 'map(.step) | sort == [range(length)]' whole)" true
is "  between others, or below them" "$(points '(map(select(.step < 5).requested_pps) | max) as $top |
    all(.[]; .requested_pps <= $top * 1.2)' whole)" true
is "  the loads that were found are in run.json, without them" \
    "$(jq '.rates_found["dedicated/64"] | length' "$T/whole/run.json")" 5
ok "what the router passes bounds the throughput" between "$(jq '.[0].throughput_pps.low // 1' "$T/found")" 1 $MOST
ok "  and the partial drop rate" between "$(jq '.[0].pdr_pps.low // 1' "$T/found")" 1 $MOST
is "  also from above, if it did not pass a valid load" "$(jq '.[0].pdr_pps.high != null' "$T/found")" \
    "$(points 'any(.[]; .valid and .networks[0].undisturbed.loss_ratio > 0.005)' whole)"

# A run that ended among the further loads goes on with them.
cp -r "$T/whole" "$T/resumed"
kept=$(($(wc -l <"$T/whole/points.jsonl") - 1))
sed -i '$d' "$T/resumed/points.jsonl"
measured "$T/known.yaml" --no-stability-check --resume -o "$T/resumed" >"$T/out" 2>&1
is "a resumed run keeps its points" "$(head -n $kept "$T/resumed/points.jsonl" | cksum)" \
    "$(head -n $kept "$T/whole/points.jsonl" | cksum)"
ok "  and measures what is missing" test "$(wc -l <"$T/resumed/points.jsonl")" -gt $kept
is "  in steps that no point has" "$(points 'map(.step) | sort == [range(length)]' resumed)" true
is "  and is done" "$(jq -r .status "$T/resumed/run.json")" done

measures "$T/list" "$T/known.yaml" --no-stability-check --no-refine >"$T/out" 2>&1
is "--no-refine measures the list only" "$(points 'length' list)" 5
"$VRBENCH" run "$T/known.yaml" --rates-from "$T/list" --dry-run >"$T/out"
like "  as a dry run says of the loads of another run" "$(cat "$T/out")" "^5 points, about"
like "a dry run says how many there may be" "$("$VRBENCH" run "$T/known.yaml" --dry-run)" "^Up to 17 points, about"
like "  and why" "$("$VRBENCH" run "$T/known.yaml" --dry-run)" "Up to 12 further loads"
