// SPDX-License-Identifier: GPL-3.0-or-later
// What a chart offers besides reading: zoom by dragging or by buttons, its values as CSV, its drawing
// as SVG, and a link; and the marks that are drawn over its curves.

// Vertical lines at loads that mean something, and the interval of each value that has one.
function drawMarks(graph, chart, line, label) {
    const area = chart.chartArea;
    (graph.marks ?? []).forEach((mark, at) => {
        const x = chart.scales.x.getPixelForValue(mark.x);
        if (x >= area.left && x <= area.right) {
            const colour = mark.colour >= 0 ? colourOf(mark.colour) : cssColour("--soft");
            line([x, area.top, x, area.bottom], colour, mark.dotted ? [2, 3] : [7, 3], 1.5);
            label(mark.name, x, area.top + 12 + (at % 6) * 14, area);
        }
    });
    graph.curves.forEach((one, n) => {
        const ends = one.high !== undefined ? [one.y, one.high] : one.span;
        if (ends === undefined || one.right || !chart.isDatasetVisible(n)) {
            return;
        }
        // The lowest line of a logarithmic axis stands for zero.
        const pixelOf = (value) =>
            chart.scales.y.getPixelForValue(graph.log && value <= 0 ? graph.floor : value);
        for (const row of one.rows.filter((row) => ends.every((end) => isNumber(end(row))))) {
            const x = chart.scales.x.getPixelForValue(one.x(row));
            const [low, high] = ends.map((end) => pixelOf(end(row)));
            line([x, low, x, high], colourOf(one.colour), [], 1.5);
            line([x - 5, high, x + 5, high], colourOf(one.colour), [], 1.5);
            if (one.span !== undefined) {
                line([x - 5, low, x + 5, low], colourOf(one.colour), [], 1.5);
            }
        }
    });
}

function markPlugin(graph) {
    return {
        id: "marks",
        afterDatasetsDraw(chart) {
            const context = chart.ctx;
            context.save();
            const line = ([x1, y1, x2, y2], colour, dash, width) => {
                context.strokeStyle = colour;
                context.lineWidth = width;
                context.setLineDash(dash);
                context.beginPath();
                context.moveTo(x1, y1);
                context.lineTo(x2, y2);
                context.stroke();
            };
            // On a ground of its own, as there may be curves below it; where there is more room.
            const label = (text, x, y, area) => {
                const room = Math.max(area.right - x, x - area.left) - 6;
                const rows = context.measureText(text).width > room ? text.split(/(?<=:) /) : [text];
                const width = Math.max(...rows.map((row) => context.measureText(row).width));
                const left = x + 4 + width > area.right && x - area.left > area.right - x;
                context.fillStyle = cssColour("--paper");
                context.globalAlpha = 0.85;
                context.fillRect(left ? x - 6 - width : x + 2, y - 10, width + 4, 14 * rows.length);
                context.globalAlpha = 1;
                context.fillStyle = cssColour("--ink");
                context.textAlign = left ? "right" : "left";
                rows.forEach((row, n) => context.fillText(row, left ? x - 4 : x + 4, y + 14 * n));
            };
            context.font = "11px sans-serif";
            drawMarks(graph, chart, line, label);
            context.restore();
        },
    };
}

// ---- SVG, from the geometry of the chart on the page

