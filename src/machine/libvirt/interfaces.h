// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/interfaces — the interfaces of a machine, from its domain XML
 * (https://libvirt.org/formatdomain.html#network-interfaces). Used by foreign.c.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_INTERFACES_H
#define VRBENCH_MACHINE_LIBVIRT_INTERFACES_H

#include <stddef.h>

#include "base/error.h"

#define INTERFACES_MAX 1024 // limit for one machine; further ones are not read

struct interface_names {
    char **items; // names for virDomainInterfaceStats()
    size_t count;
};
void interface_names_clear(struct interface_names *names);

// Returns the name of each interface on its computer (<target dev=…>), or its MAC address if it has
// no name there; interfaces with neither are left out.
int interfaces_of_xml(const char *xml, struct interface_names *ret, struct error *err);
// Returns the alias of the machine's first console or serial device in a new string; NULL if it has
// none.
char *console_of_xml(const char *xml);

#endif
