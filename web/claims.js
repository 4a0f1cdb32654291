// SPDX-License-Identifier: GPL-3.0-or-later
// A reproduction: the study's claims, each next to the charts of its runs.

const verdicts = {
    confirmed: { sign: "✓", look: "good" },
    refuted: { sign: "✗", look: "bad" },
    "not decidable here": { sign: "?", look: "unsure" },
};

// The graph of each claim, unless the claim selects one.
const tellingGraph = {
    1: "cpu",
    2: "ns",
    3: "cpu",
    4: "topologies",
    5: "loss",
    6: "cpu",
    7: "topologies",
    8: "cpu",
    9: "cpu",
    10: "cpu",
};

function badge(verdict) {
    const known = verdicts[verdict] ?? { sign: "?", look: "unsure" };
    return element(`span.badge.${known.look}`, {}, `${known.sign} ${verdict ?? "no verdict"}`);
}

function claimArticle(claim, runs, drawLater) {
    const mine = runs.filter((run) => (claim.runs ?? []).includes(run.name));
    const shown = mine.filter((run) => run.sweeps.length > 0);
    const values = (claim.values ?? []).map((value) => [
        value.name,
        withUnit(value.value, value.unit ?? "").trim(),
    ]);
    const links = mine.map((run) =>
        element(
            "li",
            {},
            run.has_page ? element("a", { href: run.page }, run.name) : run.name,
            run.what ? ` — ${run.what}` : "",
        ),
    );
    const article = element(
        "article.claim",
        { id: `claim-${claim.number}` },
        element(
            "header",
            {},
            element("h3", {}, `${claim.number}. ${claim.title}`),
            badge(claim.verdict),
        ),
        element(
            "div",
            {},
            facts([
                ["Claim", claim.claim],
                ["The study saw", claim.study_saw],
                ["Rule", claim.rule],
                ["This machine", claim.measured],
                ["Why", claim.why],
                ["Meaning", claim.meaning],
            ]),
            values.length > 0
                ? element(
                      "details",
                      { open: true },
                      element("summary", {}, "Measured values"),
                      facts(values),
                  )
                : null,
            links.length > 0 ? element("p", {}, "From the runs:") : null,
            links.length > 0 ? element("ul", {}, links) : null,
        ),
    );
    if (shown.length > 0) {
        const hint = claim.chart ?? {};
        const graph =
            graphs[hint.graph] !== undefined ? hint.graph : (tellingGraph[claim.number] ?? "cpu");
        const one = explorer(shown, { graph, topology: hint.topology, length: hint.length });
        article.append(one.element);
        drawLater.push(one.draw);
    }
    return article;
}

// The answer first: each claim, what the study saw, what is here, and the verdict.
function claimsTable(claims) {
    const titled = (claim) => `${claim.number}. ${claim.title}`;
    return table(
        [
            {
                name: "Claim",
                of: titled,
                text: (title, claim) => element("a", { href: `#claim-${claim.number}` }, title),
            },
            { name: "The study", of: (claim) => claim.in_study ?? claim.study_saw, wide: true },
            { name: "Here", of: (claim) => claim.here ?? claim.measured, wide: true },
            { name: "Verdict", of: (claim) => claim.verdict, text: (verdict) => badge(verdict) },
        ],
        claims,
        { label: "The claims and their verdicts" },
    );
}

function claimsSection(about, runs, drawLater) {
    const claims = about.claims;
    const counts = Object.keys(verdicts).map((verdict) => [
        verdict,
        claims.filter((claim) => claim.verdict === verdict).length,
    ]);
    return element(
        "section",
        { id: "claims" },
        element("h2", {}, "The study's claims"),
        (about.status ?? "done") === "done"
            ? null
            : element(
                  "p.note",
                  {},
                  `The reproduction is ${about.status}. The page shows its results so far.`,
              ),
        element(
            "p",
            {},
            `Of ${claims.length} claims: ${counts.map(([verdict, count]) => `${count} ${verdict}`).join(", ")}. `,
            "The rules were fixed before the runs. A refuted claim is a finding about this machine, not a failure.",
        ),
        claimsTable(claims),
        about.study ? element("p", {}, about.study) : null,
        claims.map((claim) => claimArticle(claim, runs, drawLater)),
    );
}

function runsSection(runs) {
    return element(
        "section",
        { id: "runs" },
        element("h2", {}, "The runs"),
        runs.map((run) =>
            element(
                "div",
                {},
                element(
                    "h3",
                    {},
                    run.has_page ? element("a", { href: run.page }, run.name) : run.name,
                ),
                run.what ? element("p", {}, run.what) : null,
                run.sweeps.length > 0
                    ? verdictLists(run)
                    : element(
                          "p.soft",
                          {},
                          run.lacking ? `Not run: ${run.lacking}` : "Not run, or without points.",
                      ),
            ),
        ),
    );
}
