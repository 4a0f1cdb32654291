// SPDX-License-Identifier: GPL-3.0-or-later
// Builds the page of a run or of a reproduction from the data that vrbench embedded.

const report = JSON.parse(document.getElementById("data").textContent);

// The indexes of each sweep, for its charts.
for (const run of report.runs ?? []) {
    for (const sweep of run.sweeps ?? []) {
        sweep.indexes = (run.indexes ?? []).filter((row) =>
            ["scenario", "platform", "engine", "topology", "length"].every(
                (key) => row[key] === sweep[key],
            ),
        );
    }
}

const levels = { good: ["✓", "good"], limit: ["!", "unsure"], missing: ["✗", "bad"] };

// The summary in sentences, by packet length.
function verdictLists(run) {
    const several =
        distinct(run.summary.map((row) => `${row.scenario}/${row.platform}/${row.engine}`)).length >
        1;
    const heading = (row) =>
        `${nameOfLength(row)}${several ? `, ${row.scenario} (${row.platform}, ${row.engine})` : ""}`;
    return element(
        "div.verdicts",
        {},
        distinct(run.summary.map(heading)).map((name) =>
            element(
                "div",
                {},
                element("h3", {}, name),
                element(
                    "dl",
                    {},
                    run.summary
                        .filter((row) => heading(row) === name)
                        .flatMap((row) => [
                            element("dt", {}, row.topology),
                            element("dd", {}, row.sentence),
                        ]),
                ),
            ),
        ),
    );
}

// "1,002 (1,000–1,091)": a figure of the summary with the interval of its median over the repeats.
const withInterval = (key, decimals) => (value, row) =>
    isNumber(value) && isNumber(row[`${key}_low`])
        ? `${number(value, decimals)} (${bounds(row[`${key}_low`], row[`${key}_high`], decimals)})`
        : number(value, decimals);

function summaryTable(run) {
    const figure = (name, key, decimals) => ({
        name,
        of: (row) => row[key],
        text: withInterval(key, decimals),
    });
    const between = (name, key) => ({
        name,
        of: (row) => row[`${key}_low`] ?? (isNumber(row[`${key}_high`]) ? 0 : undefined),
        text: (value, row) => bounds(row[`${key}_low`], row[`${key}_high`], 0),
    });
    const repeated = run.summary.some((row) => row.repeats > 1);
    const megabit = (rate) => (isNumber(rate) ? rate / 1e6 : undefined);
    const certain = (row) => (isNumber(row.confidence) ? 100 * row.confidence : undefined);
    return table(
        [
            { name: "Topology", of: (row) => row.topology },
            { name: "Length (bytes)", of: (row) => row.length, decimals: "plain" },
            between("Throughput, no loss (packets/s)", "throughput"),
            between("Partial drop rate, 0.5 % (packets/s)", "pdr"),
            figure("Highest forwarding rate (packets/s)", "max_pps", 0),
            { name: "which is", of: (row) => row.max_is },
            ...(run.summary.some((row) => isNumber(row.goodput_bps))
                ? [{ name: "Goodput (Mbit/s)", of: (row) => megabit(row.goodput_bps), decimals: 2 }]
                : []),
            figure("Loss at the highest valid load (%)", "loss_at_top_percent", 2),
            figure("Host CPU (% of one)", "host_cpu_percent", 1),
            figure("Routers' CPU (% of one)", "router_cpu_percent", 1),
            figure("CPU (ns per packet)", "ns_per_packet", 0),
            ...(repeated
                ? [
                      { name: "Repeats", of: (row) => row.repeats },
                      { name: "Intervals hold with (%)", of: certain, decimals: 1 },
                  ]
                : []),
            { name: "Points", of: (row) => row.points },
            { name: "Invalid", of: (row) => row.invalid_points },
        ],
        run.summary,
        { label: "Summary", sortable: true },
    );
}

// The kernel's words in /sys/devices/system/cpu/smt/control that are no words of English.
const SMT_WORDS = {
    forceoff: "forced off",
    notsupported: "not supported",
    notimplemented: "not implemented",
};

