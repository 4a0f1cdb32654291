// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/converge — see converge.h. Called by build.c, and by routers.c for each recreated router.
#include "testbed/converge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/first_child.h"
#include "machine/daemon.h"
#include "testbed/allocation.h"
#include "testbed/tasks.h"

#define LOOK_NS     (2U * NS_PER_MS)  // resolution of the measured convergence time
#define LOOK_IN_NS  (20U * NS_PER_MS) // the same if checking takes the router's CPU time
// The tester's OSPF parameters, in its configuration and in messages.
#define SPEECH      "type ptp; hello 1; dead 4;"
#define SPEECH_TEXT "area 0, point-to-point, hello 1 s, dead 4 s, no authentication"

#define SUBNET_TEXT (IP_TEXT_SIZE + 4)

static void subnet_text(struct ip_interface ip, char ret[SUBNET_TEXT])
{
    char text[IP_TEXT_SIZE];
    struct ip_address subnet = ip_subnet(&ip.address, ip.prefix);
    snprintf(ret, SUBNET_TEXT, "%s/%u", ip_text(&subnet, text), ip.prefix);
}

static const struct scenario_router *router_of(const struct testbed *testbed, size_t network)
{
    const struct scenario *scenario = testbed->plan->scenario;
    return &scenario->routers[scenario->networks[network].router];
}

static bool is_routed(const struct testbed *testbed)
{
    return testbed->plan->topology != TOPOLOGY_DIRECT &&
           scenario_is_routed(testbed->plan->scenario);
}

// ---- the tester's speakers

// Writes an instance of OSPF for each network with a separate table, so that routes of one network
// are not announced in another.
static void write_instance(const struct testbed *testbed, const struct plan_path *path, bool sink,
                           FILE *out)
{
    const struct plan *plan = testbed->plan;
    const struct scenario_network *network = &plan->scenario->networks[path->network];
    size_t end = sink ? plan_receiver(plan, path) : plan_sender(plan, path);
    struct ip_interface behind = sink ? network->behind_sink : network->behind_source;
    char host[IP_TEXT_SIZE];
    char subnet[SUBNET_TEXT];
    char link[SUBNET_TEXT];
    ip_text(&behind.address, host);
    subnet_text(behind, subnet);
    subnet_text(plan->interfaces[end].ip, link); // the interface has the host's address as well
    fprintf(out,
            "ipv4 table table%zu;\n"
            "protocol ospf v2 network%zu {\n"
            "  router id %s;\n"
            "  ipv4 { table table%zu; import all; export none; };\n"
            "  area 0 { stubnet %s; interface \"%s\" %s { " SPEECH " }; };\n"
            "}\n",
            path->network, path->network, host, path->network, subnet, plan->interfaces[end].name,
            link);
}

static char *write_config(const struct testbed *testbed, bool sink)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        abort();
    }
    fprintf(out, "log stderr all;\nrouter id 0.0.0.1;\nprotocol device { }\n");
    for (size_t i = 0; i < testbed->plan->scenario->network_count; i++) {
        const struct plan_path *path = &testbed->plan->paths[i];
        if (router_of(testbed, path->network)->daemon != DAEMON_NONE) {
            write_instance(testbed, path, sink, out);
        }
    }
    fclose(out);
    return text;
}

// The CPU time of all processes of the speaker is the tester's.
static void adopt_tasks(struct testbed *testbed, pid_t first)
{
    struct first_child *children = NULL;
    size_t count = first_children(first, &children);
    first_add_threads(first, &testbed->tester_tasks, &testbed->tester_task_count);
    for (size_t i = 0; i < count; i++) {
        first_add_threads(children[i].pid, &testbed->tester_tasks, &testbed->tester_task_count);
    }
    free(children);
}

static int start_speaker(struct testbed *testbed, size_t node, struct error *err)
{
    const struct plan_node *at = &testbed->plan->nodes[node];
    _cleanup_free_ char *config = write_config(testbed, at->kind == NODE_SINK);
    struct daemon_services *services = NULL;
    pid_t first = 0;
    int control = -1;
    int rc =
        daemon_prepare(DAEMON_BIRD, config, testbed->record->directory, at->name, &services, err);
    if (rc == 0) {
        rc = first_start(testbed->netns[node], at->name, testbed->outlive,
                         daemon_services_of(services), &first, &control, err);
    }
    if (rc == 0) {
        rc = daemon_start(services, first, control, err);
    }
    if (rc == 0) {
        adopt_tasks(testbed, first);
    } else {
        error_context(err, "the tester's OSPF speaker at the %s", at->name);
    }
    if (control >= 0) {
        close(control);
    }
    daemon_services_free(services);
    return rc;
}

