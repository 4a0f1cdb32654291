// SPDX-License-Identifier: GPL-3.0-or-later
// Small helpers: elements, numbers, sortable tables. Text of the run is inserted as text nodes only.

// element("p.soft", {id: "x"}, child…): a child is a node, a text, or null.
function element(kind, attributes, ...children) {
    const [name, ...classes] = kind.split(".");
    const made = document.createElement(name);
    if (classes.length > 0) {
        made.className = classes.join(" ");
    }
    for (const [key, value] of Object.entries(attributes ?? {})) {
        if (typeof value === "function") {
            made.addEventListener(key, value);
        } else if (value !== undefined && value !== null && value !== false) {
            made.setAttribute(key, value === true ? "" : value);
        }
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return made;
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

// 1234.5 → "1,235": decimals by magnitude, or as given; "plain" numbers identify something (a length),
// and their digits are not grouped. Absent → "".
function number(value, decimals) {
    if (!isNumber(value)) {
        return "";
    }
    if (decimals === "plain") {
        return String(value);
    }
    const size = Math.abs(value);
    const places =
        decimals ??
        (size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : size >= 0.01 ? 2 : 5);
    return value.toLocaleString("en-GB", {
        minimumFractionDigits: 0,
        maximumFractionDigits: places,
    });
}

// "66,651–71,101", "≥561,347", "<1,000", or "369" if both bounds are equal; as tables in the terminal.
function bounds(low, high, decimals) {
    if (!isNumber(high)) {
        return isNumber(low) ? `≥${number(low, decimals)}` : "";
    }
    if (!isNumber(low)) {
        return `<${number(high, decimals)}`;
    }
    return low === high
        ? number(low, decimals)
        : `${number(low, decimals)}–${number(high, decimals)}`;
}

const withUnit = (value, unit, decimals) =>
    isNumber(value) ? `${number(value, decimals)} ${unit}` : "";

function bytes(count) {
    if (!isNumber(count)) {
        return "";
    }
    const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let at = 0;
    while (count >= 1024 && at + 1 < units.length) {
        count /= 1024;
        at++;
    }
    return `${number(count, at > 2 ? 1 : 0)} ${units[at]}`;
}

function time(text) {
    const when = new Date(text);
    return Number.isNaN(when.getTime())
        ? text
        : when
              .toISOString()
              .replace("T", " ")
              .replace(/\.\d+Z/, " UTC");
}

const lengthWords = (layer) =>
    ({ payload: "byte payloads", frame: "byte frames" })[layer] ?? "byte packets";
const distinct = (values) => [...new Set(values)];

// A list of facts; facts without a value are omitted.
function facts(rows) {
    const known = rows.filter(([, value]) => value !== undefined && value !== null && value !== "");
    return element(
        "dl.facts",
        {},
        known.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
    );
}

// Absent values sort last in both directions.
function compareCells(a, b, down) {
    const missing = (value) => value === undefined || value === null || value === "";
    if (missing(a) || missing(b)) {
        return missing(a) - missing(b);
    }
    const order =
        typeof a === "number" && typeof b === "number"
            ? a - b
            : String(a).localeCompare(String(b), "en", { numeric: true });
    return down ? -order : order;
}

/*
 * A table that a click on a heading sorts. columns: {name, of: row → value, decimals, text: value, row →
 * text, wide, screen: not printed}. The first present value decides whether a column is numeric.
 */
function table(columns, rows, options = {}) {
    const numeric = columns.map((column) =>
        isNumber(rows.map(column.of).find((value) => value !== undefined && value !== null)),
    );
    const body = element("tbody");
    const headings = columns.map((column, at) => {
        const heading = element(
            `th${numeric[at] ? ".number" : ""}${column.screen ? ".screen" : ""}`,
            { scope: "col" },
        );
        heading.append(
            options.sortable
                ? element("button", { type: "button", click: () => sortBy(at) }, column.name)
                : column.name,
        );
        return heading;
    });
    let shown = rows;
    function fill() {
        body.replaceChildren(
            ...shown.map((row) =>
                element(
                    options.mark?.(row) ? "tr.invalid" : "tr",
                    {},
                    columns.map((column, at) => {
                        const value = column.of(row);
                        const text = column.text
                            ? column.text(value, row)
                            : typeof value === "number"
                              ? number(value, column.decimals)
                              : (value ?? "");
                        const look = numeric[at]
                            ? ".number"
                            : column.wide && text !== ""
                              ? ".wide"
                              : "";
                        return element(`td${look}${column.screen ? ".screen" : ""}`, {}, text);
                    }),
                ),
            ),
        );
    }
    function sortBy(at) {
        const down = headings[at].getAttribute("aria-sort") === "ascending";
        headings.forEach((heading) => heading.removeAttribute("aria-sort"));
        headings[at].setAttribute("aria-sort", down ? "descending" : "ascending");
        shown = [...shown].sort((a, b) => compareCells(columns[at].of(a), columns[at].of(b), down));
        rows = [...rows].sort((a, b) => compareCells(columns[at].of(a), columns[at].of(b), down));
        fill();
    }
    fill();
    const frame = element(
        options.tall ? "div.scroll.tall" : "div.scroll",
        { tabindex: 0, role: "region", "aria-label": options.label },
        element("table", {}, element("thead", {}, element("tr", {}, headings)), body),
    );
    frame.showOnly = (wanted) => {
        shown = rows.filter(wanted);
        fill();
        return shown.length;
    };
    return frame;
}
