// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/standing — see standing.h. Called by the commands up, down, list, create, destroy,
// reboot, console and cpu.
#include "testbed/standing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/link.h"
#include "linux/session.h"
#include "testbed/keeper.h"

#define MANAGEMENT_INDEX  190000 // on the host; the source's is the next
#define MANAGEMENT_PREFIX 30U

static const uint32_t management_address[2] = {0xa9fe0101U, 0xa9fe0102U}; // STANDING_*

// ---- listing

void standing_clear(struct standing *standing)
{
    for (size_t i = 0; i < standing->count; i++) {
        testbed_free(standing->items[i]);
    }
    free(standing->items);
    free(standing->passed_over);
    *standing = (struct standing){0};
}

// Negative for one that is not up yet, or gone meanwhile.
static int attach(const char *id, struct testbed **ret, struct error *err)
{
    struct record *record = NULL;
    int rc = record_open(id, &record, err);
    if (rc < 0) {
        return rc;
    }
    if (json_object_get(record->content, "routers") == NULL) {
        rc = fail(err, ENOENT, "testbed %s is not up yet", id);
    } else if (record_is_elsewhere(record)) {
        rc = fail(err, 0, "testbed %s was made in another mount namespace", id);
    } else {
        rc = testbed_attach(record, ret, err);
    }
    if (rc < 0) {
        record_forget(record);
    }
    return rc;
}

// Notes why a testbed is not among those that are listed, unless it isn't up (any more).
static void pass_over(struct standing *standing, const char *id, const struct error *why)
{
    struct record *record = NULL;
    bool up =
        record_open(id, &record, NULL) == 0 && json_object_get(record->content, "routers") != NULL;
    record_forget(record);
    if (up && standing->passed_over == NULL) {
        standing->passed_over = text_copy(why->text);
    }
}

int standing_list(struct standing *ret, struct error *err)
{
    char **ids = NULL;
    size_t count = 0;
    int rc = record_list(&ids, &count, err);
    struct standing standing = {.items = memory_new_array(struct testbed *, count + 1)};
    for (size_t i = 0; rc == 0 && i < count; i++) {
        _cleanup_error_ struct error why = ERROR_INIT;
        struct testbed *testbed = NULL;
        if (attach(ids[i], &testbed, &why) == 0) {
            standing.items[standing.count++] = testbed;
        } else {
            pass_over(&standing, ids[i], &why);
        }
    }
    record_free_ids(ids, count);
    if (rc < 0) {
        standing_clear(&standing);
        return rc;
    }
    *ret = standing;
    return 0;
}

// ---- finding

static bool is_called(const struct testbed *testbed, const char *name)
{
    return text_equal(testbed_id(testbed), name) || text_equal(testbed_name(testbed), name);
}

