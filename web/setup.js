// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the set-up of a topology: tester's ends, routers, and the path of each network in its colour.
// A small square on a path is a bridge of the host. Networks have their colours of the graphs.

const SETUP_NETWORKS = 12; // more are not drawn
const setupStep = { across: 150, down: 110, lane: 7, bend: 45 };

const svgElement = (name, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
};

// "source, r1, r2, sink"
const pathText = (path) => ["source", ...path.routers, "sink"].join(", ");

// The place of each node: a router stands to the right of the one before it on the first path that
// passes it.
function setupPlaces(paths) {
    const places = new Map();
    const rows = [];
    for (const { routers } of paths) {
        routers.forEach((router, at) => {
            if (!places.has(router)) {
                const column = at === 0 ? 0 : places.get(routers[at - 1]).column + 1;
                rows[column] = (rows[column] ?? 0) + 1;
                places.set(router, { column, row: rows[column] - 1 });
            }
        });
    }
    const height = Math.max(1, ...rows.filter(isNumber));
    const middle = (height - 1) / 2;
    for (const place of places.values()) {
        place.row += (height - rows[place.column]) / 2;
    }
    places.set("source", { column: -1, row: middle });
    places.set("sink", { column: rows.length, row: middle });
    for (const place of places.values()) {
        place.x = 60 + (place.column + 1) * setupStep.across;
        place.y = 60 + place.row * setupStep.down;
    }
    return places;
}

// A line between two nodes; it bends around the nodes between them. Returns its part of a path and
// its middle.
function setupSegment(from, to, shift) {
    const [x, y] = [(from.x + to.x) / 2, (from.y + to.y) / 2 + shift];
    const bend =
        Math.abs(from.column - to.column) > 1 ? (shift < 0 ? -1 : 1) * setupStep.bend : 0;
    return {
        d: `Q${x},${y + 2 * bend} ${to.x},${to.y + shift}`,
        middle: [x, y + bend],
    };
}

function setupLine(path, number, count, places, bridged) {
    const shift = (number - (count - 1) / 2) * setupStep.lane;
    const nodes = ["source", ...path.routers, "sink"].map((name) => places.get(name));
    const segments = nodes.slice(1).map((node, at) => setupSegment(nodes[at], node, shift));
    const colour = colourOf(number);
    return svgElement(
        "g",
        {},
        svgElement("title", {}, `${path.network}: ${pathText(path)}`),
        svgElement("path", {
            d: `M${nodes[0].x},${nodes[0].y + shift} ${segments.map((one) => one.d).join(" ")}`,
            fill: "none",
            stroke: colour,
            "stroke-width": 2.5,
        }),
        ...(bridged ? segments : []).map(({ middle: [x, y] }) =>
            svgElement("rect", { x: x - 4, y: y - 4, width: 8, height: 8, fill: colour }),
        ),
    );
}

function setupNode(name, place) {
    const end = name === "source" || name === "sink";
    const label = name.length > 14 ? `${name.slice(0, 13)}…` : name;
    return svgElement(
        "g",
        {},
        svgElement("title", {}, name),
        svgElement("rect", {
            class: "node",
            x: place.x - 50,
            y: place.y - 20,
            width: 100,
            height: 40,
            rx: end ? 20 : 4,
        }),
        svgElement("text", { x: place.x, y: place.y + 5, "text-anchor": "middle" }, label),
    );
}

function setupSvg(sweep) {
    const paths = sweep.paths;
    const places = setupPlaces(paths);
    const all = [...places.values()];
    const width = Math.max(...all.map((place) => place.x)) + 60;
    const height = Math.max(...all.map((place) => place.y)) + 60;
    return svgElement(
        "svg",
        {
            viewBox: `0 0 ${width} ${height}`,
            role: "img",
            "aria-label": paths.map((path) => `${path.network}: ${pathText(path)}`).join("; "),
            style: `max-width: ${width}px`,
        },
        ...paths.map((path, number) =>
            setupLine(path, number, paths.length, places, sweep.topology === "bridged"),
        ),
        ...[...places].map(([name, place]) => setupNode(name, place)),
    );
}

// A drawing of one topology with a legend; null if there are too many networks for one.
function setupDrawing(sweep) {
    const paths = sweep.paths ?? [];
    if (paths.length === 0 || paths.length > SETUP_NETWORKS) {
        return null;
    }
    const drawing = element("div.setup");
    const legend = () =>
        element(
            "ul",
            {},
            paths.map((path, number) =>
                element("li", {}, swatch(number, number, false), ` ${path.network}: ${pathText(path)}`),
            ),
        );
    const draw = () => drawing.replaceChildren(setupSvg(sweep), legend());
    draw();
    darkScheme.addEventListener("change", draw);
    const note = sweep.topology === "bridged" ? "; a square is a bridge of the host" : "";
    return element(
        "figure",
        {},
        drawing,
        element("figcaption.soft", {}, `The set-up, ${sweep.topology}${note}.`),
    );
}

// Drawings of all topologies with routers, one for each scenario and topology.
function setupDrawings(run) {
    const seen = new Set();
    return (run.sweeps ?? [])
        .filter((sweep) => {
            const key = JSON.stringify([sweep.scenario, sweep.platform, sweep.topology]);
            return sweep.topology !== "direct" && !seen.has(key) && seen.add(key);
        })
        .map(setupDrawing);
}
