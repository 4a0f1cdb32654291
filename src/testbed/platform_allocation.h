// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/platform_allocation — internal to testbed/: weights and caps that the platform itself
 * holds, of its routers and, if the host is a domain of the routers' hypervisor, of the host.
 *
 * The host exists before and after the testbed: its old allocation is written to the record
 * ("host_before": {"weight", "cap"}) before the first change, and restored. Called by allocation.c
 * and, for dead runs, by cleanup.c.
 */
#ifndef VRBENCH_TESTBED_PLATFORM_ALLOCATION_H
#define VRBENCH_TESTBED_PLATFORM_ALLOCATION_H

#include "testbed/parts.h"

// Whether the platform holds the allocation of a party: 0 = the host, then the routers.
bool platform_allocates(const struct testbed *testbed, size_t party);
// Sets the allocation of a party. A router that does not exist is no failure.
int platform_allocate(struct testbed *testbed, size_t party, const struct allocation *allocation,
                      struct error *err);
// Reads it back; for a router that does not exist or has died, *ret is unchanged.
int platform_allocation(const struct testbed *testbed, size_t party, struct allocation *ret,
                        struct error *err);
// Restores the host's old allocation, if the record has one.
int platform_restore_host(struct platform *platform, struct record *record, struct error *err);

#endif
