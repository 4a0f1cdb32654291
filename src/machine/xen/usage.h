// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/usage — the resources that domains use, as counted by the hypervisor and Domain-0's
 * kernel: CPU by domain and vCPU, memory, packets of each vif; and those of the computer, Xen's own
 * memory included.
 *
 * libxenstat, which xentop uses too, reads all domains at once; libxl reads single figures of one
 * domain. Counters of a vif are swapped, so that they are the domain's view: what vifD.N received
 * in Domain-0 was sent by the domain. Used by foreign.c and by the platform's own routers.
 */
#ifndef VRBENCH_MACHINE_XEN_USAGE_H
#define VRBENCH_MACHINE_XEN_USAGE_H

#include <stdint.h>

#include "machine/foreign.h"
#include "machine/machine.h"
#include "machine/xen/connection.h"

#define XEN_HOST 0U // ID of Domain-0

// Nodes of vrbench's routers below a domain's own path in xenstore; the domain cannot change them.
#define XEN_KEY_FOLDER "vrbench/folder"
#define XEN_KEY_VIF    "vrbench/vif/%zu"

// CPU time by vCPU ("vcpu0", …) of a domain since its start, in a new array. -ESRCH if it does not
// exist.
int xen_usage_parts(struct xen_connection *xen, uint32_t domain, struct cpu_part **ret,
                    size_t *ret_count, struct error *err);
// The computer's memory that a domain uses now, in bytes.
int xen_usage_memory(struct xen_connection *xen, uint32_t domain, uint64_t *ret, struct error *err);
// CPU time of Domain-0, also by vCPU, and of all existing domains, Domain-0 included.
int xen_usage_times(struct xen_connection *xen, struct hypervisor_times *ret, struct error *err);

// A reader of all domains at once.
struct xen_stat;
// Called after xen_open(), which reports what is lacking.
int xen_stat_open(struct xen_connection *xen, struct xen_stat **ret, struct error *err);
void xen_stat_close(struct xen_stat *stat); // NULL is fine
// Reads all domains in the order of their IDs, in the form of foreign_list(); allocations are left
// out. If not all vifs of a domain can be read (they are in an unknown network namespace), its
// networks are absent. Those of vrbench's routers are in their testbed's host namespace: xenstore
// has, below the domain, its folder ("vrbench/folder") and the names of the interfaces there
// ("vrbench/vif/N").
int xen_stat_list(struct xen_stat *stat, unsigned what, struct foreign_list *ret,
                  struct error *err);

#endif
