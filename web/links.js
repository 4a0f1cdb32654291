// SPDX-License-Identifier: GPL-3.0-or-later
// Links to single charts: "#chart?graph=loss&length=…&topology=…&unit=…&set=…" shows the page with that
// choice and scrolls to the chart.

let linkChoice = {}; // what explore.js shows

function linkTo(graph) {
    const wanted = new URLSearchParams({ graph });
    for (const [key, value] of Object.entries({ ...linkChoice, unit: rateUnit })) {
        if (value !== undefined) {
            wanted.set(key, value);
        }
    }
    return `#chart?${wanted}`;
}

// The choice in the page's address; null if it has none.
function linked() {
    const [place, words] = location.hash.split("?");
    if (place !== "#chart" || words === undefined) {
        return null;
    }
    const choice = Object.fromEntries(new URLSearchParams(words));
    setRateUnit(choice.unit);
    return choice;
}

function goToLinked() {
    const choice = linked();
    if (choice !== null) {
        [...document.querySelectorAll("figure.chart")]
            .find((figure) => figure.dataset.graph === choice.graph)
            ?.scrollIntoView({ block: "center", behavior: "instant" });
    }
}
