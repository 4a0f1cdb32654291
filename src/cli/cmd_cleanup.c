// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_cleanup — `vrbench cleanup`: removes what dead runs left.
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/command.h"
#include "linux/rights.h"
#include "testbed/testbed.h"

struct cleanup_values {
    bool json;
};

static const struct option_row cleanup_options[] = {
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct cleanup_values, json),
     .help = "print the number of testbeds removed as JSON"},
    OPTIONS_END,
};

static int cleanup_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct cleanup_values *asked = values;
    if (operands->count > 0) {
        return fail_input(err, "cleanup takes no operands");
    }
    unsigned removed = 0;
    int rc = rights_check(err);
    if (rc < 0) {
        error_context(err, "cleanup needs root (try sudo)");
        return rc;
    }
    rc = testbed_clean_up_dead(&removed, err);
    if (rc < 0) {
        return rc;
    }
    if (asked->json) {
        printf("{\"removed\": %u}\n", removed);
    } else if (removed == 0) {
        printf("nothing to clean up\n");
    } else {
        printf("removed what %u dead run%s had left\n", removed, removed == 1 ? "" : "s");
    }
    return 0;
}

const struct command command_cleanup = {
    .name = "cleanup",
    .operands = "",
    .summary = "Remove whatever a dead run left",
    .details = "Goes by the records in /run/vrbench of runs that no longer live, and touches\n"
               "nothing else. Every run does the same when it starts.",
    .options = cleanup_options,
    .values_size = sizeof(struct cleanup_values),
    .run = cleanup_run,
};
