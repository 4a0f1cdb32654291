// SPDX-License-Identifier: GPL-3.0-or-later
// sampler/rings — see rings.h.
#include "sampler/rings.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

// Routers are left out: their namespaces end with them, and an open socket would keep them.
static size_t rings_of_node(struct rings *rings, const struct testbed *testbed, size_t node)
{
    const struct plan *plan = testbed_plan(testbed);
    const struct netns *ns =
        plan->nodes[node].kind == NODE_ROUTER ? NULL : testbed_netns(testbed, node);
    int fd = -1;
    for (size_t i = 0; i < rings->count; i++) {
        if (rings->nodes[i].node == node) {
            return i;
        }
    }
    if (ns == NULL || link_stats_open(ns, &fd, NULL) < 0) {
        return RING_NONE;
    }
    rings->nodes = memory_resize(rings->nodes, rings->count + 1, sizeof *rings->nodes);
    rings->nodes[rings->count] = (struct ring_node){.node = node, .fd = fd, .count = -1};
    return rings->count++;
}

static bool is_wanted(const struct plan_node *node, enum rings_of wanted)
{
    return wanted == RINGS_OF_ALL || (node->kind == NODE_HOST) == (wanted == RINGS_OF_HOST);
}

size_t rings_find(struct rings *rings, const struct testbed *testbed, size_t interface,
                  enum rings_of wanted, int *ret_index)
{
    const struct plan *plan = testbed_plan(testbed);
    for (size_t i = 0; i < plan->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[i];
        if (wire->a != interface && wire->b != interface) {
            continue;
        }
        const size_t from = wire->a == interface ? wire->b : wire->a;
        // A virtual machine reads packets from the queue of a tap of the host.
        const bool tap = plan->port == PORT_TAP && plan_port(plan, from) == PORT_TAP;
        if (!wire->made && !tap) {
            continue;
        }
        const struct plan_interface *peer = &plan->interfaces[from];
        if (!is_wanted(&plan->nodes[peer->node], wanted)) {
            return RING_NONE;
        }
        *ret_index = peer->index;
        return rings_of_node(rings, testbed, peer->node);
    }
    return RING_NONE;
}

void rings_read(struct rings *rings)
{
    for (size_t i = 0; i < rings->count; i++) {
        struct ring_node *node = &rings->nodes[i];
        node->count = link_stats_read(node->fd, &node->stats, &node->room, NULL);
    }
}

uint64_t rings_missed(const struct rings *rings, size_t ring, int index)
{
    if (ring >= rings->count) {
        return 0;
    }
    const struct ring_node *node = &rings->nodes[ring];
    for (ssize_t i = 0; i < node->count; i++) {
        if (node->stats[i].index == index) {
            return node->stats[i].tx_dropped;
        }
    }
    return 0;
}

void rings_close(struct rings *rings)
{
    for (size_t i = 0; i < rings->count; i++) {
        close(rings->nodes[i].fd);
        free(rings->nodes[i].stats);
    }
    free(rings->nodes);
    *rings = (struct rings){.nodes = NULL};
}
