// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/standing — see standing.h.
#include "testbed/standing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/link.h"
#include "linux/process.h"
#include "linux/session.h"
#include "testbed/names.h"
#include "testbed/parts.h"

#define MANAGEMENT_INDEX  190000 // on the host; the source's is the next
#define MANAGEMENT_PREFIX 30U

static const uint32_t management_address[2] = {0xa9fe0101U, 0xa9fe0102U}; // STANDING_*

// ---- up and down

static size_t node_of_kind(const struct plan *plan, enum node_kind kind)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        if (plan->nodes[i].kind == kind) {
            return i;
        }
    }
    return SIZE_MAX;
}

// Makes the link between the source and the host's agent. Routers get no such link, so that
// recreated routers are made by the same code.
static int make_management_link(const struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    size_t host = node_of_kind(plan, NODE_HOST);
    if (host == SIZE_MAX) {
        return 0;
    }
    const struct netns *ns[2] = {testbed->netns[host],
                                 testbed->netns[node_of_kind(plan, NODE_SOURCE)]};
    struct link_spec ends[2];
    for (int i = 0; i < 2; i++) {
        ends[i] = (struct link_spec){.ns = ns[i],
                                     .name = "mgmt0",
                                     .index = MANAGEMENT_INDEX + i,
                                     .mac = {0x02, 0x76, 6, 0, 0, (uint8_t)i},
                                     .mtu = 1500};
    }
    int rc = link_make_pair(&ends[0], &ends[1], err);
    for (int i = 0; rc == 0 && i < 2; i++) {
        struct ip_address address = ip_v4(management_address[i]);
        rc = link_add_address(ns[i], ends[i].index, &address, MANAGEMENT_PREFIX, err);
        if (rc == 0) {
            rc = link_set_up(ns[i], ends[i].index, true, err);
        }
    }
    return rc;
}

int testbed_stand(struct scenario *scenario, enum topology topology, const struct cpu_list *usable,
                  json_t *kept, struct testbed **ret, struct error *err)
{
    struct plan *plan = NULL;
    struct testbed *testbed = NULL;
    int rc = plan_make(scenario, topology, usable, &plan, err);
    if (rc == 0) {
        rc = testbed_up(plan, true, &testbed, err);
    }
    if (rc < 0 || testbed == NULL) {
        scenario_free(scenario);
        return rc;
    }
    testbed->scenario = scenario;
    json_object_update(testbed->record->content, kept);
    rc = make_management_link(testbed, err);
    if (rc == 0) {
        rc = names_give(testbed, err);
    }
    if (rc == 0) {
        testbed->kept = true;
        rc = testbed_note(testbed, err);
    }
    if (rc < 0) {
        (void)testbed_down(&testbed, 1, NULL, NULL);
        return rc;
    }
    *ret = testbed;
    return 0;
}

int testbed_hold(struct testbed *testbed, struct error *err)
{
    testbed->maker.pid = getpid();
    testbed->maker.started = process_start_time(getpid());
    names_complete(testbed);
    return testbed_note(testbed, err);
}

int testbed_unstand(struct testbed *testbed, struct error *err)
{
    testbed->kept = false;
    int noted = testbed_note(testbed, err);
    int rc = testbed_down(&testbed, 1, NULL, noted < 0 ? NULL : err);
    return noted < 0 ? noted : rc;
}

// ---- names

static size_t node_called(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        if (text_equal(plan->nodes[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool testbed_has_node(const struct testbed *testbed, const char *name)
{
    return node_called(testbed->plan, name) != SIZE_MAX;
}

size_t testbed_router_count(const struct testbed *testbed)
{
    return testbed->plan->topology == TOPOLOGY_DIRECT ? 0 : testbed->plan->scenario->router_count;
}

const char *testbed_router_name(const struct testbed *testbed, size_t router)
{
    return testbed->plan->scenario->routers[router].name;
}

size_t testbed_router_called(const struct testbed *testbed, const char *name)
{
    for (size_t i = 0; i < testbed_router_count(testbed); i++) {
        if (text_equal(testbed_router_name(testbed, i), name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

size_t testbed_network_called(const struct testbed *testbed, const char *name)
{
    const struct scenario *scenario = testbed->plan->scenario;
    for (size_t i = 0; i < scenario->network_count; i++) {
        if (text_equal(scenario->networks[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

size_t testbed_party_called(const struct testbed *testbed, const char *name)
{
    for (size_t i = 0; i < testbed->party_count; i++) {
        if (testbed->parties[i].kind != PARTY_TESTER &&
            text_equal(testbed->parties[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

int testbed_console(const struct testbed *testbed, const char *node, char *const *argv,
                    int *ret_status, struct error *err)
{
    size_t number = testbed_router_called(testbed, node);
    if (number != SIZE_MAX) {
        const struct machine *router = testbed->routers[number].router;
        return router == NULL ? fail(err, ESRCH, "router %s is not running", node)
                              : testbed->platform->ops->console(router, argv, ret_status, err);
    }
    const struct session session = {.net = testbed->netns[node_called(testbed->plan, node)],
                                    .first = -1,
                                    .node = node,
                                    .testbed = testbed_id(testbed),
                                    .argv = argv};
    return session_run(&session, ret_status, err);
}

// ---- ends of routers

int testbed_watch_router(const struct testbed *testbed, size_t router, unsigned *ret_life)
{
    const struct testbed_router *entry = &testbed->routers[router];
    *ret_life = entry->id;
    if (entry->router == NULL) {
        return -ENOENT;
    }
    int fd = testbed->platform->ops->watch(entry->router);
    return fd < 0 ? -ESRCH : fd;
}

void testbed_router_fate(const struct testbed *testbed, size_t router, struct router_fate *ret)
{
    const struct scenario_router *asked = &testbed->plan->scenario->routers[router];
    const struct testbed_router *entry = &testbed->routers[router];
    enum router_end end = platform_can(testbed->platform, CAN_SAY_END)
                              ? testbed->platform->ops->ended(entry->router)
                              : ROUTER_END_CRASH;
    enum on_crash action = end == ROUTER_END_POWEROFF ? asked->on_poweroff
                           : end == ROUTER_END_REBOOT ? asked->on_reboot
                                                      : asked->on_crash;
    *ret =
        (struct router_fate){.life = entry->id,
                             .state = end == ROUTER_END_CRASH ? ROUTER_CRASHED : ROUTER_DESTROYED,
                             .restart = action == ON_CRASH_RESTART};
}

int testbed_restart_router(struct testbed *testbed, size_t router, uint64_t noticed_ns,
                           struct error *err)
{
    uint64_t outage_ns = 0;
    testbed->routers[router].restarts++;
    return testbed_reboot_router(testbed, router, noticed_ns, &outage_ns, err);
}
