// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sampler/sampler — reads the parties of one testbed repeatedly at low cost, from descriptors that
 * stay open.
 *
 * A party whose CPU time is that of kernel threads (a router in a namespace; the host) is *quick*:
 * its threads' schedstat files and a netlink socket in its namespace stay open, and a reading
 * requires neither the testbed nor another lock. All others (virtual machines, routers with
 * daemons) are *surveyed*: the thread that holds the testbed reads them through it, which may take
 * long. Until the next survey their figures keep the time of the last one (sample_party.read_ns).
 *
 * Called by owner/, whose event loop holds the samplers. Not thread-safe.
 */
#ifndef VRBENCH_SAMPLER_SAMPLER_H
#define VRBENCH_SAMPLER_SAMPLER_H

#include "sampler/sample.h"
#include "testbed/testbed.h"

#define SAMPLER_ALL SIZE_MAX

struct sampler;
struct sampler *sampler_new(void);
void sampler_free(struct sampler *sampler); // NULL is fine

// Updates the facts of a party (index of testbed_parties()), or of all parties (SAMPLER_ALL), from
// the testbed, and opens the descriptors. No other thread may change the testbed meanwhile.
// Descriptors of a router that was not recreated are kept.
void sampler_update(struct sampler *sampler, const struct testbed *testbed, size_t party);

// Whether any party is surveyed.
bool sampler_needs_survey(const struct sampler *sampler);
// What a survey reads of a party besides its CPU time. A machine in bridged is asked for its
// counters by SURVEY_ALL only: that takes CPU time of its own, and it answers late if it lacks CPU.
// The others' counters are read in each survey.
enum survey_depth {
    SURVEY_CPU,
    SURVEY_ALLOCATION, // also weight and cap as the platform holds them
    SURVEY_ALL,        // also counters
};
// Reads the surveyed parties through a testbed that no other thread changes, for
// sampler_take_survey(). Uses no sampler. A party that cannot be read, or not before a stop is
// requested, is left out and keeps its last figures.
void sampler_survey(const struct testbed *testbed, enum survey_depth depth, struct sample *ret);
// What the survey has not read stays as it was.
void sampler_take_survey(struct sampler *sampler, enum survey_depth depth,
                         const struct sample *survey);

enum sampler_depth {
    SAMPLER_CPU,
    SAMPLER_NETWORKS, // also the interface counters
    SAMPLER_RINGS,    // also the packets that receive rings did not take, in rx_missed
};
// What a ring of a surveyed party did not take is of the time of the counters at the entry of its
// network: present if the host counts it (bridged), and of the survey, at each depth, if the tester
// does (dedicated).
// Calls `visit` for each party, with present figures of quick ones and the last survey of others.
// The argument is valid during the call only.
void sampler_visit(struct sampler *sampler, enum sampler_depth depth,
                   void (*visit)(void *context, const struct sample_party *party), void *context);

#endif
