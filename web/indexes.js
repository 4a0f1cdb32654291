// SPDX-License-Identifier: GPL-3.0-or-later
// The performance indexes of a run, as docs/indexes.md defines them: a table for each packet length,
// with a column for each topology.

function indexText(row) {
    if (row === undefined) {
        return "";
    }
    const exact = !row.at_least && !isNumber(row.high);
    return bounds(row.value, exact ? row.value : row.high, row.decimals);
}

// Rows with the same index and subject are one line.
function indexTable(rows) {
    const topologies = distinct(rows.map((row) => row.topology));
    const keyOf = (row) => `${row.index}/${row.subject ?? ""}`;
    const lines = distinct(rows.map(keyOf)).map((key) => rows.filter((row) => keyOf(row) === key));
    return table(
        [
            { name: "Index", of: ([row]) => row.name, wide: true },
            { name: "Of", of: ([row]) => row.subject },
            ...topologies.map((topology) => ({
                name: topology,
                of: (line) => line.find((row) => row.topology === topology)?.value,
                text: (value, line) =>
                    indexText(line.find((row) => row.topology === topology)),
            })),
            { name: "Unit", of: ([row]) => (row.unit === "us" ? "µs" : row.unit) },
            { name: "Better", of: ([row]) => row.better },
        ],
        lines,
        { label: "Performance indexes" },
    );
}

function indexSection(run) {
    const rows = run.indexes ?? [];
    const several =
        distinct(rows.map((row) => `${row.scenario}/${row.platform}/${row.engine}`)).length > 1;
    const heading = (row) =>
        `${nameOfLength(row)}${several ? `, ${row.scenario} (${row.platform}, ${row.engine})` : ""}`;
    return element(
        "section",
        { id: "indexes" },
        element("h2", {}, "Performance indexes"),
        rows.length === 0 ? element("p.soft", {}, "The valid points determine no index.") : null,
        distinct(rows.map(heading)).flatMap((name) => [
            element("h3", {}, name),
            indexTable(rows.filter((row) => heading(row) === name)),
        ]),
    );
}
