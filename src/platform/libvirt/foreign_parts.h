// SPDX-License-Identifier: GPL-3.0-or-later
// platform/libvirt/foreign_parts — what foreign.c, foreign_act.c and abilities.c share. Included by
// them only.
#ifndef VRBENCH_PLATFORM_LIBVIRT_FOREIGN_PARTS_H
#define VRBENCH_PLATFORM_LIBVIRT_FOREIGN_PARTS_H

#include "platform/foreign.h"
#include "platform/libvirt/connection.h"

struct connection *foreign_connection(const struct foreign *foreign);
// A machine by name, UUID or id. None such is bad input.
int foreign_lookup(virConnectPtr handle, const char *called, virDomainPtr *ret, struct error *err);

// Of the table of functions: see platform/foreign.h and platform/abilities.h.
int foreign_libvirt_destroy(struct foreign *foreign, const char *called, struct error *err);
int foreign_libvirt_reboot(struct foreign *foreign, const char *called, struct error *err);
int foreign_libvirt_console(struct foreign *foreign, const char *called, struct error *err);
int foreign_libvirt_abilities(const char *uri, struct abilities *ret, struct error *err);

#endif
