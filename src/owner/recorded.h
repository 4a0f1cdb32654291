// SPDX-License-Identifier: GPL-3.0-or-later
// owner/recorded — looks at the records of all testbeds, without a request to their owner. Called
// by commands that show them, and by completion.
#ifndef VRBENCH_OWNER_RECORDED_H
#define VRBENCH_OWNER_RECORDED_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "scenario/scenario.h"

struct recorded {
    const char *id, *name; // of the testbed
    const json_t *content; // of its record (record.h)
};

// Calls `use` for each testbed whose record can be read, and that is or was complete.
int recorded_each(void (*use)(const struct recorded *testbed, void *context), void *context,
                  struct error *err);
// The scenario of a testbed that `vrbench up` built; NULL if the record contains none. The caller
// frees it.
struct scenario *recorded_scenario(const struct recorded *testbed);
// The entry of a router in the record, or NULL.
const json_t *recorded_router(const struct recorded *testbed, const char *router);

#endif