int testbed_start_speakers(struct testbed *testbed, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && is_routed(testbed) && i < testbed->plan->node_count; i++) {
        enum node_kind kind = testbed->plan->nodes[i].kind;
        if (kind == NODE_SOURCE || kind == NODE_SINK) {
            rc = start_speaker(testbed, i, err);
        }
    }
    return rc;
}

// ---- the routers

// A router that has not converged yet.
struct candidate {
    size_t router;
    uint64_t started_ns;
};

// Checks that a router's forwarding table has the right route on one side of a network. If not,
// ret_missing gets the problem, which the caller frees.
static int check_side(const struct testbed *testbed, const struct plan_path *path, bool sink,
                      char **ret_missing, struct error *err)
{
    const struct plan *plan = testbed->plan;
    const struct scenario_network *network = &plan->scenario->networks[path->network];
    struct ip_interface behind = sink ? network->behind_sink : network->behind_source;
    size_t ingress = 0;
    size_t egress = 0;
    plan_router_ends(plan, path, &ingress, &egress);
    const char *wanted = plan->interfaces[sink ? egress : ingress].name;
    char found[16] = "";
    int rc = testbed->platform->ops->leads_to(testbed->routers[network->router].router,
                                              &behind.address, found, err);
    if (rc < 0 || strcmp(found, wanted) == 0) {
        return rc < 0 ? rc : 1;
    }
    char subnet[SUBNET_TEXT];
    subnet_text(behind, subnet);
    *ret_missing =
        *found == '\0'
            ? text_format("the route to %s, behind the %s of %s", subnet, sink ? "sink" : "source",
                          network->name)
            : text_format("the route to %s, behind the %s of %s, by %s (it has one by %s)", subnet,
                          sink ? "sink" : "source", network->name, wanted, found);
    return 0;
}

// Returns 1 if a router has all required routes, else 0 and the first missing one.
static int check_router(const struct testbed *testbed, size_t router, char **ret_missing,
                        struct error *err)
{
    const struct plan *plan = testbed->plan;
    int rc = 1;
    for (size_t i = 0; rc == 1 && i < plan->scenario->network_count; i++) {
        if (plan->scenario->networks[plan->paths[i].network].router != router) {
            continue;
        }
        rc = check_side(testbed, &plan->paths[i], true, ret_missing, err);
        if (rc == 1) {
            rc = check_side(testbed, &plan->paths[i], false, ret_missing, err);
        }
    }
    return rc;
}

static int give_up(const struct testbed *testbed, size_t router, const char *missing,
                   struct error *err)
{
    const struct scenario_router *asked = &testbed->plan->scenario->routers[router];
    char words[160] = "nothing";
    if (platform_can(testbed->platform, CAN_ROUTE)) {
        testbed->platform->ops->daemon_words(testbed->routers[router].router, words);
    }
    return fail(
        err, 0,
        "router %s: %s has not learned %s, within %g s; the tester speaks OSPF in " SPEECH_TEXT
        "; the last message of %s: %s",
        asked->name, routing_daemon_name(asked->daemon), missing,
        (double)asked->converge_within_ns / (double)NS_PER_S, routing_daemon_name(asked->daemon),
        words);
}

static int explain_death(const struct testbed *testbed, size_t router, struct error *err)
{
    char words[160] = "nothing";
    testbed->platform->ops->daemon_words(testbed->routers[router].router, words);
    const struct scenario_router *asked = &testbed->plan->scenario->routers[router];
    return fail(err, 0, "router %s died while %s was to learn its routes; its last message: %s",
                asked->name, routing_daemon_name(asked->daemon), words);
}

// Returns 1 if the router has converged, 0 if it must be checked again.
static int look_at(struct testbed *testbed, const struct candidate *candidate, struct error *err)
{
    struct testbed_router *entry = &testbed->routers[candidate->router];
    const struct scenario_router *asked = &testbed->plan->scenario->routers[candidate->router];
    _cleanup_free_ char *missing = NULL;
    int rc = check_router(testbed, candidate->router, &missing, err);
    uint64_t waited = clock_monotonic_ns() - candidate->started_ns;
    if (rc == -ESRCH && platform_can(testbed->platform, CAN_ROUTE)) {
        return explain_death(testbed, candidate->router, err);
    }
    if (rc == 1) {
        entry->convergence_ns = waited;
        log_note("routing", "%s: %s learned its routes in %.3f s", asked->name,
                 routing_daemon_name(asked->daemon), (double)waited / (double)NS_PER_S);
    } else if (rc == 0 && waited > asked->converge_within_ns) {
        rc = give_up(testbed, candidate->router, missing, err);
    }
    return rc;
}

