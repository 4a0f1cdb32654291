// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/programme — the runs of a reproduction, their order, and how they are scaled.
 *
 * The programme is a table of runs. The first ones are the study's scenarios with rates found on
 * this machine. What they carried sets the loads of the others, which examine one question each
 * with repeated trials. Each run is a scenario file that anyone can measure again with `vrbench
 * run`. Called by reproduce.c.
 */
#ifndef VRBENCH_STUDY_PROGRAMME_H
#define VRBENCH_STUDY_PROGRAMME_H

#include "base/error.h"
#include "study/sample.h"
#include "study/timing.h"

// A run of the programme.
struct programme_row;
extern const size_t programme_count;
const struct programme_row *programme_row(size_t at); // in the order of measurement

const char *
programme_name(const struct programme_row *row); // also the name of its folder and scenario
const char *programme_what(const struct programme_row *row); // description, half a sentence
// Whether a run is made at that timing (the study's rates require separate runs to scale by), and
// for any of the claims whose bits (1 << number) are set in `wanted`.
bool programme_is_wanted(const struct programme_row *row, const struct timing *timing,
                         unsigned wanted);

bool programme_is_monitored(const struct programme_row *row); // it reads SNMP beside its trials

bool programme_is_controlled(const struct programme_row *row); // vrbench control acts meanwhile
bool programme_has_rules(const struct programme_row *row); // its routers have commands of their own

// Idle time before each of its trials, in seconds.
unsigned programme_pause(const struct programme_row *row, const struct timing *timing);

// Writes the run's scenario, scaled by the earlier runs' results, as new texts: the YAML, and a
// note on the scaling (empty if there is none). Exit status 3 if an earlier run did not find the
// required capacity. `platform` as in a scenario.
int programme_draw(const struct programme_row *row, const struct timing *timing,
                   const char *platform, const struct study_results *results, char **ret_yaml,
                   char **ret_note, struct error *err);

struct estimate {
    size_t runs, points;
    unsigned routers; // of the largest run
    double seconds;
};
// Estimates the whole programme without repetitions of disturbed trials.
struct estimate programme_estimate(const struct timing *timing, unsigned wanted);

#endif
