// SPDX-License-Identifier: GPL-3.0-or-later
// machine/xen/foreign_parts — shared by foreign.c, foreign_console.c and abilities.c. Included by
// them only.
#ifndef VRBENCH_MACHINE_XEN_FOREIGN_PARTS_H
#define VRBENCH_MACHINE_XEN_FOREIGN_PARTS_H

#include <stdint.h>

#include "machine/foreign.h"
#include "machine/xen/connection.h"

struct xen_connection *foreign_xen_connection(struct foreign *foreign);
// Finds a domain by name, UUID or ID; exit status 2 if there is none.
int foreign_xen_lookup(struct xen_connection *xen, const char *called, uint32_t *ret,
                       struct error *err);

// Functions of the table: see machine/foreign.h and machine/abilities.h.
int foreign_xen_console(struct foreign *foreign, const char *called, struct error *err);
int foreign_xen_abilities(const char *uri, struct abilities *ret, struct error *err);

#endif