static int await_all(struct testbed *testbed, struct candidate *candidates, size_t count,
                     struct error *err)
{
    int rc = 0;
    while (rc >= 0 && count > 0) {
        for (size_t i = 0; rc >= 0 && i < count;) {
            rc = look_at(testbed, &candidates[i], err);
            if (rc == 1) {
                candidates[i] = candidates[--count];
            } else {
                i++;
            }
        }
        if (rc >= 0 && count > 0) {
            bool inside = platform_can(testbed->platform, CAN_HOLD_DAEMON);
            rc = stop_sleep(inside ? LOOK_IN_NS : LOOK_NS, err);
        }
    }
    return rc < 0 ? rc : 0;
}

static int start(struct testbed *testbed, size_t router, struct candidate *ret, struct error *err)
{
    const struct machine_ops *ops = testbed->platform->ops;
    struct testbed_router *entry = &testbed->routers[router];
    if (!platform_can(testbed->platform, CAN_ROUTE)) {
        return fail(err, ENOTSUP, "platform %s can't say what routes a router has",
                    ops->traits.name);
    }
    *ret = (struct candidate){.router = router, .started_ns = clock_monotonic_ns()};
    entry->convergence_ns = 0;
    return ops->start_daemon(entry->router, err);
}

// Adds the tasks of the daemon's programs, which are all running now.
static int take_stock(struct testbed *testbed, size_t router, struct error *err)
{
    const struct machine_ops *ops = testbed->platform->ops;
    struct testbed_router *entry = &testbed->routers[router];
    if (!platform_can(testbed->platform, CAN_HOLD_DAEMON)) {
        entry->memory_bytes += ops->daemon_memory(entry->router);
    }
    return testbed_place_router(testbed, router, err);
}

int testbed_converge(struct testbed *testbed, ssize_t router, struct error *err)
{
    const struct scenario *scenario = testbed->plan->scenario;
    struct candidate *candidates = memory_new_array(struct candidate, scenario->router_count);
    size_t count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && is_routed(testbed) && i < scenario->router_count; i++) {
        if (scenario->routers[i].daemon != DAEMON_NONE && (router < 0 || (size_t)router == i)) {
            rc = start(testbed, i, &candidates[count++], err);
        }
    }
    if (rc == 0) {
        rc = await_all(testbed, candidates, count, err);
    }
    for (size_t i = 0; rc == 0 && is_routed(testbed) && i < scenario->router_count; i++) {
        if (scenario->routers[i].daemon != DAEMON_NONE && (router < 0 || (size_t)router == i)) {
            rc = take_stock(testbed, i, err);
        }
    }
    free(candidates);
    return rc;
}

// ---- before anything is built

// If the programs are inside the routers, this machine may have none to check with: the router then
// checks by running them.
static int check_daemon(const struct scenario *scenario, size_t router,
                        const struct platform *platform, struct error *err)
{
    _cleanup_free_ char *path = scenario_config_path(scenario, router);
    enum routing_daemon daemon = scenario->routers[router].daemon;
    if (!platform_can(platform, CAN_ROUTE)) {
        return fail_lacking(err, "router %s: platform %s has no routing daemons in this version",
                            scenario->routers[router].name, scenario->platform);
    }
    int rc = daemon_check(DAEMON_BIRD, NULL, err); // the tester's
    bool inside = platform_can(platform, CAN_HOLD_DAEMON);
    bool checkable = !inside || daemon_check(daemon, NULL, NULL) == 0;
    if (rc == 0 && checkable) {
        rc = daemon_check(daemon, path, err);
    }
    return rc == 0 ? daemon_check_programs(daemon, path, inside, err) : rc;
}

int testbed_check_daemons(const struct scenario *scenario, struct error *err)
{
    struct platform *platform = NULL;
    int rc = scenario_is_routed(scenario) ? platform_open(scenario->platform, &platform, err) : 0;
    for (size_t i = 0; rc == 0 && platform != NULL && i < scenario->router_count; i++) {
        if (scenario->routers[i].daemon != DAEMON_NONE) {
            rc = check_daemon(scenario, i, platform, err);
        }
    }
    platform_close(platform);
    return rc;
}
