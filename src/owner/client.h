// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/client — how commands ask the owner of this host's testbeds, and look at those of runs.
 *
 * If no owner is there and one is needed, it is started: this program again, as `vrbench owner`.
 * What the owner fails in comes back as if it had happened here. A stop that is requested meanwhile
 * is passed on, and the request's end is still waited for.
 */
#ifndef VRBENCH_OWNER_CLIENT_H
#define VRBENCH_OWNER_CLIENT_H

#include <jansson.h>

#include "base/error.h"
#include "sampler/sample.h"

// The user who called: whom sudo(8) names, else the process's.
uint64_t owner_caller_uid(void);
// A request with the caller's identity; the caller adds arguments and gives it to owner_call().
json_t *owner_request(const char *what);
// Sends a request and waits for its answer: 0 and a new reference (ret_answer may be NULL), or
// negative as the owner failed. The request is freed.
int owner_call(json_t *request, json_t **ret_answer, struct error *err);

// Takes down every testbed that stands, and counts those that are down then. Failures are warned
// of.
void owner_down_all(unsigned *ret_count);

// One reading of all testbeds, those of runs at work too, or of the one of that name or id (NULL =
// all; no such one is bad input). Starts no owner unless a testbed stands without one.
int owner_sample(const char *testbed, bool networks, struct sample *ret, struct error *err);

#endif
