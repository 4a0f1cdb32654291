// SPDX-License-Identifier: GPL-3.0-or-later
// The page of a comparison: the runs, warnings, a table per scenario, caps, figures.

// A ratio to the first run: "× 0.42"; "" if there is none.
const ratio = (value) => (isNumber(value) ? `× ${number(value)}` : "");

function runsTable(runs) {
    const platform = (row) => row.platform_words ?? row.platform_name;
    return table(
        [
            { name: "Run", of: (row) => row.label },
            { name: "Platform", of: platform, wide: true },
            { name: "Machine", of: (row) => row.hostname },
            { name: "CPU", of: (row) => row.cpu_model, wide: true },
            { name: "Kernel", of: (row) => row.kernel },
            { name: "Engine", of: (row) => row.engine },
            { name: "Began", of: (row) => row.started && time(row.started) },
            { name: "vrbench", of: (row) => row.vrbench },
            { name: "Folder", of: (row) => row.folder, wide: true },
        ].filter((column) => runs.some((run) => column.of(run) !== undefined)),
        runs,
        { label: "The runs compared" },
    );
}

function sentences(heading, lines, id) {
    return lines.length === 0
        ? null
        : element(
              "section",
              { id },
              element("h2", {}, heading),
              element(
                  "div.note",
                  {},
                  element(
                      "ul",
                      {},
                      lines.map((line) => element("li", {}, line)),
                  ),
              ),
          );
}

function comparedTable(rows, scenario) {
    const figure = (name, key, against, decimals) => [
        { name, of: (row) => row[key], decimals },
        { name: `${name}, ratio`, of: (row) => row[against], text: ratio },
    ];
    const columns = [
        { name: "Topology", of: (row) => row.topology },
        { name: "Length (bytes)", of: (row) => row.length_bytes, decimals: "plain" },
        { name: "Run", of: (row) => row.run },
        ...figure("No loss up to (packets/s)", "no_loss_pps", "no_loss_ratio", 0),
        ...figure("Highest rate (packets/s)", "max_pps", "max_ratio", 0),
        ...figure("Goodput (bit/s)", "goodput_bps", "goodput_ratio", 0),
        { name: "Loss at the highest load (%)", of: (row) => row.loss_at_top_percent, decimals: 2 },
        { name: "at (packets/s)", of: (row) => row.top_offered_pps, decimals: 0 },
        { name: "Loss at a common load (%)", of: (row) => row.loss_at_common_percent, decimals: 2 },
        { name: "requested (packets/s per network)", of: (row) => row.common_requested_pps, decimals: 0 },
        { name: "CPU read at (packets/s)", of: (row) => row.cpu_offered_pps, decimals: 0 },
        ...figure("Router (ns per packet)", "router_ns_per_packet", "router_ns_ratio", 0),
        ...figure("Host (ns per packet)", "host_ns_per_packet", "host_ns_ratio", 0),
        {
            name: "Memory of a router",
            of: (row) => row.router_memory_bytes,
            text: bytes,
        },
        { name: "Memory, ratio", of: (row) => row.memory_ratio, text: ratio },
        ...figure("Start of a router (ms)", "start_ms", "start_ratio", 1),
        { name: "Points", of: (row) => row.points },
        { name: "Invalid", of: (row) => row.invalid_points },
        { name: "Not compared", of: (row) => row.why_not, wide: true },
    ];
    return table(
        columns.filter((column) => rows.some((row) => column.of(row) !== undefined)),
        rows,
        {
            label: `${scenario}, compared`,
            sortable: true,
            mark: (row) => row.why_not !== undefined,
        },
    );
}

