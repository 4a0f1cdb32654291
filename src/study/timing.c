// SPDX-License-Identifier: GPL-3.0-or-later
// study/timing — see timing.h. Called by the commands that reproduce the study.
#include "study/timing.h"

#include "run/job.h"

const struct timing timing_default = {.name = "default",
                                      .attempts = JOB_ATTEMPTS,
                                      .loads = 12,
                                      .sweep = "600 ms",
                                      .trial = "400 ms",
                                      .repeats = 17,
                                      .watch = "15 s",
                                      .watches = 5};
const struct timing timing_quick = {.name = "quick",
                                    .quick = true,
                                    .attempts = JOB_ATTEMPTS_QUICK,
                                    .loads = 4,
                                    .sweep = "250 ms",
                                    .trial = "200 ms",
                                    .repeats = 5,
                                    .watch = "3 s",
                                    .watches = 5};
const struct timing timing_study = {.name = "study",
                                    .attempts = JOB_ATTEMPTS,
                                    .sweep = "15 s",
                                    .trial = "15 s",
                                    .repeats = 5,
                                    .pause_s = 35,
                                    .watch = "15 s",
                                    .watches = 5};
