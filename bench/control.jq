# SPDX-License-Identifier: GPL-3.0-or-later
# The table and the verdicts of section control, from the rows of control.py. $window: seconds in which contracts are
# judged. The goals against other policies are about profiles of which an oracle can keep the contracts: those in which it
# broke them for two windows at most.
def of($policy): map(select(.policy == $policy));
def sum_of($policy): of($policy) | map(.broken_s) | add // 0;
def round_to($digits): . * pow(10; $digits) | round / pow(10; $digits);
def ratio($a; $b): if $b > 0 then $a / $b | round_to(2) else "-" end;
def verdict: if . then "reached" else "missed" end;
. as $rows | sum_of("contract") as $own |
([$rows | group_by(.profile)[] | (sum_of("contract")) <= 1.2 * (sum_of("oracle")) + .[0].steps] | map(select(.)) | length) as $near |
($rows | map(.profile) | unique | length) as $profiles |
([$rows | of("oracle")[] | select(.broken_s <= 2 * $window) | .profile]) as $kept |
($rows | map(select(.profile | IN($kept[])))) as $keepable |
($keepable | sum_of("contract")) as $own_kept |
($rows | of("contract") | map(.longest_s) | max) as $longest |
($rows | map(select(.equal_broken_s > 0))) as $broken |
($rows | of("contract") | map(.cpu_percent) | add / length) as $cpu |
"| policy | broken, s | simulated, s | longest, s | actions a profile | CPU of control, % | its time ÷ contract's |",
"| --- | --- | --- | --- | --- | --- | --- |",
(("contract", "oracle", "peak", "static", "rate-cost") as $policy | ($rows | of($policy)) as $own_rows |
    "| \($policy) | \($rows | sum_of($policy) | round_to(1)) | \($own_rows | map(.simulated_s) | add | round_to(1)) | " +
    "\($own_rows | map(.longest_s) | max) | " +
    "\($own_rows | map(.actions) | add / length | round_to(1)) | " +
    "\(if $policy == "oracle" then "-" else ($own_rows | map(.cpu_percent) | add / length | round_to(2)) end) | " +
    "\(ratio($rows | sum_of($policy); $own)) |"),
"",
"| goal of `contract` | measured | |",
"| --- | --- | --- |",
"| profiles with at most 1.2 times the oracle's time and 1 s a step | \($near) of \($profiles) | \($near == $profiles | verdict) |",
"| at most 1/5 of static's time, in the \($kept | length) profiles whose contracts the oracle kept | " +
    "\(ratio($own_kept; $keepable | sum_of("static"))) | \(($kept | length > 0) and $own_kept <= ($keepable | sum_of("static")) / 5 | verdict) |",
"| at most 1/2 of rate-cost's time, in the same profiles | " +
    "\(ratio($own_kept; $keepable | sum_of("rate-cost"))) | \(($kept | length > 0) and $own_kept <= ($keepable | sum_of("rate-cost")) / 2 | verdict) |",
"| never broken for more than 1 s | \($longest) s | \($longest <= 1 | verdict) |",
"| at most 1 % of a CPU | \($cpu | round_to(2)) % | \($cpu <= 1 | verdict) |",
"",
"The oracle kept contracts (broke them for at most \(2 * $window) s) in \($kept | length) profiles. Equal shares of an exactly divided CPU break contracts in \($broken | map(.profile) | unique | length) of all profiles, for " +
    "\($broken | of("static") | map(.equal_broken_s) | add // 0 | round_to(1)) s; there, `static` broke them for " +
    "\($broken | sum_of("static") | round_to(1)) s, `contract` for \($broken | sum_of("contract") | round_to(1)) s.",
"Simulated: what `src/control/simulator.c` expects of the same profiles. Of \($rows | length) measurements, it differs by at " +
    "most 0.5 s and a fifth in \([$rows[] | select((.broken_s - .simulated_s | fabs) <= 0.5 + 0.2 * .simulated_s)] | length).",
"Packets counted by the senders, the rings and the sinks differ by at most " +
    "\($rows | map((.offered - .lost - .received) / .offered * 100 | fabs) | max | round_to(3)) % in a profile."
