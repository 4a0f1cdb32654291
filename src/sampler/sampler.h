// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sampler/sampler — reads the parties of one testbed again and again, cheaply, from descriptors
 * that are open already.
 *
 * A party whose CPU time is that of kernel threads (a router in a namespace; the host) is *quick*:
 * its threads' schedstat files and a netlink socket in its namespace stay open, and a reading needs
 * neither the testbed nor any other lock. All others (virtual machines, routers with daemons) are
 * *surveyed*: read through the testbed, which may take long, by the thread that holds it; until the
 * next survey their figures keep the time of the last one (sample_party.read_ns).
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

// Takes over what the testbed says of a party (index of testbed_parties()), or of all parties
// (SAMPLER_ALL), and opens what is to be read. The testbed must be at rest. Descriptors of a router
// that is in the same life as before are kept.
void sampler_update(struct sampler *sampler, const struct testbed *testbed, size_t party);

// Whether any party has to be surveyed.
bool sampler_needs_survey(const struct sampler *sampler);
// Reads these parties through a testbed at rest, for sampler_take_survey(). Touches no sampler. A
// party that can't be read, or not before a stop is requested, is left out: its last figures stay.
void sampler_survey(const struct testbed *testbed, struct sample *ret);
void sampler_take_survey(struct sampler *sampler, const struct sample *survey);

// Calls `visit` for each party: quick ones as they are now, others as last surveyed. What it is
// given is valid only meanwhile. Without `networks`, no counters of interfaces are read.
void sampler_visit(struct sampler *sampler, bool networks,
                   void (*visit)(void *context, const struct sample_party *party), void *context);

#endif
