# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prints a Markdown table from lines "WHAT <tab> PROGRAM <tab> VALUE": a row for each WHAT that matches
# `pattern`, with the median of each of `programs` and the ratio of the first to each other. `better` is
# `more` or `less`: a ratio above 1 always means that the first is better by that factor. Called by
# bench/run.
BEGIN {
    FS = "\t"
    count = split(programs, program, " ")
}
$1 ~ pattern {
    if (!($1 in seen)) { seen[$1] = 1; rows[++row_count] = $1 }
    value[$1, $2, ++number[$1, $2]] = $3 + 0
}
function median(row, of,    n, i, j, t, v) {
    n = number[row, of]
    if (!n) return -1
    for (i = 1; i <= n; i++) v[i] = value[row, of, i]
    for (i = 1; i < n; i++)
        for (j = i + 1; j <= n; j++)
            if (v[j] < v[i]) { t = v[i]; v[i] = v[j]; v[j] = t }
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
function figure(x) {
    if (x < 0) return "–"
    if (x == 0) return "0"
    return x >= 100 ? sprintf("%.0f", x) : sprintf("%.3f", x)
}
function ratio(own, peer) {
    if (own <= 0 || peer <= 0) return "–"
    return sprintf("%.2f ×", better == "more" ? own / peer : peer / own)
}
END {
    head = "| |"; rule = "| --- |"; against = ""
    for (i = 1; i <= count; i++) {
        head = head " " program[i] " |"
        rule = rule " ---: |"
        if (i > 1) against = against " against " program[i] " |"
        if (i > 1) rule = rule " ---: |"
    }
    print head against
    print rule
    for (r = 1; r <= row_count; r++) {
        line = "| " rows[r] " |"; against = ""
        for (i = 1; i <= count; i++) {
            line = line " " figure(median(rows[r], program[i])) " |"
            if (i > 1)
                against = against " " ratio(median(rows[r], program[1]), median(rows[r], program[i])) " |"
        }
        print line against
    }
}
