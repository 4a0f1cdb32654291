// SPDX-License-Identifier: GPL-3.0-or-later
// linux/route — what a namespace's forwarding table says, asked by rtnetlink(7).
#ifndef VRBENCH_LINUX_ROUTE_H
#define VRBENCH_LINUX_ROUTE_H

#include <stdint.h>

#include "base/error.h"
#include "linux/netns.h"

// Where a packet to `address` (host byte order) would leave the namespace: the interface of the
// most specific route, "" if there is none. Of several next hops it is the first's.
int route_leads_to(const struct netns *ns, uint32_t address, char ret_name[16], struct error *err);

#endif
