// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_warnings — warnings for the reader of a comparison: differences of the sides
// besides the platform, and doubtful figures. Called by compare.c.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "report/compare.h"
#include "report/words.h"

#define SAME_WITHIN 0.1 // relative difference up to which durations of sending are equal

// A member of run.json that should be equal on all sides.
struct fact {
    const char *object, *key; // of run.json: OBJECT.KEY, or KEY if object is NULL
    const char *what;
};

static const struct fact facts[] = {
    {"machine", "cpu_model", "CPU"},
    {"machine", "cpus_usable", "number of usable CPUs"},
    {"machine", "kernel", "kernel"},
    {"machine", "command_line", "command line of the kernel"},
    {"machine", "mitigations", "mitigation of CPU vulnerabilities"},
    {"machine", "microcode", "microcode"},
    {"machine", "governor", "frequency governor"},
    {"machine", "turbo", "turbo mode"},
    {"machine", "smt", "SMT"},
    {"machine", "clock_source", "clock source"},
    {"machine", "virtualisation", "virtualisation of the machine itself"},
    {"placement", "shared", "sharing of CPUs by tester and device under test"},
    {"scenario", "engine", "traffic engine"},
    {NULL, "method", "method of reading CPU"},
    {NULL, "quick", "quick mode"},
    {NULL, "vrbench", "version of vrbench"},
    {NULL, "commit", "commit of vrbench"},
};
#define FACT_COUNT (sizeof facts / sizeof facts[0])

static char *fact_text(const struct compare_side *side, const struct fact *fact)
{
    const json_t *from =
        fact->object == NULL ? side->run : json_object_get(side->run, fact->object);
    const json_t *value = json_object_get(from, fact->key);
    if (json_is_string(value)) {
        return text_copy(json_string_value(value));
    }
    if (json_is_boolean(value)) {
        return text_copy(json_is_true(value) ? "yes" : "no");
    }
    return json_is_integer(value) ? text_format("%lld", (long long)json_integer_value(value))
                                  : text_copy("unknown");
}

static void compare_facts(struct comparison *comparison, size_t side)
{
    const struct compare_side *first = &comparison->sides[0];
    const struct compare_side *other = &comparison->sides[side];
    for (size_t i = 0; i < FACT_COUNT; i++) {
        _cleanup_free_ char *here = fact_text(other, &facts[i]);
        _cleanup_free_ char *there = fact_text(first, &facts[i]);
        if (!text_equal(here, there)) {
            compare_say(&comparison->warnings, "The %s differs: %s in %s, %s in %s.", facts[i].what,
                        here, other->label, there, first->label);
        }
    }
}

static void say_names(struct comparison *comparison, size_t side)
{
    for (size_t i = 0; i < comparison->row_count; i++) {
        const struct compare_row *row = &comparison->rows[i];
        const struct sweep *sweep = row->cells[side].sweep;
        if (sweep != NULL && !text_equal(sweep->first->scenario, row->scenario)) {
            compare_say(&comparison->warnings,
                        "The scenarios differ: %s contains only %s, %s only %s. They are compared "
                        "regardless.",
                        comparison->sides[side].label, sweep->first->scenario,
                        comparison->sides[0].label, row->scenario);
            return;
        }
    }
}

// The longest time of sending of a sweep's valid points; 0 if it has none.
static double duration_of(const struct sweep *sweep)
{
    double most = 0;
    for (size_t i = 0; i < sweep->step_count; i++) {
        most = fmax(most, sweep->steps[i].first->duration_s);
    }
    return most;
}

static void say_durations(struct comparison *comparison, size_t side)
{
    for (size_t i = 0; i < comparison->row_count; i++) {
        const struct compare_cell *cells = comparison->rows[i].cells;
        if (cells[side].why_not != NULL) {
            continue;
        }
        double here = duration_of(cells[side].sweep);
        double there = duration_of(cells[0].sweep);
        if (fabs(here - there) > SAME_WITHIN * fmax(here, there)) {
            compare_say(&comparison->warnings,
                        "The duration of trials differs: %.3g s in %s, %.3g s in %s.", here,
                        comparison->sides[side].label, there, comparison->sides[0].label);
            return;
        }
    }
}

// The cap of a party in a sweep; 0 = none.
static unsigned cap_in(const struct sweep *sweep, const char *party)
{
    const struct cpu_result *cpu = point_cpu(sweep->first, party);
    return cpu == NULL ? 0 : cpu->cap;
}

static char *cap_text(unsigned cap)
{
    return cap == 0 ? text_copy("no cap") : text_format("a cap of %u %%", cap);
}

static void say_caps(struct comparison *comparison, size_t side)
{
    for (size_t i = 0; i < comparison->row_count; i++) {
        const struct compare_row *row = &comparison->rows[i];
        if (row->cells[side].why_not != NULL) {
            continue;
        }
        const struct sweep *first = row->cells[0].sweep;
        const struct sweep *other = row->cells[side].sweep;
        for (size_t k = 0; k < first->first->cpu_count; k++) {
            const char *party = first->first->cpu[k].name;
            unsigned there = first->first->cpu[k].cap;
            unsigned here = cap_in(other, party);
            if (here != there) {
                _cleanup_free_ char *title =
                    compare_title(row->scenario, row->topology, row->length, row->length_layer);
                _cleanup_free_ char *with = cap_text(here);
                _cleanup_free_ char *against = cap_text(there);
                compare_say(&comparison->warnings, "%s: %s had %s in %s, %s in %s.", title, party,
                            with, comparison->sides[side].label, against,
                            comparison->sides[0].label);
            }
        }
    }
}

static void say_of_side(struct comparison *comparison, const struct compare_side *side)
{
    const char *status = json_string_value(json_object_get(side->run, "status"));
    if (!text_equal(status, "done")) {
        compare_say(&comparison->warnings, "%s is not a finished run (%s).", side->label,
                    status == NULL ? "status unknown" : status);
    }
    if (side->facts.kind == PLATFORM_MACHINES && side->facts.name != NULL &&
        (side->facts.emulated || !side->facts.emulation_known)) {
        _cleanup_free_ char *words = words_platform(&side->facts);
        compare_say(&comparison->warnings, "%s: %s", side->label, words);
    }
    struct platform_facts known = {.kind = PLATFORM_NAMESPACES};
    if (side->facts.name == NULL) {
        platform_facts_of_name(side->points.items[0].platform, &known);
    }
    if (known.kind != PLATFORM_NAMESPACES) {
        compare_say(&comparison->warnings,
                    "%s does not record whether its platform was emulated: an earlier version "
                    "measured it.",
                    side->label);
    }
    platform_facts_clear(&known);
}

void compare_find_warnings(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->side_count; i++) {
        say_of_side(comparison, &comparison->sides[i]);
    }
    for (size_t i = 1; i < comparison->side_count; i++) {
        say_names(comparison, i);
        compare_facts(comparison, i);
        say_durations(comparison, i);
        say_caps(comparison, i);
    }
}
