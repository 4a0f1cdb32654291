// SPDX-License-Identifier: GPL-3.0-or-later
// study/timing — durations and repetitions of the programme. machines.h has the timings for
// machines.
#ifndef VRBENCH_STUDY_TIMING_H
#define VRBENCH_STUDY_TIMING_H

#include <stdbool.h>

struct timing {
    const char *name;  // "default", "quick" or "study"
    bool quick;        // fewer conditions
    unsigned attempts; // largest number of trials of a disturbed point
    unsigned loads;    // of a scenario's sweep; 0 = the study's 26 rates, 1 to 101 Mbit/s
    const char *sweep; // duration of a trial of a scenario's sweep
    const char *trial; // duration of one of the repeated trials
    unsigned repeats;  // trials of each condition
    unsigned pause_s;  // before each trial
    const char *watch; // duration of a trial of which SNMP reports
    unsigned watches;  // of those, of each condition
};

extern const struct timing timing_default, timing_quick, timing_study;

#endif
