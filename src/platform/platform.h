// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * platform/platform — where routers live: one small table of functions a platform.
 *
 * A platform makes a router with its interfaces joined to what the testbed has made ready on the
 * host, and says by what its CPU, memory and losses can be read. It knows nothing of scenarios,
 * traffic or measuring. Called by testbed/.
 */
#ifndef VRBENCH_PLATFORM_PLATFORM_H
#define VRBENCH_PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/counters.h"
#include "linux/netns.h"

// A permanent neighbour on one of a router's interfaces.
struct router_neighbour {
    uint32_t address;
    uint8_t mac[6];
};

// One interface of a router to be made. Either `bridge` is not 0 (bridged: a pair, one end on that
// bridge of the host) or `taken_index` is not 0 (dedicated: an interface of the host handed over).
struct router_nic {
    const char *name; // in the router: "eth0", …
    int index;
    uint8_t mac[6]; // bridged: to be given; dedicated: of the interface taken
    unsigned mtu;
    uint32_t address;
    unsigned prefix;
    struct router_neighbour neighbour; // the tester's end of this link
    int bridge;
    const char *vif; // name of the host's end of the pair
    int vif_index;
    int taken_index;
};

struct router_spec {
    const char *name;
    const struct netns *host;
    const char *pin; // file to pin the router's namespace to
    struct router_nic *nics;
    size_t nic_count;
};

struct router; // of a platform

struct platform_ops {
    const char *name;
    // Makes the router and sets it forwarding. On failure nothing of it is left but what `host`
    // and `pin` hold.
    int (*create)(const struct router_spec *spec, struct router **ret, struct error *err);
    // Releases the object; the router itself goes with its pin.
    void (*release)(struct router *router);
    // The tasks whose CPU time is the router's, all that it does included.
    void (*tasks)(const struct router *router, const pid_t **ret, size_t *ret_count);
    // Packet counters inside the router. -ENOTSUP where it can't be asked.
    int (*counters)(const struct router *router, struct namespace_counters *ret, struct error *err);
    // Its network namespace on this machine, or NULL.
    const struct netns *(*netns)(const struct router *router);
};

extern const struct platform_ops platform_netns;

// The platform of that name, or NULL.
const struct platform_ops *platform_by_name(const char *name);

#endif
