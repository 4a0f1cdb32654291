// SPDX-License-Identifier: GPL-3.0-or-later
// Draws a graph with Chart.js, with a legend of buttons; reading.js reads its values. Colours are
// those of Okabe and Ito; curves also differ by marker and dash.

const paletteLight = [
    "#0072B2",
    "#D55E00",
    "#56B4E9",
    "#009E73",
    "#CC79A7",
    "#b3a100",
    "#E69F00",
    "#000000",
];
const paletteDark = [
    "#56B4E9",
    "#ff7a2e",
    "#3f8fd0",
    "#00c08b",
    "#e69cc8",
    "#F0E442",
    "#E69F00",
    "#ffffff",
];
const markers = ["circle", "rect", "triangle", "rectRot", "star", "circle"];
const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [3, 5]];
const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Set(); // charts on the page, recoloured when the colour scheme changes

const colourOf = (n) =>
    (darkScheme.matches && !printing ? paletteDark : paletteLight)[n % paletteLight.length];
const paperColours = { "--ink": "#16191d", "--soft": "#555d68", "--grid": "#e1e5ea" };
const cssColour = (name) =>
    printing
        ? paperColours[name]
        : getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A picture of line and marker for the legend and the tip.
function swatch(n, colourAt, bars) {
    const svg = (name, attributes) => {
        const made = document.createElementNS("http://www.w3.org/2000/svg", name);
        Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
        return made;
    };
    const root = svg("svg", { width: 26, height: 12, "aria-hidden": "true" });
    const colour = colourOf(colourAt);
    if (bars) {
        root.append(
            svg("rect", {
                x: 6,
                y: 0,
                width: 14,
                height: 12,
                fill: colour,
                stroke: cssColour("--ink"),
            }),
        );
        return root;
    }
    root.append(
        svg("line", {
            x1: 0,
            y1: 6,
            x2: 26,
            y2: 6,
            stroke: colour,
            "stroke-width": 2,
            "stroke-dasharray": dashes[n % dashes.length].join(" "),
        }),
    );
    const shapes = {
        circle: ["circle", { cx: 13, cy: 6, r: 4 }],
        rect: ["rect", { x: 9, y: 2, width: 8, height: 8 }],
        triangle: ["polygon", { points: "13,1 18,11 8,11" }],
        rectRot: ["polygon", { points: "13,1 18,6 13,11 8,6" }],
        star: [
            "path",
            {
                d: "M13 1V11M8 6H18M9.5 2.5L16.5 9.5M16.5 2.5L9.5 9.5",
                stroke: colour,
                "stroke-width": 1.5,
            },
        ],
    };
    const [name, attributes] = shapes[markers[n % markers.length]];
    root.append(svg(name, { ...attributes, fill: colour }));
    return root;
}

const pointsOf = (rows, one) =>
    rows.map((row) => ({ x: one.x(row) ?? null, y: one.y(row) ?? null }));
// A logarithmic axis excludes zero, which its lowest line stands for if the graph has zeros.
const onAxis = (point, graph) =>
    !graph.log || point.y > 0 || point.y === null
        ? point
        : { x: point.x, y: graph.zeros ? graph.floor : null };

// Sets the lowest line of a logarithmic axis that shows zeros: a decade below the least other value.
function prepare(graph) {
    if (!graph.log || !graph.zeros) {
        return;
    }
    const values = graph.curves
        .flatMap((one) => [...one.rows, ...one.invalid].map(one.y))
        .filter((value) => value > 0);
    graph.log = values.length > 0;
    graph.floor = 10 ** (Math.floor(Math.log10(Math.min(...values))) - 1);
}

function lineDatasets(graph) {
    const datasets = graph.curves.map((one, n) => ({
        type: "scatter",
        label: one.name,
        curve: one,
        series: n,
        rows: one.rows,
        showLine: true,
        spanGaps: true,
        data: pointsOf(one.rows, one).map((point) => onAxis(point, graph)),
        yAxisID: one.right ? "right" : "y",
        borderWidth: one.right ? 1.6 : 2.4,
        borderDash: dashes[n % dashes.length],
        pointStyle: markers[n % markers.length],
        pointRadius: 4,
        pointHoverRadius: 7,
        pointHitRadius: 8,
    }));
    graph.curves.forEach((one, n) => {
        if (one.invalid.length > 0) {
            datasets.push({
                type: "scatter",
                label: `${one.name} (invalid points)`,
                curve: one,
                series: n,
                rows: one.invalid,
                apart: true,
                data: pointsOf(one.invalid, one).map((point) => onAxis(point, graph)),
                yAxisID: one.right ? "right" : "y",
                showLine: false,
                pointStyle: "crossRot",
                pointRadius: 6,
                pointHoverRadius: 9,
                borderWidth: 2,
                pointBorderWidth: 2,
            });
        }
    });
    if (graph.ideal) {
        const far = Math.max(
            0,
            ...datasets
                .filter((set) => set.yAxisID === "y")
                .flatMap((set) => set.data.map((point) => point.x ?? 0)),
        );
        datasets.push({
            type: "scatter",
            label: "no loss",
            ideal: true,
            data: [
                { x: 0, y: 0 },
                { x: far, y: far },
            ],
            yAxisID: "y",
            showLine: true,
            pointRadius: 0,
            pointHitRadius: 0,
            borderDash: [2, 4],
            borderWidth: 1,
        });
    }
    return datasets;
}