static size_t node_called(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        if (text_equal(plan->nodes[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static size_t router_called(const struct scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->router_count; i++) {
        if (text_equal(scenario->routers[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

// The id of the one testbed that has such a node.
static int find_id(const char *name, char **ret_id, const char **ret_node, struct error *err)
{
    const char *slash = strchr(name, '/');
    _cleanup_free_ char *of = slash == NULL ? NULL : text_format("%.*s", (int)(slash - name), name);
    const char *node = slash == NULL ? name : slash + 1;
    _cleanup_free_ char *names = text_copy("");
    struct standing standing = {0};
    size_t matches = 0;
    int rc = standing_list(&standing, err);
    for (size_t i = 0; rc == 0 && i < standing.count; i++) {
        const struct testbed *testbed = standing.items[i];
        if ((of != NULL && !is_called(testbed, of)) ||
            node_called(testbed_plan(testbed), node) == SIZE_MAX) {
            continue;
        }
        char *more = text_format("%s%s%s/%s", names, matches == 0 ? "" : ", ",
                                 of == NULL ? testbed_name(testbed) : testbed_id(testbed), node);
        free(names);
        names = more;
        if (matches++ == 0) {
            *ret_id = text_copy(testbed_id(testbed));
        }
    }
    if (rc == 0 && matches == 0 && standing.passed_over != NULL) {
        rc = fail(err, 0, "looking for \"%s\": %s", name, standing.passed_over);
    } else if (rc == 0 && matches == 0) {
        rc = standing.count == 0
                 ? fail_input(err, "no testbed stands: vrbench up SCENARIO builds one")
                 : fail_input(err,
                              "there is no router or node \"%s\": vrbench list shows those "
                              "there are",
                              name);
    } else if (rc == 0 && matches > 1) {
        rc = fail_input(err, "\"%s\" may be any of %s: say which", name, names);
    }
    standing_clear(&standing);
    if (rc < 0) {
        free(*ret_id);
        *ret_id = NULL;
    }
    *ret_node = node;
    return rc;
}

void standing_release(struct standing_node *node)
{
    testbed_free(node->testbed);
    if (node->lock >= 0) {
        close(node->lock);
    }
    *node = (struct standing_node){.lock = -1};
}

static int make_sure_of_keeper(struct standing_node *node, struct error *err)
{
    if (!testbed_is_kept(node->testbed)) {
        return fail_input(err,
                          "testbed %s (%s) is being measured by process %d: what happens on it is "
                          "the scenario's affair",
                          testbed_id(node->testbed), testbed_name(node->testbed),
                          (int)node->testbed->maker.pid);
    }
    if (testbed_is_watched(node->testbed)) {
        return 0;
    }
    _cleanup_free_ char *id = text_copy(testbed_id(node->testbed));
    int rc = keeper_revive(id, err);
    if (rc == 0) {
        testbed_free(steal_pointer(&node->testbed));
        rc = attach(id, &node->testbed, err);
    }
    return rc;
}

int standing_find(const char *name, bool change, struct standing_node *ret, struct error *err)
{
    _cleanup_free_ char *id = NULL;
    const char *called = NULL;
    struct standing_node node = {.lock = -1};
    int rc = find_id(name, &id, &called, err);
    if (rc == 0) {
        node.lock = change ? record_lock_change(id, err) : -1;
        rc = change && node.lock < 0 ? node.lock : attach(id, &node.testbed, err);
    }
    if (rc == 0 && change && node.testbed != NULL) {
        rc = make_sure_of_keeper(&node, err);
    }
    if (rc < 0 || node.testbed == NULL) {
        standing_release(&node);
        return rc;
    }
    node.node = node_called(testbed_plan(node.testbed), called);
    node.router = router_called(testbed_plan(node.testbed)->scenario, called);
    *ret = node;
    return 0;
}

int standing_console(const struct standing_node *node, char *const *argv, int *ret_status,
                     struct error *err)
{
    const struct testbed *testbed = node->testbed;
    if (node->router != SIZE_MAX) {
        const struct router *router = testbed->routers[node->router].router;
        return router == NULL ? fail(err, ESRCH, "router %s is not running",
                                     testbed->plan->scenario->routers[node->router].name)
                              : testbed->platform->ops->console(router, argv, ret_status, err);
    }
    const struct session session = {.net = testbed->netns[node->node],
                                    .first = -1,
                                    .node = testbed->plan->nodes[node->node].name,
                                    .testbed = testbed_id(testbed),
                                    .argv = argv};
    return session_run(&session, ret_status, err);
}

// ---- up

static size_t node_of_kind(const struct plan *plan, enum node_kind kind)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        if (plan->nodes[i].kind == kind) {
            return i;
        }
    }
    return SIZE_MAX;
}

// The link between the source and the host's agent. Routers get nothing here: each of their lives
// must be made by the same code.
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
        rc = link_add_address(ns[i], ends[i].index, management_address[i], MANAGEMENT_PREFIX, err);
        if (rc == 0) {
            rc = link_set_up(ns[i], ends[i].index, true, err);
        }
    }
    return rc;
}

struct building {
    const struct scenario *scenario;
    enum topology topology;
};

static int build(void *context, struct testbed **ret, struct error *err)
{
    const struct building *asked = context;
    struct cpu_list usable;
    struct plan *plan = NULL;
    struct testbed *testbed = NULL;
    int rc = cpu_list_usable(&usable, err);
    if (rc == 0) {
        rc = plan_make(asked->scenario, asked->topology, &usable, &plan, err);
    }
    if (rc == 0) {
        rc = testbed_up(plan, true, &testbed, err);
    }
    if (rc == 0) {
        rc = make_management_link(testbed, err);
    }
    if (rc == 0) {
        rc = keeper_detach(testbed, err);
    }
    if (rc < 0 && testbed != NULL) {
        (void)testbed_down(&testbed, 1, NULL, NULL);
    }
    *ret = testbed;
    return rc;
}

static int check_name_is_free(const char *name, struct error *err)
{
    struct standing standing = {0};
    int rc = standing_list(&standing, err);
    for (size_t i = 0; rc == 0 && i < standing.count; i++) {
        if (testbed_is_kept(standing.items[i]) &&
            text_equal(testbed_name(standing.items[i]), name)) {
            rc =
                fail(err, 0, "a testbed %s stands already: vrbench down %s removes it", name, name);
        }
    }
    standing_clear(&standing);
    return rc;
}

int standing_up(const struct scenario *scenario, enum topology topology, struct error *err)
{
    struct building asked = {scenario, topology};
    int rc = check_name_is_free(scenario->name, err);
    return rc == 0 ? keeper_start(build, &asked, err) : rc;
}

// ---- down

// The id of a kept testbed by its name or id, from its record alone; NULL if there is none.
static int find_kept(const char *name, char **ret_id, struct error *err)
{
    char **ids = NULL;
    size_t count = 0;
    char *id = NULL;
    int rc = record_list(&ids, &count, err);
    for (size_t i = 0; rc == 0 && i < count && id == NULL; i++) {
        struct record *record = NULL;
        if (record_open(ids[i], &record, NULL) < 0) {
            continue; // gone meanwhile
        }
        const char *scenario = json_string_value(json_object_get(record->content, "scenario"));
        if (json_is_true(json_object_get(record->content, "kept")) &&
            (text_equal(ids[i], name) || (scenario != NULL && text_equal(scenario, name)))) {
            id = text_copy(ids[i]);
        }
        record_forget(record);
    }
    record_free_ids(ids, count);
    *ret_id = id;
    return rc;
}

int standing_down(const char *name, struct error *err)
{
    _cleanup_free_ char *id = NULL;
    int rc = find_kept(name, &id, err);
    if (rc == 0 && id == NULL) {
        rc = fail_input(err, "no testbed \"%s\" was left standing", name);
    }
    if (rc == 0) {
        rc = testbed_remove_standing(id, err);
    }
    if (rc == -ENOENT && id != NULL) {
        error_clear(err); // a cleanup was faster
        rc = 0;
    }
    return rc;
}
