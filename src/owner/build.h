// SPDX-License-Identifier: GPL-3.0-or-later
// owner/build — the request to build a testbed: a client writes it, the owner executes it.
#ifndef VRBENCH_OWNER_BUILD_H
#define VRBENCH_OWNER_BUILD_H

#include <jansson.h>

#include "base/settings.h"
#include "testbed/testbed.h"

// Key of an "up" request and of the record: the file for which a program built the testbed; absent
// if a user did.
#define BUILD_MADE_FOR "made_for"

// Adds a scenario, a topology, the usable CPUs and the settings of the environment to an "up"
// request, and returns the request.
json_t *build_request(json_t *request, const struct scenario *scenario, enum topology topology,
                      const struct cpu_list *usable);
// Builds the testbed that such a request describes.
// The settings that a request or a testbed's record has, by name.
void build_settings(const json_t *object, struct settings *ret);
int build_testbed(const json_t *request, struct testbed **ret, struct error *err);

#endif
