// SPDX-License-Identifier: GPL-3.0-or-later
// The points of a run as a table, and the downloads.

const pointColumns = [
    ["Scenario", (r) => r.point.scenario],
    ["Topology", (r) => r.point.topology],
    ["Length", (r) => r.point.length, "plain"],
    ["Step", (r) => r.point.step],
    ["Repeat", (r) => r.point.repeat],
    ["Requested (packets/s)", (r) => r.point.requested_pps, 0],
    ["Network", (r) => (r.network?.direction === "reverse" ? `${r.network.name} reverse` : r.network?.name)],
    ["Router", (r) => r.network?.routers?.join(" → ") ?? r.network?.router],
    ["Offered (packets/s)", (r) => r.network?.offered_pps, 0],
    ["Forwarded (packets/s)", (r) => r.network?.forwarded_pps, 0],
    ["Transmitted", (r) => r.network?.tx],
    ["Unsent", (r) => r.network?.unsent],
    ["Received", (r) => r.network?.rx],
    ["Lost", (r) => r.network?.lost],
    ["Loss (%)", (r) => r.network?.loss_ratio * 100],
    ["Undisturbed loss (%)", (r) => r.network?.undisturbed?.loss_ratio * 100],
    ["Left out (%)", (r) => r.point.left_out_ratio * 100, 1],
    ["Duplicated", (r) => r.network?.duplicated],
    ["Reordered", (r) => r.network?.reordered],
    ["Delay p50 (µs)", (r) => r.network?.delay_ns?.p50 / 1000],
    ["Delay p99 (µs)", (r) => r.network?.delay_ns?.p99 / 1000],
    ["Jitter (µs)", (r) => r.network?.jitter_ns / 1000],
    ["Gap p50 (µs)", (r) => r.network?.gap_ns?.p50 / 1000],
    ["Gap p99.9 (µs)", (r) => r.network?.gap_ns?.p999 / 1000],
    ["Goodput (Mbit/s)", (r) => r.network?.tcp?.goodput_bps / 1e6, 3],
    ["Retransmits", (r) => r.network?.tcp?.retransmits],
    ["RTT mean (µs)", (r) => r.network?.tcp?.rtt_ns?.mean / 1000],
    ["RTT max (µs)", (r) => r.network?.tcp?.rtt_ns?.max / 1000],
    ["Host CPU %", (r) => r.cpu("host"), 1],
    ["Router CPU %", (r) => r.sum(r.cpu), 1],
    ["Total CPU %", (r) => r.point.cpu_total_percent, 1],
    ["Tester CPU %", (r) => r.cpu("tester"), 1],
    ["Router memory (MiB)", (r) => r.sum(r.memory) / 1048576, 1],
    ["Lost where", (r) => r.drops, undefined, true],
    ["Steal % at most", (r) => r.steal, 1],
    ["Trials", (r) => r.point.attempts],
    ["Valid", (r) => (r.point.valid ? "yes" : "no")],
    ["Why invalid", (r) => r.point.why_invalid, undefined, true],
    ["Unstable", (r) => r.point.unstable, undefined, true],
];

// Columns of runs by TCP only.
const tcpColumns = new Set(["Goodput (Mbit/s)", "Retransmits", "RTT mean (µs)", "RTT max (µs)"]);

// The columns of a printed page.
const printedColumns = new Set([
    "Topology",
    "Length",
    "Requested (packets/s)",
    "Network",
    "Forwarded (packets/s)",
    "Lost",
    "Loss (%)",
    "Goodput (Mbit/s)",
    "Retransmits",
    "Delay p50 (µs)",
    "Delay p99 (µs)",
    "Host CPU %",
    "Router CPU %",
    "Valid",
    "Why invalid",
]);

// The names of the routers of a network's path; one without a name if there is none, as in direct.
function routersOf(network) {
    return network?.routers ?? [network?.router];
}

