// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/platform_allocation — inside of the testbed room: weights and caps that the platform
 * itself holds, of its routers and, where a hypervisor runs the host beside them, of the host.
 *
 * The host is there before the testbed and after it: what it had is written to the record
 * ("host_before": {"weight", "cap"}) before the first change, and given back. Called by
 * allocation.c and, for dead runs, by cleanup.c.
 */
#ifndef VRBENCH_TESTBED_PLATFORM_ALLOCATION_H
#define VRBENCH_TESTBED_PLATFORM_ALLOCATION_H

#include "testbed/parts.h"

// Whether that is so of a party that has an allocation: 0 = the host, then the routers.
bool platform_allocates(const struct testbed *testbed, size_t party);
// Gives a party its allocation. A router that isn't there is no failure.
int platform_allocate(struct testbed *testbed, size_t party, const struct allocation *allocation,
                      struct error *err);
// Reads it back; of a router that isn't there, or has died, *ret stays as it is.
int platform_allocation(const struct testbed *testbed, size_t party, struct allocation *ret,
                        struct error *err);
// Gives the host what it had before, if a record speaks of that.
int platform_restore_host(struct platform *platform, struct record *record, struct error *err);

#endif
