// SPDX-License-Identifier: GPL-3.0-or-later
// run/job — the parameters of a run. Filled by cli/ and study/.
#ifndef VRBENCH_RUN_JOB_H
#define VRBENCH_RUN_JOB_H

#include <stdbool.h>

#include "result/found.h"
#include "scenario/scenario.h"
#include "search/goal.h"

struct agent;
struct loan;

// Largest number of trials of a disturbed point.
#define JOB_ATTEMPTS       4U
#define JOB_ATTEMPTS_QUICK 3U // with --quick

struct job {
    const struct scenario *scenario;
    struct loan *loan; // the standing testbed that is measured; NULL = testbeds are built
    const char *folder;
    bool quick, resume;
    bool refine; // of a scenario whose loads are found: measure further loads where losses begin
    bool study_timing;     // durations of trials and pauses are the study's; only with its method
    unsigned pause_s;      // idle time before each point
    bool redo_disturbed;   // of a resumed run: its disturbed points are measured again
    bool unchecked;        // without the stability check of each topology
    unsigned wait_quiet_s; // wait so long for a quiet machine before measuring; 0 = do not wait
    // The loads of a repeat are measured in a random order: always, or if the scenario
    // has repeats or a seed is given. 0 = the seed is drawn. A resumed run keeps its order.
    bool shuffled;
    unsigned seed;
    const char *rates_from; // folder of a run whose loads are measured; NULL = the scenario's loads
    // Goals to search for instead of measuring the scenario's loads; none = a run.
    const struct search_goal *goals;
    size_t goal_count;
    // What is searched for: by latency, loss and recovery the tests of RFC 2544 that follow a
    // search for the throughput, which is `at` if that is given (by loss: the highest load). By
    // rate, the loads themselves, with a load for each network if `apart`; by cap, the smallest cap
    // of each router at `at`; by burst, the longest burst at that rate.
    enum found_kind of;
    bool apart;
    struct profile_rate at; // of each network; 0 = none given
    // Of the series that follow a search for the throughput: trials of each load, and their
    // duration; 0 = those of the goal (find_series.c).
    unsigned trials;
    uint64_t trial_ns;
    unsigned time_limit_s;    // of all searches in one topology and for one length; 0 = none
    unsigned search_repeat;   // number of this search in the folder, from 0; above 0 with `resume`
    struct found_list *found; // gets what the search found
    struct agent *agent;      // of method: monitored; NULL = each testbed gets one of its own
    unsigned attempts;        // largest number of trials of a disturbed point; 0 = JOB_ATTEMPTS or
                              // JOB_ATTEMPTS_QUICK
    unsigned most_disturbed;  // so many disturbed points in a row end the run; 0 = no limit
};

#endif
