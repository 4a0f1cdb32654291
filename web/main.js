// SPDX-License-Identifier: GPL-3.0-or-later
// The page of a run or of a reproduction, put together from the data that vrbench embedded.

const report = JSON.parse(document.getElementById("data").textContent);

const levels = { good: ["✓", "good"], limit: ["!", "unsure"], missing: ["✗", "bad"] };

// The summary in sentences, by packet length.
function verdictLists(run) {
  const several = distinct(run.summary.map((row) => `${row.scenario}/${row.platform}/${row.engine}`)).length > 1;
  const heading = (row) => `${row.length}-${lengthWords(row.length_layer)}${several ? `, ${row.scenario} (${row.platform}, ${row.engine})` : ""}`;
  return element("div.verdicts", {}, distinct(run.summary.map(heading)).map((name) => element("div", {},
    element("h3", {}, name),
    element("dl", {}, run.summary.filter((row) => heading(row) === name).flatMap((row) => [element("dt", {}, row.topology), element("dd", {}, row.sentence)])))));
}

function summaryTable(run) {
  return table([
    { name: "Topology", of: (row) => row.topology },
    { name: "Length (bytes)", of: (row) => row.length },
    { name: "No loss up to (packets/s)", of: (row) => row.no_loss_pps, decimals: 0 },
    { name: "Most forwarded (packets/s)", of: (row) => row.max_pps, decimals: 0 },
    { name: "Loss at the highest load (%)", of: (row) => row.loss_at_top_percent, decimals: 2 },
    { name: "Host CPU (% of one)", of: (row) => row.host_cpu_percent, decimals: 1 },
    { name: "Routers' CPU (% of one)", of: (row) => row.router_cpu_percent, decimals: 1 },
    { name: "CPU (ns a packet)", of: (row) => row.ns_per_packet, decimals: 0 },
    { name: "Points", of: (row) => row.points },
    { name: "Invalid", of: (row) => row.invalid_points },
  ], run.summary, { label: "Summary", sortable: true });
}

// What a reader must know before believing a figure.
function warnings(run) {
  const notes = [];
  const status = run.run?.status;
  if (status !== undefined && status !== "done") {
    notes.push(element("p", {}, `The run is ${status}${run.run.error ? `: ${run.run.error}` : ""}. What it measured is below.`));
  }
  const invalid = (run.points ?? []).filter((point) => !point.valid);
  if (invalid.length > 0) {
    // A point may have several reasons; their numbers differ from point to point.
    const plain = (text) => text.replace(/\d[\d.,]*/g, "…");
    const reasons = invalid.flatMap((point) => distinct((point.why_invalid ?? "no reason kept").split("; ").map(plain)));
    const counted = distinct(reasons).map((reason) => [reason, reasons.filter((one) => one === reason).length]).sort((a, b) => b[1] - a[1]);
    notes.push(element("p", {}, `${invalid.length} of ${run.points.length} points are invalid: kept and drawn apart, but counted in no figure.`),
      element("details", {}, element("summary", {}, "Why"), element("ul", {}, counted.map(([reason, count]) => element("li", {}, `${count} × ${reason}`)))));
  }
  return notes.length > 0 ? element("div.note", {}, notes) : null;
}

function verdictSection(run) {
  return element("section", { id: "verdict" }, element("h2", {}, "Verdict"), verdictLists(run), warnings(run),
    element("details", {}, element("summary", {}, "The same as a table"), summaryTable(run)));
}

function machineSection(run) {
  const machine = run?.run?.machine;
  if (machine === undefined) {
    return element("section", { id: "machine" }, element("h2", {}, "The machine"), element("p.soft", {}, "run.json tells nothing about it."));
  }
  const cpus = isNumber(machine.cpus_usable) ? `${machine.cpus_usable} usable of ${machine.cpus_online}` : undefined;
  const findings = machine.doctor ?? [];
  return element("section", { id: "machine" }, element("h2", {}, "The machine"),
    facts([["Name", machine.hostname], ["System", machine.system], ["Kernel", machine.kernel], ["CPU", machine.cpu_model], ["CPUs", cpus],
      ["Memory", bytes(machine.memory_bytes)], ["Virtualisation", machine.virtualisation]]),
    findings.length === 0 ? null : [element("h3", {}, "What vrbench doctor found"),
      table([
        { name: "Level", of: (row) => row.level, text: (level) => {
          const [sign, look] = levels[level] ?? ["·", "soft"];
          return element(`span.whole.${look}`, {}, `${sign} ${level}`);
        } },
        { name: "Subject", of: (row) => row.subject },
        { name: "Found", of: (row) => row.found, wide: true },
        { name: "What follows", of: (row) => row.follows, wide: true },
        { name: "What mends it", of: (row) => row.mends, wide: true },
      ].filter((column) => findings.some(column.of)), findings, { label: "Findings of vrbench doctor", sortable: true })]);
}