const STATUS_WORDS = {
    failed: "The run failed",
    interrupted: "The run was interrupted",
    running: "The run had not ended when this page was written",
};

// Warnings that limit what the figures mean.
function warnings(run) {
    const notes = [];
    const status = run.run?.status;
    if (status !== undefined && status !== "done") {
        notes.push(
            element(
                "p",
                {},
                `${STATUS_WORDS[status] ?? `The run is ${status}`}${run.run.error ? `: ${run.run.error}` : ""}. The page shows its points so far.`,
            ),
        );
    }
    if (run.platform_doubtful === true) {
        notes.push(element("p", {}, run.platform_words));
    }
    if (run.left_out_percent > 0) {
        notes.push(
            element(
                "p",
                {},
                `Losses are without ${number(run.left_out_percent, 1)} % of the time, which stalls of this machine touched. ${number(run.cleared_total)} valid ${run.cleared_total === 1 ? "point" : "points"} lost packets in that part only; the table of points has both losses.`,
            ),
        );
    }
    for (const text of run.unstable ?? []) {
        notes.push(
            element(
                "p",
                {},
                `Even a low load lost packets in topology ${text}. Figures of loss there are not the router's alone.`,
            ),
        );
    }
    if (run.invalid_total > 0) {
        notes.push(
            element(
                "p",
                {},
                `${number(run.invalid_total)} of ${number(run.points_total)} points are invalid: charts show them as crosses, and no summary includes them.`,
            ),
            element(
                "details",
                {},
                element("summary", {}, "Reasons"),
                element(
                    "ul",
                    {},
                    run.reasons.map(({ reason, count }) =>
                        element("li", {}, `${number(count)} × ${reason}`),
                    ),
                ),
            ),
        );
    }
    return notes.length > 0 ? element("div.note", {}, notes) : null;
}

// The scenario's expectations, as run.json has them; null if it has none.
function expectations(run) {
    const looks = { holds: "good", "does not hold": "bad" };
    const list = run.run?.expect ?? [];
    return list.length === 0
        ? null
        : table(
              [
                  { name: "Expectation", of: (row) => row.expect, wide: true },
                  { name: "Topology", of: (row) => row.topology },
                  { name: "Length (bytes)", of: (row) => row.length, decimals: "plain" },
                  {
                      name: "Verdict",
                      of: (row) => row.verdict,
                      text: (word) => element(`span.whole.${looks[word] ?? "soft"}`, {}, word),
                  },
                  { name: "At least", of: (row) => row.low },
                  { name: "At most", of: (row) => row.high },
                  { name: "Repeats", of: (row) => row.values },
              ],
              list,
              { label: "Expectations" },
          );
}

// What the tester can do alone: topology direct bounds what a router may be blamed for.
function calibration(run) {
    const rows = run.summary.filter((row) => row.topology === "direct" && isNumber(row.throughput_low));
    return rows.length === 0
        ? null
        : element(
              "p",
              { id: "calibration" },
              `Calibration of the tester alone (topology direct), packets/s without loss: ${rows
                  .map((row) => `${bounds(row.throughput_low, row.throughput_high, 0)} at ${row.length} bytes`)
                  .join(", ")}. Figures near these may be limits of the tester.`,
          );
}

function verdictSection(run) {
    return element(
        "section",
        { id: "verdict" },
        element("h2", {}, "Verdict"),
        (run.answers ?? []).length === 0
            ? null
            : element(
                  "ul.answers",
                  {},
                  run.answers.map((line) => element("li", {}, line)),
              ),
        calibration(run),
        verdictLists(run),
        warnings(run),
        expectations(run),
        element("details", {}, element("summary", {}, "Summary as a table"), summaryTable(run)),
    );
}

// The kernel's words on CPU vulnerabilities, those that do not concern this CPU by name only at the end.
function mitigationsOf(text) {
    const parts = (text ?? "").split(/; (?=[a-z0-9_]+: )/);
    const none = parts.filter((one) => /^[a-z0-9_]+: Not affected$/.test(one));
    if (none.length === 0) {
        return text;
    }
    const names = none.map((one) => one.split(":")[0]);
    return [...parts.filter((one) => !none.includes(one)), `not affected by ${names.join(", ")}`].join("; ");
}

