// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_cleanup — `vrbench cleanup`: removes the testbeds of dead runs, or all testbeds.
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/command.h"
#include "linux/rights.h"
#include "owner/client.h"
#include "owner/strays.h"
#include "testbed/testbed.h"

struct cleanup_values {
    bool all, json;
};

static const struct option_row cleanup_options[] = {
    {.name = "all",
     .type = OPTION_FLAG,
     .offset = offsetof(struct cleanup_values, all),
     .help = "also remove testbeds that vrbench up built"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct cleanup_values, json),
     .help = "print removed and remaining testbeds as JSON"},
    OPTIONS_END,
};

static void print_json(const struct cleaning *cleaning)
{
    json_t *left = json_array();
    for (size_t i = 0; i < cleaning->left_count; i++) {
        json_array_append_new(left, json_pack("{s:s, s:s}", "id", cleaning->left[i].id, "why",
                                              cleaning->left[i].why));
    }
    json_t *all = json_pack("{s:I, s:o}", "removed", (json_int_t)cleaning->removed, "left", left);
    json_dumpf(all, stdout, 0);
    printf("\n");
    json_decref(all);
}

static void print_text(const struct cleaning *cleaning, bool all)
{
    const char *plural = cleaning->removed == 1 ? "" : "s";
    if (cleaning->removed == 0 && cleaning->left_count == 0) {
        printf("nothing to clean up\n");
    } else if (cleaning->removed > 0 && all) {
        printf("removed %u testbed%s\n", cleaning->removed, plural);
    } else if (cleaning->removed > 0) {
        printf("removed the testbeds of %u dead run%s\n", cleaning->removed, plural);
    }
}

static int cleanup_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct cleanup_values *asked = values;
    if (operands->count > 0) {
        return fail_input(err, "cleanup takes no operands");
    }
    int rc = rights_check(err);
    if (rc < 0) {
        return rc;
    }
    struct cleaning cleaning = {0};
    unsigned downed = 0;
    if (asked->all) {
        _cleanup_error_ struct error why = ERROR_INIT;
        if (owner_down_all(&downed, &why) < 0) {
            log_warning("cleanup", "%s", why.text);
        }
    }
    rc = testbed_clean_up(asked->all, &cleaning, err);
    cleaning.removed += downed;
    strays_remove();
    if (rc < 0) {
        return rc;
    }
    if (asked->json) {
        print_json(&cleaning);
    } else {
        print_text(&cleaning, asked->all);
    }
    for (size_t i = 0; i < cleaning.left_count; i++) {
        log_warning("cleanup", "not removed: %s", cleaning.left[i].why);
    }
    if (cleaning.left_count > 0) {
        rc = fail(err, 0, "%zu testbed%s could not be removed", cleaning.left_count,
                  cleaning.left_count == 1 ? "" : "s");
    }
    cleaning_clear(&cleaning);
    return rc;
}

const struct command command_cleanup = {
    .name = "cleanup",
    .operands = "",
    .summary = "Remove the testbeds of dead runs",
    .details = "Removes what the records of dead runs in /run/vrbench list, and nothing else.\n"
               "Each run does the same at its start. --all also removes testbeds that vrbench\n"
               "up built; testbeds of running measurements stay. If a testbed can't be removed,\n"
               "the reason is printed and the exit status is 1.",
    .examples = COMMAND_EXAMPLES({"cleanup", "remove what runs that were killed left"},
                                 {"cleanup --all", "also remove testbeds of vrbench up"}),
    .options = cleanup_options,
    .values_size = sizeof(struct cleanup_values),
    .run = cleanup_run,
};
