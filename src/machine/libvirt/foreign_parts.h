// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/foreign_parts — shared by foreign.c, foreign_act.c and abilities.c. Included by
// them only.
#ifndef VRBENCH_MACHINE_LIBVIRT_FOREIGN_PARTS_H
#define VRBENCH_MACHINE_LIBVIRT_FOREIGN_PARTS_H

#include "machine/foreign.h"
#include "machine/libvirt/connection.h"

struct connection *foreign_connection(const struct foreign *foreign);
// Finds a machine by name, UUID or ID; exit status 2 if there is none.
int foreign_lookup(virConnectPtr handle, const char *called, virDomainPtr *ret, struct error *err);

// Functions of the table: see machine/foreign.h and machine/abilities.h.
int foreign_libvirt_destroy(struct foreign *foreign, const char *called, struct error *err);
int foreign_libvirt_reboot(struct foreign *foreign, const char *called, struct error *err);
int foreign_libvirt_console(struct foreign *foreign, const char *called, struct error *err);
int foreign_libvirt_abilities(const char *uri, struct abilities *ret, struct error *err);

#endif
