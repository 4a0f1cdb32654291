// SPDX-License-Identifier: GPL-3.0-or-later
// platform/xen/foreign_parts — what foreign.c, foreign_console.c and abilities.c share. Included by
// them only.
#ifndef VRBENCH_PLATFORM_XEN_FOREIGN_PARTS_H
#define VRBENCH_PLATFORM_XEN_FOREIGN_PARTS_H

#include <stdint.h>

#include "platform/foreign.h"
#include "platform/xen/connection.h"

struct xen_connection *foreign_xen_connection(struct foreign *foreign);
// A domain by name, UUID or id. None such is bad input.
int foreign_xen_lookup(struct xen_connection *xen, const char *called, uint32_t *ret,
                       struct error *err);

// Of the table of functions: see platform/foreign.h and platform/abilities.h.
int foreign_xen_console(struct foreign *foreign, const char *called, struct error *err);
int foreign_xen_abilities(const char *uri, struct abilities *ret, struct error *err);

#endif
