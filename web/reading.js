// SPDX-License-Identifier: GPL-3.0-or-later
// Shows a chart's values: in the tip under the pointer, by arrow keys, and in the table below.

// "40,000 packets/s"; of a figure between two bounds, both; of a median over repeats, its interval.
const valueText = (one, row) =>
    one.high !== undefined
        ? `${bounds(one.y(row), one.high(row))} ${one.unit}`
        : one.span !== undefined && isNumber(one.span[0](row))
          ? `${number(one.y(row))} (${bounds(one.span[0](row), one.span[1](row))}) ${one.unit}`
          : withUnit(one.y(row), one.unit);

// Whether two curves have the same rows, at the same places of X. Each network has loads of its own.
const isBeside = (one, other) =>
    one === other || (one.rows === other.rows && one.rows.every((row) => one.x(row) === other.x(row)));

// Fills the tip at one point: the load, the value of every curve there, and why the point is invalid.
function fillTip(tip, graph, set, index) {
    const row = set.rows[index];
    const lines = graph.curves
        .map((one, n) => [one, n])
        .filter(([one]) => isNumber(one.y(row)) && isBeside(one, set.curve));
    tip.replaceChildren(
        element("strong", {}, withUnit(set.curve.x(row), isRate(graph.xUnit) ? `${graph.xUnit} transmitted` : graph.xUnit)),
        element(
            "table",
            {},
            element(
                "tbody",
                {},
                lines.map(([one, n]) =>
                    element(
                        one === set.curve ? "tr.near" : "tr",
                        {},
                        element("td", {}, swatch(n, one.colour, graph.bars)),
                        element("td", {}, one.name),
                        element("td", {}, valueText(one, row)),
                    ),
                ),
            ),
        ),
        set.apart ? element("div.bad", {}, `✗ invalid: ${row.why ?? "no reason kept"}`) : "",
    );
}

function placeTip(tip, chart, x, y) {
    tip.hidden = false;
    const room = chart.canvas.clientWidth;
    const left = x + 14 + tip.offsetWidth <= room ? x + 14 : Math.max(0, x - 14 - tip.offsetWidth);
    const top = Math.max(
        0,
        Math.min(y - tip.offsetHeight / 2, chart.canvas.clientHeight - tip.offsetHeight),
    );
    tip.style.left = `${Math.min(left, Math.max(0, room - tip.offsetWidth))}px`;
    tip.style.top = `${top}px`;
}

// Arrow keys walk over the points: left and right along a curve, up and down from curve to curve.
function walkByKeys(canvas, chart, show, hide) {
    let at = null;
    const walkable = () =>
        chart.data.datasets
            .map((set, d) => d)
            .filter((d) => !chart.data.datasets[d].ideal && chart.isDatasetVisible(d));
    canvas.addEventListener("keydown", (event) => {
        const moves = {
            ArrowRight: [0, 1],
            ArrowLeft: [0, -1],
            ArrowUp: [-1, 0],
            ArrowDown: [1, 0],
        };
        if (event.key === "Escape") {
            at = null;
            hide();
        }
        const sets = walkable();
        if (!(event.key in moves) || sets.length === 0) {
            return;
        }
        event.preventDefault();
        const [across, along] = moves[event.key];
        let place = at === null ? 0 : Math.max(0, sets.indexOf(at.set) + across);
        place = Math.min(place, sets.length - 1);
        const count = chart.data.datasets[sets[place]].data.length;
        at = {
            set: sets[place],
            index: at === null ? 0 : Math.min(Math.max(at.index + along, 0), count - 1),
        };
        show(at.set, at.index);
    });
    canvas.addEventListener("blur", () => {
        at = null;
        hide();
    });
}

// The columns and rows of a chart's values: a line for each load of the curves that have it in common.
function valuesOf(graph) {
    const firstOf = new Map(
        graph.curves.map((one) => [one, graph.curves.find((other) => isBeside(other, one))]),
    );
    const firsts = [...new Set(firstOf.values())];
    const rows = firsts.flatMap((first) => first.rows.map((row) => ({ row, first })));
    const valueOf = (one, of) => (line) =>
        firstOf.get(one) === line.first ? of(line.row) : undefined;
    const columns = [
        {
            name: isRate(graph.xUnit) ? `Transmitted (${graph.xUnit})` : graph.x,
            of: (line) => line.first.x(line.row),
            decimals: graph.xUnit === "packets/s" ? 0 : undefined,
        },
        ...graph.curves.map((one) => ({
            name: `${one.name} (${one.unit})`,
            of: valueOf(one, one.y),
        })),
        ...graph.curves
            .filter((one) => one.high !== undefined)
            .map((one) => ({
                name: `${one.name}, less than (${one.unit})`,
                of: valueOf(one, one.high),
            })),
        ...graph.curves
            .filter((one) => one.span !== undefined)
            .flatMap((one) =>
                ["from", "to"].map((end, n) => ({
                    name: `${one.name}, ${end} (${one.unit})`,
                    of: valueOf(one, one.span[n]),
                })),
            ),
    ].map((column) => ({
        ...column,
        of: (line) => (isNumber(column.of(line)) ? column.of(line) : undefined),
    }));
    return { columns, rows };
}

function valueTable(graph) {
    const { columns, rows } = valuesOf(graph);
    const details = element("details", {}, element("summary", {}, "Values as a table"));
    details.addEventListener("toggle", () => {
        if (details.open && details.children.length === 1) {
            details.append(table(columns, rows, { label: "Values of the chart" }));
        }
    });
    return details;
}
