// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/scenario_input — the scenario that an operand of a command names: a file, "-" for standard
 * input, a scenario of the installed (or the source tree's) folder by name, or "default", the one
 * in the program. Called by the commands that measure or build scenarios.
 */
#ifndef VRBENCH_CLI_SCENARIO_INPUT_H
#define VRBENCH_CLI_SCENARIO_INPUT_H

#include <stddef.h>
#include <stdio.h>

#include "cli/options.h"
#include "scenario/change.h"
#include "scenario/scenario.h"

#define SCENARIO_DEFAULT "default"

// Values of the options that change a scenario.
struct change_values {
    const char *length, *pps, *rate, *duration, *repeats;
    uint64_t routers; // 0 = as in the scenario
    struct text_list set;
};

#define CHANGE_ROW(values, option, shown, text)                                                    \
    {                                                                                              \
        .name = #option, .type = OPTION_TEXT, .offset = offsetof(struct values, change.option),    \
        .argument = shown, .help = text, .kept = true                                              \
    }
#define ROUTERS_OPTION(values)                                                                     \
    {                                                                                              \
        .name = "routers", .type = OPTION_INTEGER,                                                 \
        .offset = offsetof(struct values, change.routers), .min = 1, .max = SCENARIO_ROUTERS,      \
        .argument = "N", .help = "N routers like the first, each with a network", .kept = true     \
    }
#define SET_OPTION(values)                                                                         \
    {                                                                                              \
        .name = "set", .type = OPTION_TEXT_LIST, .offset = offsetof(struct values, change.set),    \
        .argument = "KEY=VALUE", .help = "change any key: routers.r1.cap=30; repeatable",          \
        .kept = true                                                                               \
    }
// Rows of a table whose values contain `struct change_values change`.
#define CHANGE_OPTIONS(values)                                                                     \
    CHANGE_ROW(values, length, "BYTES", "packet lengths: 64 or 64,256,imix"),                      \
        CHANGE_ROW(values, pps, "N", "offered loads in packets/s: 100k or 10k,50k,1M"),            \
        CHANGE_ROW(values, rate, "RATE", "offered load: 5Mbit/s, or FROM:TO:STEP"),                \
        CHANGE_ROW(values, duration, "TIME", "time of sending at each load: 2s, 500ms"),           \
        CHANGE_ROW(values, repeats, "N", "trials of each load"), ROUTERS_OPTION(values),           \
        SET_OPTION(values)

// Converts the options to changes of a scenario, which the caller clears.
int scenario_input_changes(const struct change_values *values, struct scenario_changes *ret,
                           struct error *err);
// Reads the scenario that `operand` names. `engine` and `changes` may be NULL.
int scenario_input_read(const char *operand, const char *engine,
                        const struct scenario_changes *changes, unsigned cpus,
                        struct scenario **ret, struct error *err);
// The text of the scenario in the program; the caller frees it.
char *scenario_input_default(void);
// Calls `use` for the name of each file that is found by name.
void scenario_input_names(void (*use)(const char *name, void *context), void *context);

#endif
