# SPDX-License-Identifier: GPL-3.0-or-later
#
# Rows of `vrbench predict --json --baselines --against RUN` of several scenarios (slurped): errors of
# the model and of each baseline in percent, counted from the edges of the measured interval. The model's
# highest rate is that up to twice the knee, as loads beyond are not measured.
def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor]
    else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def mean: if length == 0 then null else add / length end;
def shown: if . == null then "-" else . * 10 | round / 10 | tostring end;
# off(SPAN) — of a predicted figure.
def off($span): if . == null or $span == null or $span.high == null then empty
    elif . < ($span.low // 0) then 100 * (1 - . / $span.low)
    elif . > $span.high then 100 * (. / $span.high - 1) else 0 end;
def row($name; $max; $throughput): "| \($name) | \($max | median | shown) | \($max | mean | shown) | " +
    "\([$max[] | select(. > 10)] | length)/\($max | length) | \($throughput | median | shown) | " +
    "\($throughput | mean | shown) |";

[.[][]] as $all | [$all[] | select(.known and .measured)] as $rows |
"\($rows | length) of \($all | length) networks were predicted and measured.", "",
"| method | max: median % | mean % | > 10 % | throughput: median % | mean % |",
"| --- | --- | --- | --- | --- | --- |",
row("model"; [$rows[] | .measured.max_pps as $m | .received_pps | max | off($m)];
    [$rows[] | .measured.throughput_pps as $m | .throughput_pps.value | off($m)]),
(([$rows[] | .baselines // {} | keys_unsorted] | first // [])[] as $name |
    row($name; [$rows[] | .measured.max_pps as $m | .baselines[$name].max_pps | off($m)];
        [$rows[] | .measured.throughput_pps as $m | .baselines[$name].throughput_pps | off($m)])),
"",
([$rows[] | .measured as $m | ([.max_pps, $m.max_pps], [.throughput_pps, $m.throughput_pps]) |
    select(.[1].high != null) | .[0].low <= .[1].high and (.[1].low // 0) <= .[0].high] |
    "Intervals of 90 % that contain the measured figure: \(map(select(.)) | length) of \(length).")
