// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_inspect — `vrbench inspect`: prints what is recorded of a testbed or router, as JSON.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "linux/rights.h"
#include "owner/client.h"
#include "owner/look.h"
#include "owner/recorded.h"
#include "result/json_text.h"

static const struct option_row inspect_options[] = {OPTIONS_END};

struct inspection {
    const char *testbed, *router; // wanted; NULL = any, none
    json_t *found;                // an array
};

static void inspect_testbed(const struct recorded *testbed, void *context)
{
    struct inspection *wanted = context;
    if (wanted->testbed != NULL && !text_equal(testbed->id, wanted->testbed) &&
        !text_equal(testbed->name, wanted->testbed)) {
        return;
    }
    const json_t *router = wanted->router == NULL ? NULL : recorded_router(testbed, wanted->router);
    if (wanted->router != NULL && router == NULL) {
        return;
    }
    json_t *entry = json_pack("{s:s, s:s}", "id", testbed->id, "testbed", testbed->name);
    json_t *shown =
        router == NULL ? json_copy((json_t *)testbed->content) : json_copy((json_t *)router);
    json_object_update_missing(entry, shown);
    json_decref(shown);
    const char *name = wanted->router;
    const json_t *allocations =
        json_object_get(json_object_get(testbed->content, "allocation"), "parties");
    if (name != NULL && json_object_get(allocations, name) != NULL) {
        json_object_set(entry, "allocation", json_object_get(allocations, name));
    }
    json_array_append_new(wanted->found, entry);
}

// Visits all records; without root, the parts that the owner shows to everybody who may look.
static int visit(struct inspection *wanted, struct error *err)
{
    if (geteuid() == 0) {
        return recorded_each(inspect_testbed, wanted, err);
    }
    json_t *shown = NULL;
    int rc = owner_inspect(&shown, err);
    if (rc == 0) {
        look_each(shown, inspect_testbed, wanted);
        json_decref(shown);
    }
    return rc;
}

static int find_recorded(const char *called, json_t *found, struct error *err)
{
    const char *slash = strchr(called, '/');
    _cleanup_free_ char *of =
        slash == NULL ? NULL : text_copy_bytes(called, (size_t)(slash - called));
    struct inspection wanted = {.testbed = slash == NULL ? called : of,
                                .router = slash == NULL ? NULL : slash + 1,
                                .found = found};
    int rc = visit(&wanted, err);
    if (rc == 0 && slash == NULL && json_array_size(found) == 0) { // no testbed: a router
        wanted.testbed = NULL;
        wanted.router = called;
        rc = visit(&wanted, err);
    }
    if (rc == 0 && json_array_size(found) == 0) {
        rc = fail_input(err, "no testbed or router \"%s\"; vrbench list shows them", called);
    }
    return rc;
}

// Adds what the controller of the testbed reports of its routers.
static void add_control(const struct sample *sample, json_t *entry)
{
    const char *id = json_string_value(json_object_get(entry, "id"));
    json_t *control = json_object();
    for (size_t i = 0; i < sample->count; i++) {
        const struct sample_party *party = &sample->parties[i];
        if (party->contract == NULL || !text_equal(party->testbed_id, id)) {
            continue;
        }
        json_t *router = json_pack("{s:s}", "contract", party->contract);
        if (party->margin != NULL) {
            json_object_set_new(router, "margin_percent", json_real(strtod(party->margin, NULL)));
        }
        json_set_text(router, "last_action", party->last_action);
        json_object_set_new(control, party->name, router);
    }
    if (json_object_size(control) > 0) {
        json_object_set(entry, "control", control);
    }
    json_decref(control);
}

// The owner may not run, or not answer: then only the record is shown.
static void add_control_to_all(json_t *entries)
{
    _cleanup_sample_ struct sample sample = {.parties = NULL};
    size_t i;
    json_t *entry;
    if (owner_sample(NULL, false, &sample, NULL) < 0) {
        return;
    }
    json_array_foreach(entries, i, entry)
    {
        add_control(&sample, entry);
    }
}

static int inspect_run(void *values, const struct text_list *operands, struct error *err)
{
    (void)values;
    if (operands->count == 0) {
        return fail_input(err, "inspect requires a testbed or router; vrbench list shows them");
    }
    int rc = rights_check_look(err);
    json_t *all = json_array();
    for (size_t i = 0; rc == 0 && i < operands->count; i++) {
        json_t *found = json_array();
        rc = find_recorded(operands->items[i], found, err);
        json_array_extend(all, found);
        json_decref(found);
    }
    if (rc == 0) {
        add_control_to_all(all);
        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(all);
    return rc;
}

const struct command command_inspect = {
    .name = "inspect",
    .operands = "TESTBED|ROUTER…",
    .summary = "Print all that is recorded of a testbed or router",
    .details = "Prints a JSON array with an object for each match: names, processes, interfaces,\n"
               "allocation and scenario, as in the record in /run/vrbench. The keys of a record\n"
               "are those of this version of vrbench. Members of the group vrbench, who need no\n"
               "root, get it without the scenario, processes and interfaces. While vrbench\n"
               "control acts, `control` has contract, margin and last action of each router.",
    .examples = COMMAND_EXAMPLES({"inspect scenario-2", "a testbed"},
                                 {"inspect scenario-2/r1t3", "one router of it"}),
    .options = inspect_options,
    .values_size = 1,
    .run = inspect_run,
};
