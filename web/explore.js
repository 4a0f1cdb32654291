// SPDX-License-Identifier: GPL-3.0-or-later
// Selection of charts: all graphs in a grid for a run, one graph at a time for a claim.

const nameOfSet = (sweep) => `${sweep.scenario} (${sweep.platform}, ${sweep.engine})`;
const nameOfLength = (sweep) => `${sweep.length}-${lengthWords(sweep.length_layer)}`;
const allTopologies = "all";
const titleOf = (name, sweep, topology = sweep.topology) =>
    graphs[name].overLengths
        ? graphs[name].title
        : `${graphs[name].title} — ${graphs[name].overTopologies ? "" : `${topology === allTopologies ? "all topologies" : topology}, `}${nameOfLength(sweep)}`;

// The initial topology: the first one with routers.
const firstTopology = (names) =>
    names.find((name) => name === "bridged") ?? names.find((name) => name !== "direct") ?? names[0];

let groups = 0; // number of groups of radio buttons, for unique names

function radios(title, values, chosen, changed) {
    const group = `group${groups++}`;
    return element(
        "fieldset",
        {},
        element("legend", {}, title),
        values.map((value) =>
            element(
                "label.pick",
                {},
                element("input", {
                    type: "radio",
                    name: group,
                    value,
                    checked: value === chosen,
                    change: () => changed(value),
                }),
                element("span", {}, value),
            ),
        ),
    );
}

function select(title, values, chosen, changed) {
    const list = element(
        "select",
        { change: () => changed(list.value) },
        values.map(([value, text]) =>
            element("option", { value, selected: value === chosen }, text),
        ),
    );
    return element("label.select", {}, title, list);
}

function charts(run) {
    const sets = distinct(run.sweeps.map(nameOfSet));
    const grid = element("div.charts");
    const controls = element("div.controls");
    const chosen = { set: sets[0] };
    const fromLink = () => {
        const { graph, unit, ...choice } = linked() ?? {};
        Object.assign(chosen, choice);
        chosen.set = sets.includes(chosen.set) ? chosen.set : sets[0];
    };
    const inSet = () => run.sweeps.filter((sweep) => nameOfSet(sweep) === chosen.set);
    function show() {
        const all = inSet();
        const lengths = distinct(all.map(nameOfLength));
        chosen.length = lengths.includes(chosen.length) ? chosen.length : lengths[0];
        const beside = all.filter((sweep) => nameOfLength(sweep) === chosen.length);
        const topologies = beside.map((sweep) => sweep.topology);
        const whole = topologies.length > 1 && chosen.topology === allTopologies;
        chosen.topology =
            whole || topologies.includes(chosen.topology)
                ? chosen.topology
                : firstTopology(topologies);
        const shown = whole ? beside : beside.filter((one) => one.topology === chosen.topology);
        const [sweep] = shown;
        linkChoice = { ...chosen };
        dropFigures(grid);
        if (lengths.length > 1) {
            grid.append(chartFigure("lengths", all, titleOf("lengths", sweep)));
        }
        if (beside.length > 1) {
            grid.append(chartFigure("topologies", beside, titleOf("topologies", sweep)));
        }
        for (const name of Object.keys(graphs).filter(
            (one) => !graphs[one].overTopologies && !graphs[one].overLengths,
        )) {
            // Stacked bars of several topologies would hide each other.
            const sheets = graphs[name].bars ? shown.map((one) => [one]) : [shown];
            for (const sheet of sheets) {
                const topology = sheet.length > 1 ? allTopologies : sheet[0].topology;
                grid.append(chartFigure(name, sheet, titleOf(name, sheet[0], topology)));
            }
        }
    }
    function offer() {
        const all = inSet();
        const pick = (key) => (value) => {
            chosen[key] = value;
            show();
        };
        controls.replaceChildren(
            ...(sets.length > 1
                ? [
                      select(
                          "Run",
                          sets.map((name) => [name, name]),
                          chosen.set,
                          (value) => {
                              chosen.set = value;
                              show();
                              offer();
                          },
                      ),
                  ]
                : []),
            radios("Packets", distinct(all.map(nameOfLength)), chosen.length, pick("length")),
            radios(
                "Topology",
                [
                    ...distinct(all.map((sweep) => sweep.topology)),
                    ...(distinct(all.map((sweep) => sweep.topology)).length > 1
                        ? [allTopologies]
                        : []),
                ],
                chosen.topology,
                pick("topology"),
            ),
            radios("Rates in", Object.keys(rateUnits), rateUnit, (value) => {
                setRateUnit(value);
                show();
            }),
        );
    }
    const section = element(
        "section",
        { id: "charts" },
        element("h2", {}, "Charts"),
        controls,
        grid,
    );
    return {
        section,
        draw: () => {
            fromLink();
            show();
            offer();
            goToLinked();
            addEventListener("hashchange", () => {
                if (linked() !== null) {
                    fromLink();
                    show();
                    offer();
                    goToLinked();
                }
            });
        },
    };
}

// One graph with a choice of run, length, topology and graph.
function explorer(runs, wished) {
    const controls = element("div.controls");
    const place = element("div");
    const chosen = {
        run: runs[0].name,
        graph: wished.graph,
        topology: wished.topology,
        length: undefined,
    };
    function show() {
        const sweeps = runs.find((run) => run.name === chosen.run).sweeps;
        const lengths = distinct(sweeps.map(nameOfLength));
        chosen.length = lengths.includes(chosen.length)
            ? chosen.length
            : (lengths.find(
                  (length) =>
                      wished.length !== undefined &&
                      length.startsWith(`${wished.length}-`),
              ) ?? lengths[0]);
        const beside = sweeps.filter((sweep) => nameOfLength(sweep) === chosen.length);
        const topologies = beside.map((sweep) => sweep.topology);
        const topology = topologies.includes(chosen.topology)
            ? chosen.topology
            : firstTopology(topologies);
        const sweep = beside.find((one) => one.topology === topology);
        dropFigures(place);
        if (sweep === undefined) {
            place.append(element("p.empty", {}, "This run has no points yet."));
        } else {
            place.append(
                chartFigure(
                    chosen.graph,
                    graphs[chosen.graph].overLengths
                        ? sweeps
                        : graphs[chosen.graph].overTopologies
                          ? beside
                          : [sweep],
                    titleOf(chosen.graph, sweep),
                ),
            );
        }
        const pick = (key) => (value) => {
            chosen[key] = value;
            const focused = [...controls.children].indexOf(
                document.activeElement?.closest("label"),
            );
            show();
            controls.children[focused]?.querySelector("select").focus();
        };
        const plain = (values) => values.map((value) => [value, value]);
        controls.replaceChildren(
            ...(runs.length > 1
                ? [select("Run", plain(runs.map((run) => run.name)), chosen.run, pick("run"))]
                : []),
            select(
                "Graph",
                Object.entries(graphs).map(([name, graph]) => [name, graph.title]),
                chosen.graph,
                pick("graph"),
            ),
            ...(lengths.length > 1
                ? [select("Packets", plain(lengths), chosen.length, pick("length"))]
                : []),
            ...(topologies.length > 1 && !graphs[chosen.graph].overTopologies
                ? [select("Topology", plain(topologies), topology, pick("topology"))]
                : []),
        );
    }
    return { element: element("div", {}, controls, place), draw: show };
}