const escapeXml = (text) =>
    String(text).replace(
        /[&<>"]/g,
        (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter],
    );

function svgOf(chart, graph, title) {
    const parts = [];
    const area = chart.chartArea;
    const head = 26;
    const legend = graph.curves.length * 16 + 10;
    const put = (name, attributes, text) => {
        const words = Object.entries(attributes)
            .filter(([, value]) => value !== undefined)
            .map(([key, value]) => {
                const short = typeof value === "number" ? Math.round(value * 100) / 100 : value;
                return ` ${key}="${escapeXml(short)}"`;
            })
            .join("");
        parts.push(`<${name}${words}>${text === undefined ? "" : escapeXml(text)}</${name}>`);
    };
    const line = ([x1, y1, x2, y2], stroke, dash, width) =>
        put("line", {
            x1,
            y1,
            x2,
            y2,
            stroke,
            "stroke-width": width,
            "stroke-dasharray": dash.length > 0 ? dash.join(" ") : undefined,
        });
    const words = (text, x, y, more = {}) => put("text", { x, y, fill: "#16191d", ...more }, text);
    const marker = (style, x, y, colour) => {
        const shape = {
            rect: `M${x - 4} ${y - 4}h8v8h-8z`,
            triangle: `M${x} ${y - 5}l5 9h-10z`,
            rectRot: `M${x} ${y - 5}l5 5l-5 5l-5 -5z`,
            star: `M${x} ${y - 5}v10M${x - 5} ${y}h10M${x - 3.5} ${y - 3.5}l7 7M${x + 3.5} ${y - 3.5}l-7 7`,
            crossRot: `M${x - 5} ${y - 5}l10 10M${x + 5} ${y - 5}l-10 10`,
        }[style];
        return shape === undefined
            ? put("circle", { cx: x, cy: y, r: 4, fill: colour })
            : put("path", { d: shape, fill: colour, stroke: colour });
    };
    words(title, chart.width / 2, 18, { "text-anchor": "middle", "font-weight": "bold" });
    parts.push(`<g transform="translate(0 ${head})">`);
    for (const scale of Object.values(chart.scales)) {
        scale.ticks.forEach((tick, at) => {
            const place = scale.getPixelForTick(at);
            const text = Array.isArray(tick.label) ? tick.label.join(" ") : (tick.label ?? "");
            if (scale.isHorizontal()) {
                line([place, area.top, place, area.bottom + 5], "#c4c4c4", [], 0.6);
                words(text, place, area.bottom + 18, { "text-anchor": "middle" });
            } else {
                const right = scale.id === "right";
                if (!right) {
                    line([area.left - 5, place, area.right, place], "#c4c4c4", [], 0.6);
                }
                words(text, right ? area.right + 8 : area.left - 8, place + 4, {
                    "text-anchor": right ? "start" : "end",
                });
            }
        });
        const name = scale.options.title.text;
        const middle = scale.isHorizontal()
            ? [(area.left + area.right) / 2, area.bottom + 36]
            : [scale.id === "right" ? chart.width - 4 : 12, (area.top + area.bottom) / 2];
        words(name, ...middle, {
            "text-anchor": "middle",
            transform: scale.isHorizontal()
                ? undefined
                : `rotate(-90 ${Math.round(middle[0])} ${Math.round(middle[1])})`,
        });
    }
    put("rect", {
        x: area.left,
        y: area.top,
        width: area.right - area.left,
        height: area.bottom - area.top,
        fill: "none",
        stroke: "#16191d",
    });
    parts.push(
        `<clipPath id="area"><rect x="${area.left - 6}" y="${area.top - 6}" width="${area.right - area.left + 12}" height="${area.bottom - area.top + 12}"/></clipPath>`,
    );
    parts.push('<g clip-path="url(#area)">');
    chart.data.datasets.forEach((set, d) => {
        if (!chart.isDatasetVisible(d)) {
            return;
        }
        const shapes = chart.getDatasetMeta(d).data;
        const colour = set.ideal ? "#777777" : paletteLight[set.curve.colour % paletteLight.length];
        if (set.type === "bar") {
            for (const bar of shapes) {
                const { x, y, base, width } = bar.getProps(["x", "y", "base", "width"], true);
                if (isNumber(y) && base !== y) {
                    put("rect", {
                        x: x - width / 2,
                        y: Math.min(y, base),
                        width,
                        height: Math.abs(base - y),
                        fill: colour,
                        stroke: "#16191d",
                    });
                }
            }
            return;
        }
        const places = shapes
            .map((shape, at) => [shape, set.data[at]])
            .filter(([, point]) => isNumber(point.x) && isNumber(point.y))
            .map(([shape]) => shape.getProps(["x", "y"], true));
        if (set.showLine && places.length > 1) {
            put("polyline", {
                points: places.map(({ x, y }) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" "),
                fill: "none",
                stroke: colour,
                "stroke-width": set.borderWidth,
                "stroke-dasharray": set.borderDash?.length > 0 ? set.borderDash.join(" ") : undefined,
            });
        }
        if (!set.ideal) {
            places.forEach(({ x, y }) => marker(set.pointStyle, x, y, colour));
        }
    });
    drawMarks(graph, chart, line, (text, x, y, place) => {
        const left = x > (place.left + place.right) / 2;
        words(text, left ? x - 4 : x + 4, y, { "text-anchor": left ? "end" : "start" });
    });
    parts.push("</g></g>");
    graph.curves.forEach((one, n) => {
        const y = chart.height + head + 12 + n * 16;
        const colour = paletteLight[one.colour % paletteLight.length];
        line([area.left, y - 4, area.left + 30, y - 4], colour, dashes[n % dashes.length], 2);
        if (!graph.bars) {
            marker(markers[n % markers.length], area.left + 15, y - 4, colour);
        }
        words(one.name, area.left + 38, y);
    });
    const height = chart.height + head + legend;
    return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${chart.width}" height="${height}" viewBox="0 0 ${chart.width} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
${parts.join("\n")}
</svg>
`;
}

// ---- CSV (RFC 4180)

function csvOf(graph) {
    const { columns, rows } = valuesOf(graph);
    const field = (value) =>
        /[",\n]/.test(String(value ?? "")) ? `"${String(value).replaceAll('"', '""')}"` : (value ?? "");
    return [
        columns.map((column) => field(column.name)),
        ...rows.map((row) => columns.map((column) => field(column.of(row)))),
    ]
        .map((line) => `${line.join(",")}\r\n`)
        .join("");
}

function save(name, type, text) {
    const link = element("a", {
        href: URL.createObjectURL(new Blob([text], { type })),
        download: name,
    });
    document.body.append(link);
    link.click();
    link.remove();
    URL.revokeObjectURL(link.href);
}

// ---- zoom

// Shows the part of the axes between two corners in pixels; no corners = all.
function zoomTo(chart, from, to) {
    const flat = from !== undefined && Math.abs(to.y - from.y) < 12;
    for (const [id, scale] of Object.entries(chart.scales)) {
        const options = chart.options.scales[id];
        options.whole ??= { min: options.min, max: options.max };
        if (from === undefined) {
            Object.assign(options, options.whole);
        } else if (scale.isHorizontal() || !flat) {
            const ends = (scale.isHorizontal() ? [from.x, to.x] : [from.y, to.y]).map((pixel) =>
                scale.getValueForPixel(pixel),
            );
            options.min = Math.min(...ends);
            options.max = Math.max(...ends);
        }
    }
    chart.update();
}

// A rectangle drawn with the mouse or a pen becomes the whole chart; a finger scrolls the page.
function zoomByDragging(chart, changed) {
    const canvas = chart.canvas;
    const frame = element("div.frame", { hidden: true });
    let start = null;
    const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
    const placeOf = (event) => {
        const box = canvas.getBoundingClientRect();
        const { left, right, top, bottom } = chart.chartArea;
        return {
            x: clamp(event.clientX - box.left, left, right),
            y: clamp(event.clientY - box.top, top, bottom),
        };
    };
    canvas.addEventListener("pointerdown", (event) => {
        if (event.button === 0 && event.pointerType !== "touch") {
            start = placeOf(event);
            canvas.setPointerCapture(event.pointerId);
        }
    });
    canvas.addEventListener("pointermove", (event) => {
        if (start === null) {
            return;
        }
        canvas.parentElement.append(frame);
        const now = placeOf(event);
        const flat = Math.abs(now.y - start.y) < 12;
        frame.hidden = Math.abs(now.x - start.x) < 12;
        frame.style.left = `${Math.min(start.x, now.x)}px`;
        frame.style.width = `${Math.abs(now.x - start.x)}px`;
        frame.style.top = `${flat ? chart.chartArea.top : Math.min(start.y, now.y)}px`;
        frame.style.height = `${flat ? chart.chartArea.bottom - chart.chartArea.top : Math.abs(now.y - start.y)}px`;
    });
    const end = (event) => {
        const from = start;
        const to = placeOf(event);
        start = null;
        frame.remove();
        if (event.type === "pointerup" && from !== null && Math.abs(to.x - from.x) >= 12) {
            zoomTo(chart, from, to);
            changed(true);
        }
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    canvas.addEventListener("dblclick", () => {
        zoomTo(chart);
        changed(false);
    });
}

// Half of the X axis, around its middle.
function zoomIn(chart) {
    const { left, right, top } = chart.chartArea;
    const quarter = (right - left) / 4;
    zoomTo(chart, { x: left + quarter, y: top }, { x: right - quarter, y: top });
}

// The buttons of a chart.
function chartTools(chart, graph, title, name) {
    const file = title.replace(/[^A-Za-z0-9]+/g, "-").toLowerCase();
    const button = (text, click, more = {}) => element("button", { type: "button", click, ...more }, text);
    const whole = button(
        "Whole chart",
        () => {
            zoomTo(chart);
            whole.hidden = true;
        },
        { hidden: true },
    );
    const changed = (zoomed) => {
        whole.hidden = !zoomed;
    };
    if (!graph.bars) {
        zoomByDragging(chart, changed);
    }
    return element(
        "div.tools",
        { role: "group", "aria-label": "Chart" },
        graph.bars
            ? null
            : button(
                  "Zoom in",
                  () => {
                      zoomIn(chart);
                      changed(true);
                  },
                  { title: "Or draw a rectangle in the chart; a double click shows all" },
              ),
        whole,
        button("SVG", () => save(`${file}.svg`, "image/svg+xml", svgOf(chart, graph, title))),
        button("CSV", () => save(`${file}.csv`, "text/csv", csvOf(graph))),
        element(
            "a",
            {
                href: linkTo(name),
                click: (event) => {
                    event.currentTarget.href = linkTo(name);
                },
            },
            "Link",
        ),
    );
}
