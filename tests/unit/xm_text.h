// SPDX-License-Identifier: GPL-3.0-or-later
// xm_text — texts of domains' files, parsed in a test: the configuration, its notes, its problems.
#ifndef VRBENCH_TESTS_XM_TEXT_H
#define VRBENCH_TESTS_XM_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/xen/xm_config.h"
#include "scenario/scenario.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

// Problems or notes, "line:column: text" a line.
static inline char *join(const struct scenario_problems *problems)
{
    char *text = text_copy("");
    for (size_t i = 0; i < problems->count; i++) {
        const struct scenario_problem *problem = &problems->items[i];
        char *longer =
            text_format("%s%u:%u: %s\n", text, problem->line, problem->column, problem->text);
        free(text);
        text = longer;
    }
    return text;
}

static inline struct xm_config *parse(const char *text)
{
    struct scenario_problems problems = {NULL, 0};
    struct xm_config *config = NULL;
    if (xm_config_parse(text, strlen(text), &config, &problems) < 0) {
        fail_msg("%s", join(&problems));
    }
    assert_int_equal(problems.count, 0);
    return config;
}

static inline void assert_notes(const struct xm_config *config, const char *wanted)
{
    _cleanup_free_ char *notes = join(config->notes);
    assert_string_equal(notes, wanted);
}

static inline void assert_problems(const char *text, const char *wanted)
{
    struct scenario_problems problems = {NULL, 0};
    struct xm_config *config = NULL;
    int rc = xm_config_parse(text, strlen(text), &config, &problems);
    _cleanup_free_ char *joined = join(&problems);
    assert_string_equal(joined, wanted);
    assert_true(rc < 0);
    assert_null(config);
    scenario_problems_clear(&problems);
}

#endif
