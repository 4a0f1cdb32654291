// SPDX-License-Identifier: GPL-3.0-or-later
// Data of each graph: series of {x, y} over the steps of a sweep, and the axes. charts.js draws them.

// Colours of the palette: a network, router, host or total has the same colour in all graphs. Networks
// use the first colours, routers those from ROUTERS on.
const ROUTERS = 3;
const HOST = 6;
const TOTAL = 7;
const unnamed = [0, 1, 3, 6, 4, 2, 5, 7]; // the order for curves of anything else

// Units of rates; the page shows all of them in one.
const rateUnits = {
    "packets/s": () => 1,
    "Mbit/s": (sweep) => (sweep.length * 8) / 1e6, // of the layer of the length
};
const isRate = (unit) => unit in rateUnits;
let rateUnit = "packets/s";
const setRateUnit = (name) => {
    rateUnit = name in rateUnits ? name : "packets/s";
};

// A curve: `rows` are the steps, `x` and `y` map a row to a number; invalid points are separate. X is
// a rate; Y is one, too, if its unit is unitRate. `span` maps a row to both ends of the interval of
// the median that Y is; undefined if no load has several repeats.
const unitRate = "rate";
function curve(sweep, name, x, y, more = {}) {
    const factor = rateUnits[rateUnit](sweep);
    const inUnit = (of) => (row) => (isNumber(of(row)) ? of(row) * factor : undefined);
    const rate = more.unit === unitRate;
    const repeated = more.span && sweep.steps.some((row) => isNumber(more.span[0](row)));
    return {
        name,
        rows: sweep.steps,
        invalid: sweep.invalid,
        ...more,
        span: repeated ? (rate ? more.span.map(inUnit) : more.span) : undefined,
        x: inUnit(x),
        y: rate ? inUnit(y) : y,
        rate,
        unit: rate ? rateUnit : more.unit,
    };
}

const unitCpu = "% of one CPU";

function receivedCurves(sweep) {
    return sweep.networks.map((name, i) =>
        curve(
            sweep,
            `${name} received`,
            (row) => row.networks[i].sent,
            (row) => row.networks[i].received,
            {
                unit: unitRate,
                colour: i,
                span: [
                    (row) => row.networks[i].received_low,
                    (row) => row.networks[i].received_high,
                ],
            },
        ),
    );
}

function cpuCurves(sweep) {
    const right = { right: true, unit: unitCpu };
    const metered = sweep.steps.concat(sweep.invalid).some((row) => isNumber(row.total_cpu));
    return [
        curve(
            sweep,
            "host CPU",
            (row) => row.sent_mean,
            (row) => row.host_cpu,
            { ...right, colour: HOST },
        ),
        ...sweep.routers.map((name, i) =>
            curve(
                sweep,
                `${name} CPU`,
                (row) => row.sent_mean,
                (row) => row.routers[i].cpu,
                { ...right, colour: ROUTERS + i },
            ),
        ),
        metered
            ? curve(
                  sweep,
                  "total CPU",
                  (row) => row.sent_mean,
                  (row) => row.total_cpu,
                  { ...right, colour: TOTAL },
              )
            : curve(
                  sweep,
                  "tester CPU",
                  (row) => row.sent_mean,
                  (row) => row.tester_cpu,
                  { ...right, colour: TOTAL },
              ),
    ];
}

const several = (sweep) => (sweep.networks.length > 1 ? " per network" : "");

// The loads up to which a sweep kept a goal, from the run's indexes; vertical marks of a chart. Marks that cannot be told
// apart are one, with all names.
function marksOf(sweep) {
    const goals = { throughput: "no loss", partial_drop_rate: "loss ≤ 0.5 %" };
    const factor = rateUnits[rateUnit](sweep);
    const marks = [];
    for (const row of (sweep.indexes ?? []).filter((row) => row.index in goals)) {
        const x = row.value * factor;
        let mark = marks.find((one) => Math.abs(one.x - x) <= 0.005 * x);
        if (mark === undefined) {
            mark = { x, colour: sweep.networks.indexOf(row.subject), dotted: true, names: new Map() };
            marks.push(mark);
        }
        mark.dotted &&= row.index === "partial_drop_rate";
        mark.names.set(row.subject, [...(mark.names.get(row.subject) ?? []), goals[row.index]]);
    }
    return marks.map(({ names, ...mark }) => {
        const texts = [...names].map(([subject, kept]) => [subject, kept.join(", ")]);
        const name = distinct(texts.map(([, kept]) => kept))
            .map((kept) => `${texts.filter((one) => one[1] === kept).map((one) => one[0]).join(", ")}: ${kept}`)
            .join("; ");
        return { ...mark, name };
    });
}

