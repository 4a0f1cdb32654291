// SPDX-License-Identifier: GPL-3.0-or-later
// platform/libvirt/foreign_parts — what foreign.c and foreign_act.c share. Included by them only.
#ifndef VRBENCH_PLATFORM_LIBVIRT_FOREIGN_PARTS_H
#define VRBENCH_PLATFORM_LIBVIRT_FOREIGN_PARTS_H

#include "platform/libvirt/connection.h"
#include "platform/libvirt/foreign.h"

struct connection *foreign_connection(const struct foreign *foreign);
// A machine by name, UUID or id. None such is bad input.
int foreign_lookup(virConnectPtr handle, const char *called, virDomainPtr *ret, struct error *err);

#endif
