// SPDX-License-Identifier: GPL-3.0-or-later
// run/job — what a run is to do. Filled by cli/ and study/.
#ifndef VRBENCH_RUN_JOB_H
#define VRBENCH_RUN_JOB_H

#include <stdbool.h>

#include "scenario/scenario.h"

struct job {
    const struct scenario *scenario;
    const char *folder;
    bool quick, resume;
    bool study_timing; // trials and pauses last as the study's did; with its method only
    unsigned pause_s;  // to be idle before each point
};

#endif
