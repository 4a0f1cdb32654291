// SPDX-License-Identifier: GPL-3.0-or-later
// What a controller did while the run measured: a row for each router.

function controlSection(run) {
    const rows = run.control ?? [];
    if (rows.length === 0) {
        return null;
    }
    return element(
        "section",
        { id: "control" },
        element("h2", {}, "Contracts under control"),
        element(
            "p.soft",
            {},
            "While the run measured, vrbench control moved CPU among the routers. The margin is " +
                "the part of its guaranteed CPU that a router did not need, the least of all points.",
        ),
        table(
            [
                { name: "Router", of: (row) => row.router },
                { name: "Contract", of: (row) => row.contract },
                {
                    name: "Broken in",
                    of: (row) => (row.points > 0 ? row.broken_points : undefined),
                    text: (value, row) =>
                        row.points > 0 ? `${value} of ${row.points} points` : "",
                },
                { name: "Broken s", of: (row) => row.broken_s, decimals: 2 },
                { name: "Least margin %", of: (row) => row.margin_percent, decimals: 1 },
                { name: "Last action", of: (row) => row.last_action, wide: true },
            ],
            rows,
            { label: "Contracts under control" },
        ),
    );
}
