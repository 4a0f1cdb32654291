// SPDX-License-Identifier: GPL-3.0-or-later
// Data of each graph: series of {x, y} over the steps of a sweep, and the axes. charts.js draws them.

// Colours of the palette: a network, router, host or total has the same colour in all graphs. Networks
// use the first colours, routers those from ROUTERS on.
const ROUTERS = 3;
const HOST = 6;
const TOTAL = 7;
const unnamed = [0, 1, 3, 6, 4, 2, 5, 7]; // the order for curves of anything else

// A curve: `rows` are the steps, `x` and `y` map a row to a number; invalid points are separate.
function curve(sweep, name, x, y, more = {}) {
    return { name, rows: sweep.steps, invalid: sweep.invalid, x, y, ...more };
}

const unitRate = "packets/s";
const unitCpu = "% of one CPU";

function receivedCurves(sweep) {
    return sweep.networks.map((name, i) =>
        curve(
            sweep,
            `${name} received`,
            (row) => row.networks[i].sent,
            (row) => row.networks[i].received,
            { unit: unitRate, colour: i },
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

// By name: title, and sweep(s) → {curves, x, y, right, log, ideal, bars}.
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
                ? "Transmitted, all networks (packets/s)"
                : "Transmitted (packets/s)",
            y: "Received (packets/s)",
            ideal: true,
        }),
    },
    cpu: {
        title: "Received packets, and CPU",
        make: ([sweep]) => ({
            curves: [...receivedCurves(sweep), ...cpuCurves(sweep)],
            x: `Transmitted${several(sweep)} (packets/s)`,
            y: `Received${several(sweep)} (packets/s)`,
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
                    { unit: "% lost", colour: i },
                ),
            ),
            x: `Transmitted${several(sweep)} (packets/s)`,
            y: "Frame loss (% of transmitted)",
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
            x: `Transmitted${several(sweep)} (packets/s)`,
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
            ]),
            x: `Transmitted${several(sweep)} (packets/s)`,
            y: "One-way delay (µs)",
            log: true,
        }),
    },
    places: {
        title: "Where packets were lost",
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
            x: `Transmitted${several(sweep)} (packets/s)`,
            y: "Lost (% of transmitted)",
            bars: true,
            nothing: "No packet was lost at a valid point.",
        }),
    },
};

// The graph without empty curves.
function graphOf(name, sweeps) {
    const graph = graphs[name].make(sweeps);
    const has = (rows, of) => rows.some((row) => isNumber(of(row)) && (!graph.bars || of(row) > 0));
    graph.curves = graph.curves.filter(
        (one) => has(one.rows, one.y) || (!graph.bars && has(one.invalid, one.y)),
    );
    graph.curves.forEach((one, n) => {
        one.colour ??= unnamed[n % unnamed.length];
    });
    return graph;
}
