// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/node — see node.h. The place that is this computer.
#include "testbed/node.h"

#include "base/cleanup.h"
#include "base/text.h"

static int local_open_half(const struct node *node, const char *engine, enum engine_side side,
                           const struct traffic_setup *setup, struct engine_half *ret,
                           struct error *err)
{
    _cleanup_free_ const struct netns **ns =
        memory_new_array(const struct netns *, setup->path_count);
    for (size_t i = 0; i < setup->path_count; i++) {
        const struct traffic_path *path = &setup->paths[i];
        ns[i] = testbed_netns(node->testbed,
                              side == ENGINE_SOURCE ? path->source_node : path->sink_node);
    }
    return engine_open_half(engine, side, setup, ns, ret, err);
}

static const struct node_ops local_ops = {
    .open_half = local_open_half,
};

struct node testbed_node(struct testbed *testbed)
{
    return (struct node){.ops = &local_ops, .testbed = testbed};
}

int node_open_engine(const struct node *node, const char *engine, const struct traffic_setup *setup,
                     struct engine **ret, struct error *err)
{
    struct engine_half source = {0};
    struct engine_half sink = {0};
    int rc = node->ops->open_half(node, engine, ENGINE_SOURCE, setup, &source, err);
    if (rc < 0) {
        return rc;
    }
    rc = node->ops->open_half(node, engine, ENGINE_SINK, setup, &sink, err);
    if (rc < 0) {
        engine_close_half(&source);
        return rc;
    }
    *ret = engine_join(engine, setup->path_count, &source, &sink);
    return 0;
}
