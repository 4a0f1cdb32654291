// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/weights — see weights.h. Called by build.c at the end of building, and by testbed.c and
// cleanup.c while taking down.
#include "testbed/weights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define GROUP_ROOT "vrbench"

static int bind_all(const pid_t *tasks, size_t count, const struct cpu_list *cpus,
                    struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = cpu_bind(tasks[i], cpus, err);
    }
    return rc;
}

static int weigh(const struct testbed *testbed, const char *name, const pid_t *tasks, size_t count,
                 unsigned weight, unsigned largest, struct error *err)
{
    _cleanup_free_ char *path = text_format(GROUP_ROOT "/%s/%s", testbed->record->id, name);
    int rc = cgroup_make(testbed->cgroups, path, err);
    if (rc == 0) {
        rc = cgroup_set_weight(testbed->cgroups, path, weight, largest, err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = cgroup_add_task(testbed->cgroups, path, tasks[i], err);
    }
    return rc;
}

// Opens the hierarchy and writes to the record which groups will be made there.
static int prepare_groups(struct testbed *testbed, struct error *err)
{
    const struct scenario *scenario = testbed->plan->scenario;
    _cleanup_free_ char *mount_point = text_format("%s/cgroup", testbed->record->directory);
    if (mkdir(mount_point, 0700) < 0) {
        return fail(err, errno, "making %s", mount_point);
    }
    int rc = cgroup_tree_open(mount_point, &testbed->cgroups, err);
    if (rc < 0) {
        return rc;
    }
    json_t *names = json_array();
    json_array_append_new(names, json_string("host"));
    for (size_t i = 0; i < scenario->router_count; i++) {
        _cleanup_free_ char *group = text_format("router-%s", scenario->routers[i].name);
        json_array_append_new(names, json_string(group));
    }
    json_object_set_new(testbed->record->content, "cgroups",
                        json_pack("{s:i, s:s, s:b, s:o}", "version", testbed->cgroups->version,
                                  "root", testbed->cgroups->root, "handed_on",
                                  cgroup_hands_on_cpu(testbed->cgroups), "names", names));
    return record_write(testbed->record, err);
}

static unsigned largest_weight(const struct scenario *scenario)
{
    unsigned largest = scenario->host.allocation.weight;
    for (size_t i = 0; i < scenario->router_count; i++) {
        unsigned weight = scenario->routers[i].allocation.weight;
        largest = weight > largest ? weight : largest;
    }
    return largest;
}

static int place_router(struct testbed *testbed, size_t router, unsigned largest, struct error *err)
{
    const struct scenario_router *asked = &testbed->plan->scenario->routers[router];
    const pid_t *tasks = NULL;
    size_t count = 0;
    testbed->platform->tasks(testbed->routers[router].router, &tasks, &count);
    _cleanup_free_ char *group = text_format("router-%s", asked->name);
    int rc = bind_all(tasks, count, &testbed->plan->dut_cpus, err);
    return rc == 0 ? weigh(testbed, group, tasks, count, asked->allocation.weight, largest, err)
                   : rc;
}

static int place_host(struct testbed *testbed, unsigned largest, struct error *err)
{
    int rc = bind_all(testbed->host_tasks, testbed->host_task_count, &testbed->plan->dut_cpus, err);
    return rc == 0 ? weigh(testbed, "host", testbed->host_tasks, testbed->host_task_count,
                           testbed->plan->scenario->host.allocation.weight, largest, err)
                   : rc;
}

int testbed_place_router(struct testbed *testbed, size_t router, struct error *err)
{
    unsigned largest = largest_weight(testbed->plan->scenario);
    int rc = place_router(testbed, router, largest, err);
    return rc == 0 ? place_host(testbed, largest, err) : rc; // its pairs' host ends are new
}

int testbed_place(struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    const struct scenario *scenario = plan->scenario;
    int rc = bind_all(testbed->tester_tasks, testbed->tester_task_count, &plan->tester_cpus, err);
    if (rc < 0 || plan->topology == TOPOLOGY_DIRECT) {
        return rc;
    }
    unsigned largest = largest_weight(scenario);
    rc = prepare_groups(testbed, err);
    if (rc == 0) {
        rc = place_host(testbed, largest, err);
    }
    for (size_t i = 0; rc == 0 && i < scenario->router_count; i++) {
        rc = place_router(testbed, i, largest, err);
    }
    return rc;
}

int testbed_recall_groups(struct testbed *testbed, struct error *err)
{
    const json_t *groups = json_object_get(testbed->record->content, "cgroups");
    const char *root = json_string_value(json_object_get(groups, "root"));
    if (root == NULL) {
        return 0; // direct
    }
    int version = (int)json_integer_value(json_object_get(groups, "version"));
    if (access(root, F_OK) < 0) {
        return fail(err, errno, "control groups at %s", root);
    }
    testbed->cgroups = memory_new(1, sizeof *testbed->cgroups);
    *testbed->cgroups = (struct cgroup_tree){.version = version, .root = text_copy(root)};
    return 0;
}

int testbed_remove_groups(const struct record *record, struct error *err)
{
    const json_t *groups = json_object_get(record->content, "cgroups");
    const char *root = json_string_value(json_object_get(groups, "root"));
    if (root == NULL) {
        return 0;
    }
    const struct cgroup_tree tree = {
        .version = (int)json_integer_value(json_object_get(groups, "version")),
        .root = (char *)root,
    };
    int rc = 0;
    size_t i = 0;
    json_t *name = NULL;
    json_array_foreach(json_object_get(groups, "names"), i, name)
    {
        _cleanup_free_ char *path =
            text_format(GROUP_ROOT "/%s/%s", record->id, json_string_value(name));
        int removed = cgroup_remove(&tree, path, err);
        rc = rc < 0 ? rc : removed;
    }
    _cleanup_free_ char *own = text_format(GROUP_ROOT "/%s", record->id);
    cgroup_remove_if_empty(&tree, own);
    cgroup_remove_if_empty(&tree, GROUP_ROOT);
    if (json_is_false(json_object_get(groups, "handed_on"))) {
        cgroup_hand_on_no_cpu(&tree);
    }
    return rc;
}