// What the intervals decide: one row per topology, length, run and figure.
function verdictsSection(comparison) {
    const looks = { better: "good", worse: "bad", same: "soft" };
    const names = {
        throughput_pps: "throughput (packets/s)",
        pdr_pps: "partial drop rate, 0.5 % (packets/s)",
        max_pps: "highest rate (packets/s)",
        goodput_bps: "goodput (bit/s)",
        host_ns_per_packet: "CPU time of the host (ns per packet)",
        router_ns_per_packet: "CPU time of a router (ns per packet)",
        search_pps: "searched rate (packets/s)",
        cap_percent: "smallest cap (%)",
        burst_frames: "longest burst (packets)",
    };
    return element(
        "section",
        { id: "verdicts" },
        element("h2", {}, "Verdicts"),
        element(
            "p.soft",
            {},
            `Ratios to ${comparison.runs[0].label}. All intervals together hold with ${number(100 * (1 - comparison.error), 0)} %.`,
        ),
        table(
            [
                { name: "Scenario", of: (row) => row.scenario },
                { name: "Topology", of: (row) => row.topology },
                { name: "Length (bytes)", of: (row) => row.length_bytes, decimals: "plain" },
                { name: "Run", of: (row) => row.run },
                {
                    name: "Figure",
                    of: (row) =>
                        row.goal === undefined
                            ? (names[row.figure] ?? row.figure)
                            : `${names[row.figure] ?? row.figure} of ${row.subject}, goal ${row.goal}`,
                },
                { name: "First", of: (row) => bounds(row.first_low, row.first_high, 0) },
                { name: "This", of: (row) => bounds(row.low, row.high, 0) },
                { name: "Ratio", of: (row) => bounds(row.ratio_low, row.ratio_high, 3) },
                {
                    name: "Verdict",
                    of: (row) => row.verdict,
                    text: (word) => element(`span.whole.${looks[word] ?? "soft"}`, {}, word),
                },
                { name: "Values", of: (row) => row.values },
                { name: "required", of: (row) => row.values_needed },
            ],
            comparison.verdicts,
            { label: "Verdicts", sortable: true },
        ),
    );
}

function scenarioSection(comparison, scenario, number) {
    const rows = comparison.rows.filter((row) => row.scenario === scenario);
    return element(
        "section",
        { id: `scenario-${number}` },
        element("h2", {}, scenario),
        comparedTable(rows, scenario),
    );
}

function capsSection(caps) {
    return caps.length === 0
        ? null
        : element(
              "section",
              { id: "caps" },
              element("h2", {}, "Caps"),
              element(
                  "p.soft",
                  {},
                  "CPU used by capped parties, in the points that required more than the cap. A cap is held if the difference is at most 2 percentage points.",
              ),
              table(
                  [
                      { name: "Scenario", of: (row) => row.scenario },
                      { name: "Topology", of: (row) => row.topology },
                      { name: "Length (bytes)", of: (row) => row.length_bytes, decimals: "plain" },
                      { name: "Run", of: (row) => row.run },
                      { name: "Capped", of: (row) => row.capped },
                      { name: "Cap (%)", of: (row) => row.cap_percent },
                      { name: "Used (%)", of: (row) => row.used_percent, decimals: 1 },
                      { name: "Off by at most", of: (row) => row.off_points, decimals: 1 },
                      {
                          name: "Held",
                          of: (row) => row.held,
                          text: (held) =>
                              held === undefined
                                  ? "no load required more"
                                  : element(
                                        held ? "span.whole.good" : "span.whole.bad",
                                        {},
                                        held ? "✓ yes" : "✗ no",
                                    ),
                      },
                      { name: "Points that required more", of: (row) => row.loaded_points },
                      { name: "Points", of: (row) => row.points },
                  ],
                  caps,
                  { label: "Caps", sortable: true },
              ),
          );
}

function figuresSection(figures) {
    return figures.length === 0
        ? null
        : element(
              "section",
              { id: "figures" },
              element("h2", {}, "Figures"),
              figures.map((figure) =>
                  element(
                      "figure.drawn",
                      {},
                      element("img", {
                          src: `data:image/svg+xml;base64,${figure.svg}`,
                          alt: `${figure.name}: the same figures as in the tables`,
                      }),
                      element("figcaption.soft", {}, `figures/${figure.name}.svg, .png, .pdf, .gp`),
                  ),
              ),
          );
}

function showComparison(comparison) {
    const first = comparison.runs[0].label;
    const scenarios = distinct(comparison.rows.map((row) => row.scenario));
    head(
        `${comparison.runs.map((run) => run.label).join(", ")}: compared`,
        `Ratios are to ${first}: × 2 means twice its value.`,
        [
            element(
                "section",
                { id: "runs" },
                element("h2", {}, "The runs"),
                runsTable(comparison.runs),
            ),
            verdictsSection(comparison),
            sentences("Caution", comparison.warnings, "warnings"),
            ...scenarios.map((scenario, at) => scenarioSection(comparison, scenario, at)),
            capsSection(comparison.caps),
            figuresSection(report.figures),
            sentences("Not compared or not counted", comparison.not_compared, "not-compared"),
        ].filter((section) => section !== null),
    );
}
