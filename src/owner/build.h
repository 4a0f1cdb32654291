// SPDX-License-Identifier: GPL-3.0-or-later
// owner/build — the request to build a testbed: written by a client, carried out by the owner.
#ifndef VRBENCH_OWNER_BUILD_H
#define VRBENCH_OWNER_BUILD_H

#include <jansson.h>

#include "testbed/testbed.h"

// Adds a scenario, a topology and the CPUs that may be used to an "up" request, and returns that.
json_t *build_request(json_t *request, const struct scenario *scenario, enum topology topology,
                      const struct cpu_list *usable);
// Builds what such a request has.
int build_testbed(const json_t *request, struct testbed **ret, struct error *err);

#endif
