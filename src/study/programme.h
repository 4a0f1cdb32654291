// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/programme — what a reproduction measures, in which order, and how it is scaled.
 *
 * The programme is a table of runs. The first ones are the study's scenarios with rates found on
 * this machine; what they carried sets the loads of the others, which put one question each under
 * repeated trials. Each run is a scenario file of its own, as text, that anyone can measure again
 * with `vrbench run`. Called by reproduce.c.
 */
#ifndef VRBENCH_STUDY_PROGRAMME_H
#define VRBENCH_STUDY_PROGRAMME_H

#include "base/error.h"
#include "study/sample.h"
#include "study/timing.h"

// A run of the programme.
struct programme_row;
extern const size_t programme_count;
const struct programme_row *programme_row(size_t at); // in order of measuring

const char *programme_name(const struct programme_row *row); // also of its folder and scenario
const char *programme_what(const struct programme_row *row); // half a sentence for people
// Whether a run is made at that timing (the study's rates need runs of their own to scale by), and
// for any of the claims whose bits (1 << number) are set in `wanted`.
bool programme_is_wanted(const struct programme_row *row, const struct timing *timing,
                         unsigned wanted);

// Seconds to be idle before each of its trials.
unsigned programme_pause(const struct programme_row *row, const struct timing *timing);

// Writes the run's scenario, scaled by the earlier runs' results, as new texts: the YAML, and a
// note that says how it was scaled (empty if nothing is to say). Exit status 3 if an earlier run
// did not find what is needed for that. `platform` as in a scenario.
int programme_draw(const struct programme_row *row, const struct timing *timing,
                   const char *platform, const struct study_results *results, char **ret_yaml,
                   char **ret_note, struct error *err);

struct estimate {
    size_t runs, points;
    unsigned routers; // of the largest run
    double seconds;
};
// What lies ahead, if nothing has to be tried again.
struct estimate programme_estimate(const struct timing *timing, unsigned wanted);

#endif
