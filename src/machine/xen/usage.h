// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/usage — what domains use, as the hypervisor and Domain-0's kernel count it: CPU by
 * domain and vCPU, memory, packets of each vif; and what the computer has, Xen's own memory
 * included.
 *
 * All domains at once are read by libxenstat, which xentop uses too; one or two figures of one
 * domain by libxl. Counters of a vif are turned about, so that they are the domain's own view: what
 * vifD.N received in Domain-0 the domain sent. Used by foreign.c and by the platform's own routers.
 */
#ifndef VRBENCH_MACHINE_XEN_USAGE_H
#define VRBENCH_MACHINE_XEN_USAGE_H

#include <stdint.h>

#include "machine/foreign.h"
#include "machine/machine.h"
#include "machine/xen/connection.h"

#define XEN_HOST 0U // id of Domain-0

// Below a domain's own path in xenstore, of vrbench's routers; the domain can't change them.
#define XEN_KEY_FOLDER "vrbench/folder"
#define XEN_KEY_VIF    "vrbench/vif/%zu"

// CPU time by vCPU ("vcpu0", …) of a domain in this life, in a new array. -ESRCH if it isn't there.
int xen_usage_parts(struct xen_connection *xen, uint32_t domain, struct cpu_part **ret,
                    size_t *ret_count, struct error *err);
// Bytes of the computer's memory that a domain holds now.
int xen_usage_memory(struct xen_connection *xen, uint32_t domain, uint64_t *ret, struct error *err);
// CPU time of Domain-0, by vCPU too, and of all domains that there are, Domain-0 included.
int xen_usage_times(struct xen_connection *xen, struct hypervisor_times *ret, struct error *err);

// A reader of all domains at once.
struct xen_stat;
// After xen_open(), which says what is lacking.
int xen_stat_open(struct xen_connection *xen, struct xen_stat **ret, struct error *err);
void xen_stat_close(struct xen_stat *stat); // NULL is fine
// Reads all domains in the order of their ids, as foreign_list() has them; allocations are left
// out. Where not all vifs of a domain can be read (they are in a network namespace that isn't
// known), its networks are absent. Those of vrbench's routers are in their testbed's host: it is
// told in xenstore, below the domain, where its folder is ("vrbench/folder") and what the
// interfaces are called there ("vrbench/vif/N").
int xen_stat_list(struct xen_stat *stat, unsigned what, struct foreign_list *ret,
                  struct error *err);

#endif
