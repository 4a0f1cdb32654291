// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/domain — transient domains of ours, started, ended
 * and found again, whatever the driver. A domain is ours by its name, "vrbench-TESTBED-ROUTER", and
 * by its metadata (domain_xml.h). Used by machine/qemu and machine/lxc.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_DOMAIN_H
#define VRBENCH_MACHINE_LIBVIRT_DOMAIN_H

#include "machine/libvirt/connection.h"

#define DOMAIN_UUID_SIZE 37

// A new string.
char *libvirt_domain_name(const char *testbed, const char *router);
// A random one, as RFC 4122 has them.
void libvirt_domain_make_uuid(char ret[DOMAIN_UUID_SIZE]);

// Starts a domain of that UUID and name. ret_id gets its number: of LXC, the process that holds the
// container (may be NULL). `flags` as of virDomainCreateXML().
int libvirt_domain_start(struct connection *connection, const char *uuid, const char *name,
                         const char *xml, unsigned flags, int *ret_id, struct error *err);
// Ends it and waits until libvirt has forgotten it, so that the name can be given anew. Gone
// already: fine.
int libvirt_domain_end(struct connection *connection, const char *uuid, const char *name,
                       struct error *err);
// Ends all domains of a testbed.
int libvirt_domain_end_all(struct connection *connection, const char *testbed, struct error *err);

#endif