function machineSection(run) {
    const machine = run?.run?.machine;
    if (machine === undefined) {
        return element(
            "section",
            { id: "machine" },
            element("h2", {}, "The machine"),
            element("p.soft", {}, "run.json does not describe the machine."),
        );
    }
    const cpus = isNumber(machine.cpus_usable)
        ? `${machine.cpus_usable} usable of ${machine.cpus_online}`
        : undefined;
    const findings = machine.doctor ?? [];
    return element(
        "section",
        { id: "machine" },
        element("h2", {}, "The machine"),
        facts([
            ["Name", machine.hostname],
            ["System", machine.system],
            ["Kernel", machine.kernel],
            ["CPU", machine.cpu_model],
            ["CPUs", cpus],
            ["Memory", bytes(machine.memory_bytes)],
            ["Virtualisation", machine.virtualisation],
            ["Frequency governor", machine.governor],
            ["Turbo", machine.turbo],
            ["SMT", SMT_WORDS[machine.smt] ?? machine.smt],
            ["Microcode", machine.microcode],
            ["Clock source", machine.clock_source],
            ["Mitigations", mitigationsOf(machine.mitigations)],
            ["Kernel command line", machine.command_line],
        ]),
        findings.length === 0
            ? null
            : [
                  element("h3", {}, "Findings of vrbench doctor"),
                  table(
                      [
                          {
                              name: "Level",
                              of: (row) => row.level,
                              text: (level) => {
                                  const [sign, look] = levels[level] ?? ["·", "soft"];
                                  return element(`span.whole.${look}`, {}, `${sign} ${level}`);
                              },
                          },
                          { name: "Subject", of: (row) => row.subject },
                          { name: "Found", of: (row) => row.found, wide: true },
                          { name: "Consequence", of: (row) => row.follows, wide: true },
                          { name: "Remedy", of: (row) => row.mends, wide: true },
                      ].filter((column) => findings.some(column.of)),
                      findings,
                      { label: "Findings of vrbench doctor", sortable: true },
                  ),
              ],
    );
}

function methodSection(run) {
    const about = run.run ?? {};
    const trials = run.trials;
    const [shortest, longest] = [trials?.shortest_s, trials?.longest_s].map((one) =>
        number(one, one < 10 ? 1 : 0),
    );
    const repeats = trials?.repeats;
    const placement = about.placement ?? {};
    const text = about.scenario?.text;
    return element(
        "section",
        { id: "method" },
        element("h2", {}, "How it was measured"),
        facts([
            ["Scenario", about.scenario?.name],
            ["Platform", about.scenario?.platform],
            ["Routers", run.platform_words],
            ["Traffic engine", about.scenario?.engine],
            ["Began", about.started && time(about.started)],
            ["Ended", about.ended && time(about.ended)],
            ["Version", about.vrbench && `vrbench ${about.vrbench}`],
            ["Mode", about.quick === true ? "quick: fewer loads, shorter trials" : undefined],
            [
                "A trial",
                trials !== undefined
                    ? `${shortest === longest ? longest : `${shortest} to ${longest}`} s of sending${repeats > 1 ? `, ${repeats} repeats of each load` : ""}`
                    : undefined,
            ],
            [
                "Routes learned",
                about.convergence
                    ?.map(
                        (one) =>
                            `${one.router} (${one.daemon}), ${one.topology}: in ${number(one.seconds, 3)} s`,
                    )
                    .join("; "),
            ],
            ["Host and routers on CPU", placement.dut_cpus],
            ["Tester on CPU", placement.tester_cpus],
            [
                "Shared",
                placement.shared === true
                    ? "tester and device under test share CPUs: the tester takes CPU time from the routers"
                    : undefined,
            ],
        ]),
        ...setupDrawings(run),
        element(
            "ul",
            {},
            [
                "A point is one trial at one offered load, with all networks loaded at the same time. A trial warms up, reads the counters, sends, stops, waits until the sink is quiet, and reads the counters again.",
                "Source, sink, host and routers are separate. CPU is exact kernel time over the trial's own window, in percent of one CPU, without the tester's.",
                "Every packet is numbered: lost, duplicated and reordered packets are counted one by one. A packet that the source never attempted to send is unsent, not lost.",
                "The counters along the path locate every lost packet; a remainder is shown as unexplained.",
                "A trial that the tester limited, that lost CPU time to others, or that stalled is repeated up to three times; then its point is invalid and excluded from all conclusions. Conclusions use the median of repeats.",
            ].map((line) => element("li", {}, line)),
        ),
        text
            ? element(
                  "details",
                  {},
                  element("summary", {}, "The scenario as run"),
                  element("pre", { tabindex: 0 }, text),
              )
            : null,
    );
}

