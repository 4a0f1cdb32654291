// SPDX-License-Identifier: GPL-3.0-or-later
// cli/measuring — what the commands that measure scenarios (run, search) do before they measure.
#ifndef VRBENCH_CLI_MEASURING_H
#define VRBENCH_CLI_MEASURING_H

#include "cli/options.h"
#include "scenario/scenario.h"

// Removes the topologies that were not requested with --topology; an empty list keeps all.
int measuring_narrow(struct scenario *scenario, const struct text_list *topologies,
                     struct error *err);
// Checks rights, and the programs, platforms and links that the scenarios require.
int measuring_check(struct scenario *const *scenarios, size_t count, bool even_default_route,
                    struct error *err);
// Makes a folder for a scenario's results if the user named none; runs that start within the same
// second get different folders.
int measuring_folder(const struct scenario *scenario, char **ret, struct error *err);
// The same for a folder named NAME-DATE-TIME.
int measuring_folder_named(const char *name, char **ret, struct error *err);

#endif
