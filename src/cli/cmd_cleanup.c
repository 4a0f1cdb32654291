// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_cleanup — `vrbench cleanup`: removes what dead runs left, or all that stands.
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
     .help = "remove testbeds that were left standing, too"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct cleanup_values, json),
     .help = "print the number of testbeds removed, and those that are left, as JSON"},
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
        printf("removed what %u dead run%s had left\n", cleaning->removed, plural);
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
        error_context(err, "cleanup needs root (try sudo)");
        return rc;
    }
    struct cleaning cleaning = {0};
    unsigned downed = 0;
    if (asked->all) {
        owner_down_all(&downed);
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
        log_warning("cleanup", "left: %s", cleaning.left[i].why);
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
    .summary = "Remove whatever a dead run left",
    .details = "Goes by the records in /run/vrbench of runs that no longer live, and touches\n"
               "nothing else. Every run does the same when it starts. --all also removes testbeds\n"
               "that vrbench up left standing; a run that lives keeps its own. What can't be\n"
               "removed is named with the reason, and the exit status is 1 then.",
    .options = cleanup_options,
    .values_size = sizeof(struct cleanup_values),
    .run = cleanup_run,
};