function methodSection(run) {
  const about = run.run ?? {};
  const durations = run.points.map((point) => point.duration_s);
  const [shortest, longest] = [Math.min(...durations), Math.max(...durations)].map((one) => number(one, one < 10 ? 1 : 0));
  const repeats = distinct(run.points.map((point) => point.repeat)).length;
  const placement = about.placement ?? {};
  const text = about.scenario?.text;
  return element("section", { id: "method" }, element("h2", {}, "How it was measured"),
    facts([["Scenario", about.scenario?.name], ["Platform", about.scenario?.platform], ["Traffic engine", about.scenario?.engine],
      ["Began", about.started && time(about.started)], ["Ended", about.ended && time(about.ended)], ["Version", about.vrbench && `vrbench ${about.vrbench}`],
      ["Mode", about.quick === true ? "quick: few loads, short trials" : undefined],
      ["A trial", durations.length > 0 ? `${shortest === longest ? longest : `${shortest} to ${longest}`} s of sending${repeats > 1 ? `, ${repeats} repeats of each load` : ""}` : undefined],
      ["Host and routers on CPU", placement.dut_cpus], ["Tester on CPU", placement.tester_cpus],
      ["Shared", placement.shared === true ? "tester and device under test share CPUs: the tester takes CPU from what it measures" : undefined]]),
    element("ul", {},
      ["A point is one trial at one offered load, all networks loaded at once. A trial warms up, reads the counters, sends, stops, drains until the sink is quiet, and reads again.",
        "Source, sink, host and routers are apart. CPU is exact kernel time over the trial's own window, in percent of one CPU; the tester's is not counted.",
        "Every packet is numbered: lost, duplicated and reordered ones are counted one by one. What the source never attempted is unsent, and never loss.",
        "Every lost packet has a place, from the counters along its path; what they don't explain is shown as unexplained.",
        "A trial that the tester limited, that was robbed of CPU or stalled is repeated up to three times, then kept as invalid and left out of all conclusions. Of repeats the median counts."]
        .map((line) => element("li", {}, line))),
    text ? element("details", {}, element("summary", {}, "The scenario as run"), element("pre", { tabindex: 0 }, text)) : null);
}

const pointColumns = [
  ["Scenario", (r) => r.point.scenario], ["Topology", (r) => r.point.topology], ["Length", (r) => r.point.length],
  ["Step", (r) => r.point.step], ["Repeat", (r) => r.point.repeat], ["Requested (packets/s)", (r) => r.point.requested_pps, 0],
  ["Network", (r) => r.network?.name], ["Router", (r) => r.network?.router],
  ["Offered (packets/s)", (r) => r.network?.offered_pps, 0], ["Forwarded (packets/s)", (r) => r.network?.forwarded_pps, 0],
  ["Transmitted", (r) => r.network?.tx], ["Unsent", (r) => r.network?.unsent], ["Received", (r) => r.network?.rx], ["Lost", (r) => r.network?.lost],
  ["Loss (%)", (r) => r.network?.loss_ratio * 100], ["Duplicated", (r) => r.network?.duplicated], ["Reordered", (r) => r.network?.reordered],
  ["Delay p50 (µs)", (r) => r.network?.delay_ns?.p50 / 1000], ["Delay p99 (µs)", (r) => r.network?.delay_ns?.p99 / 1000],
  ["Jitter (µs)", (r) => r.network?.jitter_ns / 1000],
  ["Host CPU %", (r) => r.cpu("host"), 1], ["Router CPU %", (r) => r.cpu(r.network?.router), 1], ["Total CPU %", (r) => r.point.cpu_total_percent, 1],
  ["Tester CPU %", (r) => r.cpu("tester"), 1], ["Router memory (MiB)", (r) => r.memory / 1048576, 1],
  ["Lost where", (r) => r.drops, undefined, true], ["Steal % at most", (r) => r.steal, 1], ["Trials", (r) => r.point.attempts],
  ["Valid", (r) => (r.point.valid ? "yes" : "no")], ["Why invalid", (r) => r.point.why_invalid, undefined, true],
];

