# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints a Markdown table from the summaries of several runs (vrbench run --json), one array each: by how many
# percent each figure deviates from the median of the runs, at most, and what the rows with a figure
# that is beyond 5 % of it, or missing, name as reason. Called by sections/repeat.sh.
def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
# The middle of an interval that has both ends.
def middle: if . == null then null elif .low and .high then (.low + .high) / 2 else .low // .high end;
def figures: {
    throughput: (.throughput_pps | middle),
    pdr: (.pdr_pps | middle),
    max: .max_pps.value,
    ns: .ns_per_packet};
def reasons: [
    (if .throughput_pps.regular == false or .pdr_pps.regular == false then "irregular bounds" else empty end),
    (if .invalid > 0 then "invalid points" else empty end),
    (if .tester_limit then "tester limit" else empty end),
    (if .saturated == false then "not saturated" else empty end)];
def percent: if . == null then "–" else "\(. * 1000 | round / 10) %" end;
# How far a figure of each row is from their median; a figure that no row of the topology can have: 0.
def deviations($name): map(figures[$name]) as $values | [$values[] | values] as $known |
    if $name == "ns" and $known == [] then map(0)
    elif $known == [] then map(null)
    else ($known | median) as $middle | $values | map(if . == null then null else (. / $middle - 1) | fabs end) end;
# Of rows of one topology and length, with their deviations.
def judged: . as $rows | ["throughput", "pdr", "max", "ns"] | map(. as $name | $rows | deviations($name)) |
    transpose as $by_row | {by_figure: ., rows: [range($rows | length) as $i | $rows[$i] + {
        beyond: ($by_row[$i] | any(. == null or . > 0.05))}]};
def worst: [.[] | values] as $known | ($known | max | percent) + (length - ($known | length) |
    if . == 0 then "" else " (\(.) without)" end);

length as $runs | [[.[][]] | group_by([.topology, .length, .network])[] | judged] as $groups |
[$groups[].rows[] | select(.beyond)] as $beyond |
"| topology | bytes | throughput | partial drop rate | highest rate | CPU ns a packet | beyond 5 %, the row names |",
"| --- | ---: | ---: | ---: | ---: | ---: | --- |",
($groups[] | "| \(.rows[0].topology) | \(.rows[0].length) | " + (.by_figure | map(worst) | join(" | ")) + " | " +
    ([.rows[] | select(.beyond) | reasons | if . == [] then "nothing" else .[] end] | group_by(.) |
        map("\(.[0]) (\(length))") | join(", ")) + " |"),
"",
"Of \([$groups[].rows[]] | length) rows of \($runs) runs, \($beyond | length) have a figure beyond 5 % or none;" +
" \($beyond | map(select(reasons == [])) | length) of these name no reason."