// Throughput over packet lengths: a curve for each topology and network.
function lengthCurves(sweeps, index) {
    const subjects = distinct(
        sweeps.flatMap((sweep) => sweep.networks.map((name) => `${sweep.topology}\n${name}`)),
    );
    const alone = distinct(sweeps.flatMap((sweep) => sweep.networks)).length === 1;
    return subjects.map((key) => {
        const [topology, network] = key.split("\n");
        const rows = sweeps
            .filter((sweep) => sweep.topology === topology)
            .flatMap((sweep) =>
                (sweep.indexes ?? [])
                    .filter((row) => row.index === index && row.subject === network)
                    .map((row) => ({
                        length: sweep.length,
                        low: row.value * rateUnits[rateUnit](sweep),
                        high: row.high * rateUnits[rateUnit](sweep),
                    })),
            )
            .sort((a, b) => a.length - b.length);
        return {
            name: alone ? topology : `${topology}: ${network}`,
            rows,
            invalid: [],
            x: (row) => row.length,
            y: (row) => row.low,
            high: (row) => row.high,
            rate: true,
            unit: rateUnit,
        };
    });
}

// For a few loads and each network, which part of the packets had a longer delay.
function delayCurves(sweep) {
    const factor = rateUnits[rateUnit](sweep);
    return (sweep.delays ?? []).flatMap((load) =>
        load.networks.flatMap((classes, i) => {
            if (classes === null) {
                return [];
            }
            const all = classes.packets.reduce((sum, packets) => sum + packets, 0);
            let above = all;
            const rows = classes.below_us.map((below, at) => {
                above -= classes.packets[at];
                return { below, longer: (above / all) * 100 };
            });
            return [
                {
                    name: `${sweep.networks[i]} at ${number(load.sent * factor)} ${rateUnit}`,
                    rows: rows.filter((row) => row.longer > 0),
                    invalid: [],
                    x: (row) => row.below,
                    y: (row) => row.longer,
                    unit: "%",
                },
            ];
        }),
    );
}

