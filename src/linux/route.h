// SPDX-License-Identifier: GPL-3.0-or-later
// linux/route — looks up a namespace's forwarding table by rtnetlink(7).
#ifndef VRBENCH_LINUX_ROUTE_H
#define VRBENCH_LINUX_ROUTE_H

#include <stdint.h>

#include "base/error.h"
#include "base/ip.h"
#include "linux/netns.h"

// Returns in `ret_name` the interface by which a packet to `address` would leave
// the namespace: that of the most specific route, "" if there is no route. Of several next hops,
// the first.
int route_leads_to(const struct netns *ns, const struct ip_address *address, char ret_name[16],
                   struct error *err);

#endif
