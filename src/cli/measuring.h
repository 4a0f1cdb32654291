// SPDX-License-Identifier: GPL-3.0-or-later
// cli/measuring — what the commands that measure scenarios (run, search, ab) have in common:
// options, and what they do before they measure.
#ifndef VRBENCH_CLI_MEASURING_H
#define VRBENCH_CLI_MEASURING_H

#include <stddef.h>

#include "cli/options.h"
#include "scenario/engines.h"
#include "scenario/scenario.h"
#include "search/goal.h"

// Options that these commands share; `values` is the struct of their values.
#define WAIT_QUIET_OPTION(values)                                                                  \
    {                                                                                              \
        .name = "wait-quiet", .type = OPTION_INTEGER,                                              \
        .offset = offsetof(struct values, wait_quiet), .min = 1, .max = 86400,                     \
        .argument = "SECONDS", .help = "wait for a quiet machine, at most so long", .kept = true   \
    }
#define STABILITY_OPTION(values)                                                                   \
    {                                                                                              \
        .name = "no-stability-check", .type = OPTION_FLAG,                                         \
        .offset = offsetof(struct values, unchecked),                                              \
        .help = "measure without a check of each topology at a low load", .kept = true             \
    }
#define SEED_OPTION(values)                                                                        \
    {                                                                                              \
        .name = "seed", .type = OPTION_INTEGER, .offset = offsetof(struct values, seed), .min = 1, \
        .max = UINT32_MAX, .argument = "N",                                                        \
        .help = "order of the loads: as in the run with seed N in run.json"                        \
    }
#define TOPOLOGIES_OPTION(values)                                                                  \
    {                                                                                              \
        .name = "topology", .type = OPTION_TEXT_LIST,                                              \
        .offset = offsetof(struct values, topologies), .argument = "T",                            \
        .help = "only direct, bridged or dedicated; repeatable",                                   \
        .words = "direct bridged dedicated", .kept = true                                          \
    }
#define ENGINE_OPTION(values)                                                                      \
    {                                                                                              \
        .name = "engine", .type = OPTION_TEXT, .offset = offsetof(struct values, engine),          \
        .argument = "E", .help = "traffic engine:" ENGINES_WORDS, .kept = true                     \
    }
#define DEFAULT_ROUTE_OPTION(values)                                                               \
    {                                                                                              \
        .name = "even-default-route", .type = OPTION_FLAG,                                         \
        .offset = offsetof(struct values, even_default_route),                                     \
        .help = "lend even the default route's or SSH's interface", .kept = true                   \
    }
#define QUIET_OPTION(values)                                                                       \
    {                                                                                              \
        .name = "quiet", .letter = 'q', .type = OPTION_FLAG,                                       \
        .offset = offsetof(struct values, quiet), .help = "show no progress"                       \
    }
#define VERBOSE_OPTION(values)                                                                     \
    {                                                                                              \
        .name = "verbose", .letter = 'v', .type = OPTION_COUNT,                                    \
        .offset = offsetof(struct values, verbosity),                                              \
        .help = "print more messages; -vv prints still more"                                       \
    }

#define GOALS_MOST 8U

struct goal_list {
    struct search_goal items[GOALS_MOST];
    size_t count;
};
// Adds the goals that a value of --goal names. A goal that is given twice is refused.
int measuring_add_goals(struct goal_list *list, const char *text, struct error *err);

// Removes the topologies that were not requested with --topology; an empty list keeps all.
int measuring_narrow(struct scenario *scenario, const struct text_list *topologies,
                     struct error *err);
// Checks rights, and the programs, platforms and links that the scenarios require.
int measuring_check(struct scenario *const *scenarios, size_t count, bool even_default_route,
                    struct error *err);
// The same for a scenario that is measured on a standing testbed.
int measuring_check_on(const struct scenario *scenario, struct error *err);
// Makes a folder for a scenario's results if the user named none; runs that start within the same
// second get different folders.
int measuring_folder(const struct scenario *scenario, char **ret, struct error *err);
// Refuses the name of a folder for results if it is empty.
int measuring_check_output(const char *folder, struct error *err);
// As measuring_folder(), for a folder named NAME-DATE-TIME.
int measuring_folder_named(const char *name, char **ret, struct error *err);

#endif