function head(title, words, sections) {
    document.title = `${title} — vrbench`;
    document.getElementById("top").append(
        element("h1", {}, title),
        element("p.soft", {}, words),
        element(
            "nav",
            { "aria-label": "Sections" },
            sections.map((section) =>
                element("a", { href: `#${section.id}` }, section.querySelector("h2").textContent),
            ),
        ),
    );
    document.getElementById("main").replaceChildren(...sections);
    document
        .getElementById("foot")
        .append(
            element(
                "p",
                {},
                `Written ${time(report.written)} by vrbench ${report.vrbench}. Charts by Chart.js (MIT licence).`,
            ),
        );
}

function showRun(run) {
    const name = run.run?.scenario?.name ?? run.points[0]?.scenario ?? run.name;
    const when = run.run?.started ? `, ${time(run.run.started)}` : "";
    const host = run.run?.machine?.hostname ?? "";
    const explore = charts(run);
    const sections =
        run.sweeps.length > 0
            ? [verdictSection(run), explore.section]
            : [
                  element(
                      "section",
                      { id: "verdict" },
                      element("h2", {}, "Verdict"),
                      warnings(run),
                      element("p", {}, "The run contains no points."),
                  ),
              ];
    head(
        `${name}: forwarding, losses and CPU of virtual routers`,
        `${host ? `On ${host}` : "Run"}${when}`,
        [
            ...sections,
            run.sweeps.length > 0 ? indexSection(run) : null,
            controlSection(run),
            machineSection(run),
            methodSection(run),
            pointsSection(run),
            downloadsSection(run),
        ].filter((section) => section !== null),
    );
    if (run.sweeps.length > 0) {
        explore.draw();
    }
}

// The platform of the reproduction's routers, if it limits what the claims mean.
function platformSection(runs) {
    const notes = distinct(
        runs.filter((run) => run.platform_doubtful === true).map((run) => run.platform_words),
    );
    return notes.length === 0
        ? null
        : element(
              "section",
              { id: "platform" },
              element("h2", {}, "The platform"),
              element(
                  "div.note",
                  {},
                  notes.map((words) => element("p", {}, words)),
              ),
          );
}

function showReproduction() {
    const later = [];
    const witness = report.runs.find((run) => run.run?.machine !== undefined);
    const about = report.reproduction;
    const host = witness?.run.machine.hostname;
    head(
        "The study reproduced, claim by claim",
        [
            about.platform ? `Platform ${about.platform}` : "",
            host ? `on ${host}` : "",
            about.started ? time(about.started) : "",
            about.quick === true ? "quick: fewer loads, shorter trials" : "",
        ]
            .filter((word) => word !== "")
            .join(", "),
        [
            platformSection(report.runs),
            claimsSection(about, report.runs, later),
            runsSection(report.runs),
            machineSection(witness),
        ].filter((section) => section !== null),
    );
    later.forEach((draw) => draw());
}

if (report.comparison !== undefined) {
    showComparison(report.comparison);
} else if (report.reproduction !== undefined) {
    showReproduction();
} else {
    showRun(report.runs[0]);
}
