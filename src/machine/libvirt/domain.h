// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/domain — transient domains of vrbench: starting, ending and finding them, for
 * every driver. A domain is recognised by its name, "vrbench-TESTBED-ROUTER", and its metadata
 * (domain_xml.h). Used by machine/qemu and machine/lxc.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_DOMAIN_H
#define VRBENCH_MACHINE_LIBVIRT_DOMAIN_H

#include "machine/libvirt/connection.h"

#define DOMAIN_UUID_SIZE 37

// Returns the name of a router's domain in a new string.
char *libvirt_domain_name(const char *testbed, const char *router);
// Makes a random UUID (RFC 4122).
void libvirt_domain_make_uuid(char ret[DOMAIN_UUID_SIZE]);

// Starts a domain with that UUID and name. ret_id (may be NULL) gets its number: for LXC, the
// process that holds the container. `flags` as for virDomainCreateXML().
int libvirt_domain_start(struct connection *connection, const char *uuid, const char *name,
                         const char *xml, unsigned flags, int *ret_id, struct error *err);
// Ends it and waits until libvirt has removed it, so that the name can be reused. A missing domain
// is fine.
int libvirt_domain_end(struct connection *connection, const char *uuid, const char *name,
                       struct error *err);
// Ends all domains of a testbed.
int libvirt_domain_end_all(struct connection *connection, const char *testbed, struct error *err);

#endif
