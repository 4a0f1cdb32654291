// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_down — `vrbench down`: removes testbeds that `vrbench up` built.
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "linux/cpu.h"
#include "linux/rights.h"
#include "owner/client.h"

struct down_values {
    bool all;
};

static const struct option_row down_options[] = {
    {.name = "all",
     .letter = 'a',
     .type = OPTION_FLAG,
     .offset = offsetof(struct down_values, all),
     .help = "remove all testbeds that vrbench up built"},
    OPTIONS_END,
};

static int remove_all(struct error *err)
{
    unsigned count = 0;
    int rc = rights_check(err);
    if (rc < 0) {
        return rc;
    }
    rc = owner_down_all(&count, err);
    printf("%u testbed%s removed\n", count, count == 1 ? "" : "s");
    return rc;
}

// A testbed may also be named by its scenario's file.
static char *name_of(const char *operand)
{
    struct cpu_list usable;
    _cleanup_scenario_ struct scenario *scenario = NULL;
    if (access(operand, R_OK) == 0 && cpu_list_usable(&usable, NULL) == 0 &&
        scenario_read(operand, (unsigned)usable.count, &scenario, NULL) == 0) {
        return text_copy(scenario->name);
    }
    return text_copy(operand);
}

static int down_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct down_values *asked = values;
    if (asked->all) {
        return operands->count == 0 ? remove_all(err)
                                    : fail_input(err, "down --all takes no operands");
    }
    if (operands->count == 0) {
        return fail_input(err, "down requires a testbed's name, a scenario file, or --all");
    }
    int rc = rights_check(err);
    if (rc < 0) {
        return rc;
    }
    size_t count = operands->count;
    _cleanup_free_ json_t **requests = memory_new_array(json_t *, count);
    _cleanup_free_ bool *done = memory_new_array(bool, count);
    _cleanup_free_ char **names = memory_new_array(char *, count);
    for (size_t i = 0; i < count; i++) {
        names[i] = name_of(operands->items[i]);
        requests[i] = owner_request("down");
        json_object_set_new(requests[i], "name", json_string(names[i]));
    }
    rc = owner_call_all(requests, count, done, err);
    for (size_t i = 0; i < count; i++) {
        if (done[i]) {
            printf("%s is down\n", names[i]);
        }
        free(names[i]);
    }
    return rc;
}

const struct command command_down = {
    .name = "down",
    .operands = "[TESTBED|SCENARIO…]",
    .summary = "Remove testbeds that vrbench up built",
    .details = "A testbed is named by its name or by its scenario's file. Ends every process\n"
               "inside, and gives lent interfaces back. Several testbeds are removed at the same\n"
               "time.",
    .examples =
        COMMAND_EXAMPLES({"down scenario-2", "remove one testbed"}, {"down --all", "remove all"}),
    .options = down_options,
    .values_size = sizeof(struct down_values),
    .run = down_run,
};