function barDatasets(graph) {
    return graph.curves.map((one, n) => ({
        type: "bar",
        label: one.name,
        curve: one,
        series: n,
        rows: one.rows,
        borderWidth: 1,
        data: one.rows.map((row) => one.y(row) ?? null),
    }));
}

function paint(chart) {
    const soft = cssColour("--soft");
    chart.data.datasets.forEach((set) => {
        const colour = set.ideal ? soft : colourOf(set.curve.colour);
        set.borderColor = set.type === "bar" ? cssColour("--ink") : colour;
        set.backgroundColor = colour;
        set.pointBackgroundColor = set.apart ? "transparent" : colour;
        set.pointBorderColor = colour;
    });
    for (const scale of Object.values(chart.options.scales)) {
        scale.ticks.color = cssColour("--ink");
        scale.title.color = cssColour("--ink");
        scale.grid.color = cssColour("--grid");
    }
}

const tickRate = (value) =>
    Math.abs(value) >= 1000 ? `${number(value / 1000, 2)} k` : number(value, 2);

function axis(title, more = {}) {
    return {
        beginAtZero: true,
        title: { display: true, text: title },
        ticks: {},
        grid: {},
        ...more,
    };
}

// The upper bounds of a curve's values.
const highest = (one) =>
    one.high === undefined ? [] : one.rows.map(one.high).filter((value) => isNumber(value));

// Labels of a logarithmic axis: 1, 2 and 5 of each decade; its lowest line may stand for zero.
const logTicks = (graph) => ({
    callback: (value) =>
        value === graph.floor
            ? "0"
            : ["1", "2", "5"].includes(value.toExponential()[0]) &&
                Number(value.toExponential(0)) === value
              ? number(value)
              : "",
});

function scalesOf(graph) {
    const rates = { callback: tickRate, maxRotation: 60 };
    const scales = graph.bars
        ? {
              x: axis(graph.x, { stacked: true, ticks: { maxRotation: 60 } }),
              y: axis(graph.y, { stacked: true }),
          }
        : {
              x: axis(graph.x, {
                  type: graph.logX ? "logarithmic" : "linear",
                  beginAtZero: !graph.logX,
                  ticks: graph.logX
                      ? logTicks(graph)
                      : graph.xUnit === "bytes"
                        ? { callback: (value) => number(value) }
                        : rates,
              }),
              y: axis(graph.y, {
                  suggestedMax: Math.max(0, ...graph.curves.flatMap(highest)),
                  ...(graph.curves[0].rate ? { ticks: rates } : {}),
              }),
          };
    if (graph.log) {
        scales.y = axis(graph.y, {
            type: "logarithmic",
            beginAtZero: false,
            min: graph.floor,
            ticks: logTicks(graph),
        });
    }
    if (graph.right) {
        scales.right = axis(graph.right, {
            position: "right",
            suggestedMax: 100,
            grid: { drawOnChartArea: false },
        });
    }
    return scales;
}

// Notes on points that a chart omits.
function leftOut(sweeps) {
    const sum = (of) => sweeps.reduce((all, sweep) => all + of(sweep), 0);
    const parts = [
        ["loads", sum((sweep) => sweep.steps.length), sum((sweep) => sweep.steps_total)],
        ["invalid points", sum((sweep) => sweep.invalid.length), sum((sweep) => sweep.invalid_total)],
    ];
    return parts
        .filter(([, drawn, all]) => drawn < all)
        .map(
            ([what, drawn, all]) =>
                `${number(drawn)} of ${number(all)} ${what} drawn, evenly spread; points.csv contains all.`,
        );
}