function pointRows(points) {
    return points.flatMap((point) =>
        (point.networks.length > 0 ? point.networks : [undefined]).map((network) => ({
            point,
            network,
            // Of all routers of the network's path; NaN if a figure of one is missing.
            sum: (of) => routersOf(network).reduce((sum, name) => sum + (of(name) ?? NaN), 0),
            cpu: (name) => point.cpu.find((entry) => entry.name === name)?.percent,
            memory: (name) => point.memory?.find((entry) => entry.name === name)?.bytes,
            drops:
                point.drops
                    .filter((drop) => drop.count > 0)
                    .map((drop) => `${drop.where}: ${number(drop.count)}`)
                    .join("; ") || undefined,
            steal:
                point.processors?.length > 0
                    ? Math.max(...point.processors.map((cpu) => cpu.steal_percent))
                    : undefined,
        })),
    );
}

function pointsSection(run) {
    const rows = pointRows(run.points);
    const known = (of) => (row) => {
        const value = of(row);
        return typeof value === "number" && Number.isNaN(value) ? undefined : value;
    };
    const columns = pointColumns
        .map(([name, of, decimals, wide]) => ({
            name,
            of: known(of),
            decimals,
            wide,
            screen: !printedColumns.has(name),
        }))
        .filter(
            (column) =>
                column.name !== "Scenario" ||
                distinct(run.points.map((point) => point.scenario)).length > 1,
        )
        .filter(
            (column) =>
                !tcpColumns.has(column.name) || rows.some((row) => column.of(row) !== undefined),
        );
    const list = table(columns, rows, {
        label: "All points",
        sortable: true,
        tall: true,
        mark: (row) => !row.point.valid,
    });
    const count = element("span.soft", { role: "status" });
    const filter = element("input", {
        type: "search",
        placeholder: "bridged 64",
        input: () => {
            const words = filter.value
                .toLowerCase()
                .split(/\s+/)
                .filter((word) => word !== "");
            const shown = list.showOnly((row) =>
                words.every((word) =>
                    columns.some((column) =>
                        String(column.of(row) ?? "")
                            .toLowerCase()
                            .includes(word),
                    ),
                ),
            );
            count.textContent = `${number(shown)} of ${number(rows.length)} rows`;
        },
    });
    count.textContent = `${number(rows.length)} rows`;
    const thinned = run.points.length < run.points_total;
    return element(
        "section",
        { id: "points" },
        element("h2", {}, thinned ? "Points" : "Every point"),
        thinned
            ? element(
                  "p.note",
                  {},
                  `The table contains ${number(run.points.length)} of ${number(run.points_total)} points, evenly spread. points.csv and report.xlsx contain all points.`,
              )
            : null,
        element(
            "p",
            {},
            "One row per point and network; an empty cell was not measured. A click on a heading sorts by its column. Invalid points are tinted, with the reason in column Why invalid.",
        ),
        element(
            "p.printed",
            {},
            "A printed page contains the main columns; points.csv and report.xlsx contain all columns.",
        ),
        element("div.controls", {}, element("label.select", {}, "Only rows with", filter), count),
        list,
    );
}

// Links to embedded files, or to files in the page's folder.
function downloadsSection(run) {
    const items = run.files.map((file) => {
        const link = element("a", { href: file.name, download: file.name }, file.name);
        if (file.base64 !== undefined) {
            const raw = atob(file.base64);
            const content = Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
            link.href = URL.createObjectURL(new Blob([content], { type: file.type }));
        }
        return element("li", {}, link);
    });
    const figures = run.figures ?? [];
    return element(
        "section",
        { id: "downloads" },
        element("h2", {}, "Downloads"),
        items.length > 0
            ? element("ul.downloads", {}, items)
            : element(
                  "p.soft",
                  {},
                  "The page's folder contains neither points.csv nor report.xlsx.",
              ),
        figures.length > 0
            ? element(
                  "details",
                  {},
                  element(
                      "summary",
                      {},
                      `${figures.length} figures for print, in the folder figures/`,
                  ),
                  element("p", {}, element("a", { href: "figures/index.html" }, "All figures on a page")),
                  element(
                      "ul",
                      {},
                      figures.map((name) =>
                          element(
                              "li",
                              {},
                              `${name}: `,
                              ["svg", "png", "pdf", "gp"].flatMap((kind) => [
                                  element(
                                      "a",
                                      { href: `figures/${name}.${kind}` },
                                      kind.toUpperCase(),
                                  ),
                                  " ",
                              ]),
                          ),
                      ),
                  ),
              )
            : element(
                  "p.soft",
                  {},
                  "vrbench report creates figures for print (SVG, PNG, PDF and their gnuplot scripts).",
              ),
    );
}