// By name: title, and sweep(s) → {curves, x, y, right, log, ideal, bars, marks, xUnit, logX}.
const graphs = {
    topologies: {
        title: "All topologies: received against transmitted",
        overTopologies: true,
        make: (sweeps) => ({
            curves: sweeps.map((sweep) =>
                curve(
                    sweep,
                    sweep.topology,
                    (row) => row.sent,
                    (row) => row.received,
                    { unit: unitRate },
                ),
            ),
            x: sweeps.some((sweep) => sweep.networks.length > 1)
                ? `Transmitted, all networks (${rateUnit})`
                : `Transmitted (${rateUnit})`,
            y: `Received (${rateUnit})`,
            ideal: true,
        }),
    },
    lengths: {
        title: "Throughput without loss against packet length",
        overLengths: true,
        make: (sweeps) => ({
            curves: lengthCurves(sweeps, "throughput"),
            x: "Packet length (bytes)",
            y: `Throughput (${rateUnit})`,
            xUnit: "bytes",
            nothing: "No load was carried without loss.",
        }),
    },
    cpu: {
        title: "Received packets, and CPU",
        make: ([sweep]) => ({
            curves: [...receivedCurves(sweep), ...cpuCurves(sweep)],
            x: `Transmitted${several(sweep)} (${rateUnit})`,
            y: `Received${several(sweep)} (${rateUnit})`,
            right: "CPU (% of one CPU)",
            ideal: true,
        }),
    },
    loss: {
        title: "Frame loss",
        make: ([sweep]) => ({
            curves: sweep.networks.map((name, i) =>
                curve(
                    sweep,
                    name,
                    (row) => row.networks[i].sent,
                    (row) => row.networks[i].loss,
                    {
                        unit: "% lost",
                        colour: i,
                        span: [
                            (row) => row.networks[i].loss_low,
                            (row) => row.networks[i].loss_high,
                        ],
                    },
                ),
            ),
            x: `Transmitted${several(sweep)} (${rateUnit})`,
            y: "Frame loss (% of transmitted)",
            log: true,
            zeros: true,
            marks: marksOf(sweep),
        }),
    },
    ns: {
        title: "CPU time per packet",
        make: ([sweep]) => ({
            curves: [
                curve(
                    sweep,
                    "host",
                    (row) => row.sent_mean,
                    (row) => row.host_ns,
                    { unit: "ns", colour: HOST },
                ),
                ...sweep.routers.map((name, i) =>
                    curve(
                        sweep,
                        name,
                        (row) => row.sent_mean,
                        (row) => row.routers[i].ns,
                        { unit: "ns", colour: ROUTERS + i },
                    ),
                ),
                curve(
                    sweep,
                    "host and routers",
                    (row) => row.sent_mean,
                    (row) => row.all_ns,
                    { unit: "ns", colour: TOTAL },
                ),
            ],
            x: `Transmitted${several(sweep)} (${rateUnit})`,
            y: "CPU time (ns per packet)",
        }),
    },
    delay: {
        title: "One-way delay",
        make: ([sweep]) => ({
            curves: sweep.networks.flatMap((name, i) => [
                curve(
                    sweep,
                    `${name} median`,
                    (row) => row.networks[i].sent,
                    (row) => row.networks[i].p50,
                    { unit: "µs", colour: i },
                ),
                curve(
                    sweep,
                    `${name} 99th percentile`,
                    (row) => row.networks[i].sent,
                    (row) => row.networks[i].p99,
                    { unit: "µs", colour: i },
                ),
                curve(
                    sweep,
                    `${name} 99.9th percentile`,
                    (row) => row.networks[i].sent,
                    (row) => row.networks[i].p999,
                    { unit: "µs", colour: i },
                ),
            ]),
            x: `Transmitted${several(sweep)} (${rateUnit})`,
            y: "One-way delay (µs)",
            log: true,
        }),
    },
    delays: {
        title: "Distribution of one-way delays",
        make: ([sweep]) => ({
            curves: delayCurves(sweep),
            x: "One-way delay (µs)",
            y: "Packets with a longer delay (%)",
            xUnit: "µs",
            log: true,
            logX: true,
            nothing: "No valid point has a distribution of delays.",
        }),
    },
    places: {
        title: "Where packets were lost",
        bars: true,
        make: ([sweep]) => ({
            curves: sweep.places.map((name, i) =>
                curve(
                    sweep,
                    name,
                    (row) => row.sent_mean,
                    (row) => row.places[i],
                    { unit: "% of transmitted" },
                ),
            ),
            x: `Transmitted${several(sweep)} (${rateUnit})`,
            y: "Lost (% of transmitted)",
            bars: true,
            nothing: "No packet was lost at a valid point.",
        }),
    },
};

// The graphs of several topologies in one: a colour for each topology, a dash for each curve.
function overlaid(name, sweeps) {
    const parts = sweeps.map((sweep) => graphs[name].make([sweep]));
    const curves = parts.flatMap((part, at) =>
        part.curves.map((one) => ({
            ...one,
            name: `${sweeps[at].topology}: ${one.name}`,
            colour: unnamed[at % unnamed.length],
        })),
    );
    return { ...parts[0], curves, marks: [] };
}

// The graph without empty curves.
function graphOf(name, sweeps) {
    const apart = graphs[name].overTopologies || graphs[name].overLengths || sweeps.length < 2;
    const graph = apart ? graphs[name].make(sweeps) : overlaid(name, sweeps);
    graph.xUnit ??= rateUnit;
    const has = (rows, of) => rows.some((row) => isNumber(of(row)) && (!graph.bars || of(row) > 0));
    graph.curves = graph.curves.filter(
        (one) => has(one.rows, one.y) || (!graph.bars && has(one.invalid, one.y)),
    );
    graph.curves.forEach((one, n) => {
        one.colour ??= unnamed[n % unnamed.length];
    });
    return graph;
}