function pointRows(points) {
  return points.flatMap((point) => (point.networks.length > 0 ? point.networks : [undefined]).map((network) => ({
    point, network,
    cpu: (name) => point.cpu.find((entry) => entry.name === name)?.percent,
    memory: point.memory?.find((entry) => entry.name === network?.router)?.bytes ?? NaN,
    drops: point.drops.filter((drop) => drop.count > 0).map((drop) => `${drop.where}: ${number(drop.count)}`).join("; ") || undefined,
    steal: point.processors?.length > 0 ? Math.max(...point.processors.map((cpu) => cpu.steal_percent)) : undefined,
  })));
}

function pointsSection(run) {
  const rows = pointRows(run.points);
  const known = (of) => (row) => {
    const value = of(row);
    return typeof value === "number" && Number.isNaN(value) ? undefined : value;
  };
  const columns = pointColumns.map(([name, of, decimals, wide]) => ({ name, of: known(of), decimals, wide }))
    .filter((column) => column.name !== "Scenario" || distinct(run.points.map((point) => point.scenario)).length > 1);
  const list = table(columns, rows, { label: "All points", sortable: true, tall: true, mark: (row) => !row.point.valid });
  const count = element("span.soft", { role: "status" });
  const filter = element("input", { type: "search", placeholder: "bridged 64", input: () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    const shown = list.showOnly((row) => words.every((word) => columns.some((column) => String(column.of(row) ?? "").toLowerCase().includes(word))));
    count.textContent = `${shown} of ${rows.length} rows`;
  } });
  count.textContent = `${rows.length} rows`;
  return element("section", { id: "points" }, element("h2", {}, "Every point"),
    element("p", {}, "One row a point and network; an empty cell was not measured. A heading sorts by its column; invalid points are tinted and say why at the end."),
    element("div.controls", {}, element("label.select", {}, "Only rows with", filter), count), list);
}

// Files embedded in the page are offered from it, others from beside it.
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
  return element("section", { id: "downloads" }, element("h2", {}, "Downloads"),
    items.length > 0 ? element("ul.downloads", {}, items) : element("p.soft", {}, "There is neither points.csv nor report.xlsx beside this page."),
    figures.length > 0 ? element("details", {}, element("summary", {}, `${figures.length} figures for print, in figures/ beside this page`),
      element("ul", {}, figures.map((name) => element("li", {}, `${name}: `, ["svg", "png", "gp"].flatMap((kind) => [element("a", { href: `figures/${name}.${kind}` }, kind.toUpperCase()), " "])))))
      : element("p.soft", {}, "Figures for print (SVG, PNG and their gnuplot scripts) are made by vrbench report."));
}

function head(title, words, sections) {
  document.title = `${title} — vrbench`;
  document.getElementById("top").append(element("h1", {}, title), element("p.soft", {}, words),
    element("nav", { "aria-label": "Sections" }, sections.map((section) => element("a", { href: `#${section.id}` }, section.querySelector("h2").textContent))));
  document.getElementById("main").replaceChildren(...sections);
  document.getElementById("foot").append(element("p", {}, `Written ${time(report.written)} by vrbench ${report.vrbench}. Charts by Chart.js (MIT licence).`));
}

function showRun(run) {
  const name = run.run?.scenario?.name ?? run.points[0]?.scenario ?? run.name;
  const when = run.run?.started ? `, ${time(run.run.started)}` : "";
  const host = run.run?.machine?.hostname ?? "";
  const explore = charts(run);
  const sections = run.sweeps.length > 0 ? [verdictSection(run), explore.section] : [element("section", { id: "verdict" }, element("h2", {}, "Verdict"), warnings(run), element("p", {}, "Nothing was measured."))];
  head(`${name}: what virtual routers forward, lose and cost`, `${host ? `On ${host}` : "Run"}${when}`,
    [...sections, machineSection(run), methodSection(run), pointsSection(run), downloadsSection(run)]);
  if (run.sweeps.length > 0) {
    explore.draw();
  }
}

function showReproduction() {
  const later = [];
  const witness = report.runs.find((run) => run.run?.machine !== undefined);
  const about = report.reproduction;
  const host = witness?.run.machine.hostname;
  head("The study reproduced, claim by claim", [about.platform ? `Platform ${about.platform}` : "", host ? `on ${host}` : "",
    about.started ? time(about.started) : "", about.quick === true ? "quick: few loads, short trials" : ""].filter((word) => word !== "").join(", "),
  [claimsSection(about.claims, report.runs, later), runsSection(report.runs), machineSection(witness)]);
  later.forEach((draw) => draw());
}

if (report.reproduction !== undefined) {
  showReproduction();
} else {
  showRun(report.runs[0]);
}
