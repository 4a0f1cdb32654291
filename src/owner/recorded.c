// SPDX-License-Identifier: GPL-3.0-or-later
// owner/recorded — see recorded.h.
#include "owner/recorded.h"

#include <string.h>

#include "base/text.h"
#include "testbed/record.h"

#define ANY_CPUS 4096U // the scenario was valid when the testbed was built

int recorded_each(void (*use)(const struct recorded *testbed, void *context), void *context,
                  struct error *err)
{
    char **ids = NULL;
    size_t count = 0;
    int rc = record_list(&ids, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct record *record = NULL;
        if (record_open(ids[i], &record, NULL) < 0) {
            continue; // it has been removed meanwhile
        }
        const char *name = json_string_value(json_object_get(record->content, "scenario"));
        if (name != NULL && json_object_get(record->content, "routers") != NULL) {
            const struct recorded testbed = {record->id, name, record->content};
            use(&testbed, context);
        }
        record_forget(record);
    }
    record_free_ids(ids, count);
    return rc;
}

struct scenario *recorded_scenario(const struct recorded *testbed)
{
    const char *text = json_string_value(json_object_get(testbed->content, "text"));
    struct scenario *scenario = NULL;
    struct scenario_problems problems = {NULL, 0};
    if (text != NULL) {
        (void)scenario_parse(text, strlen(text), ANY_CPUS, &scenario, &problems);
        scenario_problems_clear(&problems);
    }
    return scenario;
}

const json_t *recorded_router(const struct recorded *testbed, const char *router)
{
    size_t i = 0;
    const json_t *one = NULL;
    json_array_foreach(json_object_get(testbed->content, "routers"), i, one)
    {
        if (text_equal(json_string_value(json_object_get(one, "name")), router)) {
            return one;
        }
    }
    return NULL;
}