// A figure element for a graph of the given sweeps, drawn once it is on the page.
function chartFigure(name, sweeps, title) {
    const graph = graphOf(name, sweeps);
    prepare(graph);
    const figure = element(
        "figure.chart",
        { "data-graph": name },
        element("figcaption", {}, title),
    );
    if (graph.curves.length === 0) {
        figure.append(element("p.empty", {}, graph.nothing ?? "Not measured in this topology."));
        return figure;
    }
    const canvas = element("canvas", {
        tabindex: 0,
        role: "img",
        "aria-label": `${title}. Arrow keys read the values; the table below contains all values.`,
    });
    const tip = element("div.tip", { role: "status", hidden: true });
    figure.append(element("div.plot", {}, canvas, tip));
    const datasets = graph.bars ? barDatasets(graph) : lineDatasets(graph);
    const chart = new Chart(canvas, {
        plugins: [markPlugin(graph)],
        data: {
            labels: graph.bars
                ? graph.curves[0].rows.map((row) => tickRate(graph.curves[0].x(row)))
                : undefined,
            datasets,
        },
        options: {
            animation: false,
            maintainAspectRatio: false,
            scales: scalesOf(graph),
            interaction: { mode: "nearest", intersect: false, axis: graph.bars ? "x" : "xy" },
            plugins: {
                legend: { display: false },
                tooltip: {
                    enabled: false,
                    filter: (item) => !item.dataset.ideal,
                    external: ({ tooltip }) => {
                        const item =
                            tooltip.opacity === 0
                                ? undefined
                                : tooltip.dataPoints?.find((one) => !one.dataset.ideal);
                        if (item === undefined) {
                            tip.hidden = true;
                        } else {
                            fillTip(tip, graph, item.dataset, item.dataIndex);
                            placeTip(tip, chart, tooltip.caretX, tooltip.caretY);
                        }
                    },
                },
            },
        },
    });
    paint(chart);
    chart.update();
    drawn.add(chart);
    const choose = (chosen) => {
        chart.setActiveElements(chosen);
        chart.tooltip.setActiveElements(chosen, { x: 0, y: 0 });
        chart.update();
    };
    walkByKeys(
        canvas,
        chart,
        (datasetIndex, index) => choose([{ datasetIndex, index }]),
        () => choose([]),
    );
    const tools = chartTools(chart, graph, title, name);
    const legend = element("div.legend", { role: "group", "aria-label": "Series" });
    const fillLegend = () =>
        legend.replaceChildren(
            ...graph.curves.map((one, n) => {
                const mine = datasets.map((set, d) => d).filter((d) => datasets[d].series === n);
                return element(
                    "button",
                    {
                        type: "button",
                        "aria-pressed": String(chart.isDatasetVisible(mine[0])),
                        click: (event) => {
                            const shown = !chart.isDatasetVisible(mine[0]);
                            mine.forEach((d) => chart.setDatasetVisibility(d, shown));
                            event.currentTarget.setAttribute("aria-pressed", String(shown));
                            chart.update();
                        },
                    },
                    swatch(n, one.colour, graph.bars),
                    one.name,
                );
            }),
        );
    fillLegend();
    figure.insertBefore(legend, figure.children[1]);
    figure.insertBefore(tools, figure.children[2]);
    if (datasets.some((set) => set.apart)) {
        figure.append(
            element("div.soft", {}, "× marks invalid points, which no summary includes."),
        );
    }
    for (const words of leftOut(sweeps)) {
        figure.append(element("div.soft", {}, words));
    }
    figure.append(valueTable(graph));
    figure.repaint = () => {
        fillLegend();
        paint(chart);
        chart.update();
    };
    figure.chart = chart;
    return figure;
}

// Removes figures from the page and frees their Chart.js objects.
function dropFigures(parent) {
    for (const figure of parent.querySelectorAll("figure.chart")) {
        if (figure.chart !== undefined) {
            drawn.delete(figure.chart);
            figure.chart.destroy();
        }
    }
    parent.replaceChildren();
}

// Charts are as wide as a printed sheet, since a canvas would keep its size on the screen.
const paper = { width: 680, height: 300 }; // CSS pixels, on A4 and on Letter
const repaintAll = () =>
    document.querySelectorAll("figure.chart").forEach((figure) => figure.repaint?.());
let printing = false; // paper is white, whatever the colour scheme
addEventListener("beforeprint", () => {
    printing = true;
    repaintAll();
    drawn.forEach((chart) => chart.resize(paper.width, paper.height));
});
addEventListener("afterprint", () => {
    printing = false;
    repaintAll();
    drawn.forEach((chart) => chart.resize());
});

darkScheme.addEventListener("change", repaintAll);
