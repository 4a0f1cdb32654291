// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/interfaces — which interfaces a machine has, by its domain XML
 * (https://libvirt.org/formatdomain.html#network-interfaces). Used by foreign.c.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_INTERFACES_H
#define VRBENCH_MACHINE_LIBVIRT_INTERFACES_H

#include <stddef.h>

#include "base/error.h"

#define INTERFACES_MAX 1024 // of one machine; more are not read

struct interface_names {
    char **items; // names that virDomainInterfaceStats() takes
    size_t count;
};
void interface_names_clear(struct interface_names *names);

// The name of each interface on its computer (<target dev=…>), or its MAC address where it has no
// name there; what has neither is left out.
int interfaces_of_xml(const char *xml, struct interface_names *ret, struct error *err);
// The alias of the device that is the machine's first console or serial line, as a new string; NULL
// if it has none.
char *console_of_xml(const char *xml);

#endif
