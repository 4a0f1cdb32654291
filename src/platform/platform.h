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

#include <jansson.h>
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
    char host_name[16]; // dedicated: the interface's name while the host has it
};

struct router_spec {
    const char *name;
    const struct netns *host;
    const char *pin; // file to pin the router's namespace to
    bool outlive;    // it goes on when the process that made it ends
    struct router_nic *nics;
    size_t nic_count;
};

struct router; // of a platform

struct platform_ops {
    const char *name;
    // Makes the router and sets it forwarding. On failure nothing of it is left but what `host`
    // and `pin` hold.
    int (*create)(const struct router_spec *spec, struct router **ret, struct error *err);
    // Ends it, hands the interfaces taken from the host back (down), and frees the object. With
    // `spec` NULL everything around it goes too, and nothing is handed back.
    int (*destroy)(struct router *router, const struct router_spec *spec, struct error *err);
    // Ends it and makes it anew in one go: `before` describes it as it was, `now` as it is to be.
    // Its dedicated interfaces go straight from one life to the next. The old object is freed in
    // any case; on failure its interfaces are the host's again.
    int (*reboot)(struct router *router, const struct router_spec *before,
                  const struct router_spec *now, struct router **ret, struct error *err);
    // What attach() needs to know of it, as a JSON object for the testbed's record.
    json_t *(*describe)(const struct router *router);
    // An object for a router that another process made. A router that has died is attached too, if
    // enough of it is left for destroy() to clear away.
    int (*attach)(const struct router_spec *spec, const json_t *described, struct router **ret,
                  struct error *err);
    // Frees the object; the router goes on.
    void (*release)(struct router *router);
    // A descriptor that becomes readable when it dies; -1 if it has died already.
    int (*watch)(const struct router *router);
    // A shell or command (`argv`, NULL = shell) inside it, in the caller's terminal, until it ends.
    int (*console)(const struct router *router, char *const *argv, int *ret_status,
                   struct error *err);
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
