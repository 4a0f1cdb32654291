// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/scheduler — weight and cap of a domain, Domain-0 included, as held by Xen's credit
 * and credit2 schedulers (`xl sched-credit`, `xl sched-credit2`), in vrbench's units: weight
 * 1–65535, 256 being Xen's default, cap in percent of one CPU.
 *
 * The scheduler is that of the domain's CPU pool. Schedulers without weight and cap (null, RTDS,
 * ARINC 653) are reported with their own parameters. A value counts as set only after it was read
 * back from the hypervisor. Used by foreign.c and by the platform's own routers.
 */
#ifndef VRBENCH_MACHINE_XEN_SCHEDULER_H
#define VRBENCH_MACHINE_XEN_SCHEDULER_H

#include <stdint.h>

#include "machine/foreign.h"
#include "machine/xen/connection.h"

#define XEN_WEIGHT_USUAL 256 // weight of a domain for which none was set

// Reads both. Under a scheduler without them both are absent, and ret->why has its name and
// parameters. Fails only if the domain does not exist (-ESRCH) or cannot be queried.
int xen_scheduler_get(struct xen_connection *xen, uint32_t domain, struct foreign_allocation *ret,
                      struct error *err);
// Sets a weight (0 = unchanged) and a cap (NULL = unchanged, *cap 0 = none), and reads them back. A
// cap above 100 for each of the domain's vCPUs is bad input. Under a scheduler without them, the
// defaults (weight 256, no cap) are accepted; other values fail with exit status 3.
int xen_scheduler_set(struct xen_connection *xen, uint32_t domain, unsigned weight,
                      const unsigned *cap, struct error *err);
// Reads both in a testbed's form: cap in whole percent; under a scheduler without them the defaults
// (weight 256, no cap).
int xen_scheduler_allocation(struct xen_connection *xen, uint32_t domain, unsigned *ret_weight,
                             unsigned *ret_cap, struct error *err);
// The scheduler of a domain's CPU pool: "credit", "credit2", "rtds", "null", … static; NULL if the
// domain does not exist.
const char *xen_scheduler_name(struct xen_connection *xen, uint32_t domain);

#endif
