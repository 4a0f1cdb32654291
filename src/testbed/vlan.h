// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/vlan — internal to testbed/: the interfaces of the device under test that are ports of a
 * VLAN (plan_interface.vlan): those of the host when a cable is made (build.c), those of a router
 * whenever it starts (routers.c), since its interfaces are new then or were moved.
 */
#ifndef VRBENCH_TESTBED_VLAN_H
#define VRBENCH_TESTBED_VLAN_H

#include "testbed/parts.h"

// Makes a host's interface a port, if the plan says so.
int vlan_make_host_port(const struct testbed *testbed, size_t interface, struct error *err);
// The same for all interfaces of a router that is there.
int vlan_make_router_ports(const struct testbed *testbed, size_t router, struct error *err);

#endif
