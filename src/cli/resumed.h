// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/resumed — the scenario of an unfinished run, from the run.json of its folder. Called by
 * `vrbench run --resume -o DIR` without a scenario.
 */
#ifndef VRBENCH_CLI_RESUMED_H
#define VRBENCH_CLI_RESUMED_H

#include <stdbool.h>

#include "cli/scenario_input.h"

struct resumed {
    struct scenario *scenario; // with the topologies of the run; the caller frees it
    bool quick, study_timing;  // options of the run
};

// Reads the scenario that a run recorded, as the options change it. `engine` NULL = that of the
// run. A folder without a run is bad input.
int resumed_read(const char *folder, const char *engine, const struct change_values *change,
                 struct resumed *ret, struct error *err);

#endif
