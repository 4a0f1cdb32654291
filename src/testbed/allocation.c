// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/allocation — see allocation.h and testbed.h. Called by build.c at the end of building, by
// life.c and cleanup.c while taking down, and by functions that set an allocation of a standing
// testbed.
#include "testbed/allocation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ration/cap_known.h"
#include "ration/deadline.h"
#include "ration/divider.h"
#include "ration/ration.h"
#include "testbed/admission.h"
#include "testbed/platform_allocation.h"
#include "testbed/tasks.h"

#define GROUP_ROOT "vrbench"
#define HOST_NAME  "host"

// Rationed parties: the host, then the routers in the scenario's order, as the first of
// testbed_parties().
struct allocator {
    size_t count;
    struct ration **rations;
    struct allocation *allocations;
    enum cap_way way;        // determined when the first cap is requested
    struct divider *divider; // NULL = not running
    int admission;           // lock of the admission setting; -1 = not held
};

static const char *party_name(const struct testbed *testbed, size_t party)
{
    return party == 0 ? HOST_NAME : testbed->plan->scenario->routers[party - 1].name;
}

// A router may have any name, so groups of routers have a prefix.
static char *group_of(const struct testbed *testbed, size_t party)
{
    return party == 0 ? text_copy(HOST_NAME) : text_format("router-%s", party_name(testbed, party));
}

static void party_tasks(const struct testbed *testbed, size_t party, const pid_t **ret,
                        size_t *ret_count)
{
    if (party == 0) {
        *ret = testbed->host_tasks;
        *ret_count = testbed->host_task_count;
    } else if (testbed->routers[party - 1].router != NULL) {
        *ret = testbed->routers[party - 1].router->tasks;
        *ret_count = testbed->routers[party - 1].router->task_count;
    }
}

static unsigned largest_weight(const struct allocator *allocator)
{
    unsigned largest = 0;
    for (size_t i = 0; i < allocator->count; i++) {
        unsigned weight = allocator->allocations[i].weight;
        largest = weight > largest ? weight : largest;
    }
    return largest;
}

// Whether any party of the testbed has a cap.
static bool any_cap(const struct testbed *testbed)
{
    const struct allocator *allocator = testbed->allocator;
    for (size_t i = 0; i < allocator->count; i++) {
        if (allocator->allocations[i].cap > 0 && !platform_allocates(testbed, i)) {
            return true;
        }
    }
    return false;
}

// ---- the record

static int write_allocation(const struct testbed *testbed, struct error *err)
{
    const struct allocator *allocator = testbed->allocator;
    json_t *parties = json_object();
    for (size_t i = 0; i < allocator->count; i++) {
        json_object_set_new(parties, party_name(testbed, i),
                            json_pack("{s:i, s:i}", "weight", (int)allocator->allocations[i].weight,
                                      "cap", (int)allocator->allocations[i].cap));
    }
    json_object_set_new(
        testbed->record->content, "allocation",
        json_pack("{s:s, s:o}", "way", cap_way_name(allocator->way), "parties", parties));
    return record_write(testbed->record, err);
}

// Reads the allocations from the record, or from the scenario if the record has none.
static void read_allocation(const struct testbed *testbed, struct allocator *allocator)
{
    const struct scenario *scenario = testbed->plan->scenario;
    const json_t *recorded = json_object_get(testbed->record->content, "allocation");
    allocator->way = cap_way_by_name(json_string_value(json_object_get(recorded, "way")));
    for (size_t i = 0; i < allocator->count; i++) {
        const json_t *party =
            json_object_get(json_object_get(recorded, "parties"), party_name(testbed, i));
        allocator->allocations[i] =
            i == 0 ? scenario->host.allocation : scenario->routers[i - 1].allocation;
        if (party != NULL) {
            allocator->allocations[i] = (struct allocation){
                .weight = (unsigned)json_integer_value(json_object_get(party, "weight")),
                .cap = (unsigned)json_integer_value(json_object_get(party, "cap"))};
        }
    }
}

// Opens the hierarchy and writes the paths of the future groups to the record.
static int prepare_groups(struct testbed *testbed, struct error *err)
{
    _cleanup_free_ char *mount_point = text_format("%s/cgroup", testbed->record->directory);
    if (mkdir(mount_point, 0700) < 0 && errno != EEXIST) {
        return fail(err, errno, "making %s", mount_point);
    }
    int rc = cgroup_tree_open(mount_point, &testbed->cgroups, err);
    if (rc < 0 || json_object_get(testbed->record->content, "cgroups") != NULL) {
        return rc;
    }
    json_t *names = json_array();
    for (size_t i = 0; i < testbed->allocator->count; i++) {
        if (platform_allocates(testbed, i)) {
            continue;
        }
        _cleanup_free_ char *group = group_of(testbed, i);
        json_array_append_new(names, json_string(group));
    }
    json_object_set_new(testbed->record->content, "cgroups",
                        json_pack("{s:i, s:s, s:b, s:o}", "version", testbed->cgroups->version,
                                  "root", testbed->cgroups->root, "handed_on",
                                  cgroup_hands_on_cpu(testbed->cgroups), "names", names));
    return record_write(testbed->record, err);
}

// ---- what caps need

// Determines how caps are held here, when the first one is requested.
static int find_way(struct testbed *testbed, struct error *err)
{
    struct allocator *allocator = testbed->allocator;
    struct cap_probe probe;
    if (allocator->way != CAP_WAY_NONE) {
        return 0;
    }
    int rc = cap_known_find(testbed->cgroups, &probe, err);
    if (rc < 0) {
        return rc;
    }
    allocator->way = probe.way;
    if (probe.way == CAP_WAY_NONE) {
        rc = fail_lacking(
            err,
            "nothing holds a cap here: CFS bandwidth %s, SCHED_DEADLINE %s; this needs "
            "CONFIG_CFS_BANDWIDTH and Linux before 6.18, or root of the whole machine for "
            "SCHED_DEADLINE",
            probe.quota.why != NULL ? probe.quota.why : "does not hold threads of the kernel",
            probe.deadline.why != NULL ? probe.deadline.why : "did not bite");
    }
    cap_probe_clear(&probe);
    return rc;
}

static int hold_admission(struct testbed *testbed, struct error *err)
{
    struct allocator *allocator = testbed->allocator;
    if (allocator->admission >= 0 || allocator->way != CAP_WAY_DEADLINE) {
        return 0;
    }
    int lock = admission_hold(testbed->record, err);
    if (lock < 0) {
        error_context(err, "holding a cap");
        return lock;
    }
    allocator->admission = lock;
    return 0;
}

static int let_admission_go(struct testbed *testbed, struct error *err)
{
    int lock = testbed->allocator->admission;
    testbed->allocator->admission = -1;
    return admission_let_go(testbed->record, lock, err);
}

const char *testbed_cap_way(const struct testbed *testbed)
{
    const struct allocator *allocator = testbed->allocator;
    for (size_t i = 0; allocator != NULL && i < allocator->count; i++) {
        if (allocator->allocations[i].cap > 0 && platform_allocates(testbed, i)) {
            return testbed->platform->ops->allocated_by(testbed->platform);
        }
    }
    return allocator == NULL ? NULL : cap_way_name(allocator->way);
}

static bool needs_dividing(const struct allocator *allocator)
{
    for (size_t i = 0; i < allocator->count; i++) {
        if (allocator->rations[i] != NULL && ration_is_divided(allocator->rations[i])) {
            return true;
        }
    }
    return false;
}

void testbed_stop_dividing(struct testbed *testbed)
{
    if (testbed->allocator != NULL) {
        divider_stop(testbed->allocator->divider);
        testbed->allocator->divider = NULL;
    }
}

// ---- placing

// The ration of a party: requested, or believed to be set. The caller frees the path.
static struct ration_spec spec_of(const struct testbed *testbed, size_t party, char **ret_path)
{
    const struct allocator *allocator = testbed->allocator;
    _cleanup_free_ char *group = group_of(testbed, party);
    *ret_path = text_format(GROUP_ROOT "/%s/%s", testbed->record->id, group);
    struct ration_spec spec = {.tree = testbed->cgroups,
                               .path = *ret_path,
                               .cpu_count = (unsigned)testbed->plan->dut_cpus.count,
                               .way = allocator->way,
                               .weight = allocator->allocations[party].weight,
                               .largest = largest_weight(allocator),
                               .cap = allocator->allocations[party].cap};
    party_tasks(testbed, party, &spec.tasks, &spec.task_count);
    return spec;
}

static int ration_by_platform(struct testbed *testbed, size_t party, struct error *err)
{
    int rc = platform_allocate(testbed, party, &testbed->allocator->allocations[party], err);
    if (rc < 0) {
        error_context(err, "CPU allocation of %s", party_name(testbed, party));
    }
    return rc;
}

static int ration_party(struct testbed *testbed, size_t party, struct error *err)
{
    struct allocator *allocator = testbed->allocator;
    _cleanup_free_ char *path = NULL;
    int rc = party == 0 ? testbed_bind_host_tasks(testbed, err) : 0;
    struct ration_spec spec = spec_of(testbed, party, &path);
    struct ration *ration = NULL;
    if (rc == 0 && party != 0) {
        rc = tasks_bind(spec.tasks, spec.task_count, &testbed->plan->dut_cpus, err);
    }
    if (platform_allocates(testbed, party)) {
        return rc < 0 ? rc : ration_by_platform(testbed, party, err);
    }
    if (rc == 0) {
        rc = ration_open(&spec, &ration, err);
    }
    if (rc == 0) {
        ration_close(allocator->rations[party]);
        allocator->rations[party] = ration;
    }
    return rc;
}

static void make_allocator(struct testbed *testbed)
{
    struct allocator *allocator = memory_new(1, sizeof *allocator);
    testbed->allocator = allocator;
    allocator->admission = -1;
    allocator->count = 1 + testbed->plan->scenario->router_count;
    allocator->rations = memory_new_array(struct ration *, allocator->count);
    allocator->allocations = memory_new_array(struct allocation, allocator->count);
    read_allocation(testbed, allocator);
}

// Takes over the rations of a testbed that another process made.
static int open_rations(struct testbed *testbed, struct error *err)
{
    int rc = any_cap(testbed) ? hold_admission(testbed, err) : 0;
    for (size_t i = 0; rc == 0 && i < testbed->allocator->count; i++) {
        if (testbed->allocator->rations[i] == NULL && !platform_allocates(testbed, i)) {
            rc = ration_party(testbed, i, err);
        }
    }
    return rc;
}

int testbed_start_dividing(struct testbed *testbed, struct error *err)
{
    struct allocator *allocator = testbed->allocator;
    if (allocator == NULL || allocator->divider != NULL) {
        return 0;
    }
    if (!any_cap(testbed)) {
        // Another process removed the last cap; this process's divider may have set it again.
        int cleared = allocator->way == CAP_WAY_DEADLINE ? open_rations(testbed, err) : 0;
        int restored = let_admission_go(testbed, cleared < 0 ? NULL : err);
        return cleared < 0 ? cleared : restored;
    }
    int rc = open_rations(testbed, err);
    if (rc < 0 || !needs_dividing(allocator)) {
        return rc;
    }
    return divider_start(allocator->rations, allocator->count, &testbed->plan->tester_cpus,
                         &allocator->divider, err);
}

int testbed_place(struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    int rc = tasks_bind(testbed->tester_tasks, testbed->tester_task_count, &plan->tester_cpus, err);
    if (rc < 0 || plan->topology == TOPOLOGY_DIRECT) {
        return rc;
    }
    make_allocator(testbed);
    struct allocator *allocator = testbed->allocator;
    rc = prepare_groups(testbed, err);
    if (rc == 0 && any_cap(testbed)) {
        rc = find_way(testbed, err);
    }
    if (rc == 0 && any_cap(testbed)) {
        rc = hold_admission(testbed, err);
    }
    for (size_t i = 0; rc == 0 && i < allocator->count; i++) {
        rc = ration_party(testbed, i, err);
    }
    if (rc == 0) {
        rc = write_allocation(testbed, err);
    }
    return rc == 0 ? testbed_start_dividing(testbed, err) : rc;
}

int testbed_place_router(struct testbed *testbed, size_t router, struct error *err)
{
    divider_lock(testbed->allocator->divider);
    int rc = ration_party(testbed, 1 + router, err);
    if (rc == 0) {
        rc = ration_party(testbed, 0, err); // the host's ends of its pairs are new
    }
    divider_unlock(testbed->allocator->divider);
    // A cap that was set while the router was not there has not started the divider.
    return rc == 0 && any_cap(testbed) ? testbed_start_dividing(testbed, err) : rc;
}

int testbed_displace_router(struct testbed *testbed, size_t router, struct error *err)
{
    struct allocator *allocator = testbed->allocator;
    if (allocator == NULL) {
        return 0;
    }
    divider_lock(allocator->divider);
    ration_close(allocator->rations[1 + router]);
    allocator->rations[1 + router] = NULL;
    // The host's ration is left to the process that holds it, if that is another one.
    int rc = allocator->rations[0] == NULL ? 0 : ration_party(testbed, 0, err);
    divider_unlock(allocator->divider);
    return rc;
}

int testbed_recall_groups(struct testbed *testbed, struct error *err)
{
    const json_t *groups = json_object_get(testbed->record->content, "cgroups");
    const char *root = json_string_value(json_object_get(groups, "root"));
    if (root == NULL) {
        return 0; // in direct
    }
    int version = (int)json_integer_value(json_object_get(groups, "version"));
    if (access(root, F_OK) < 0) {
        return fail(err, errno, "control groups at %s", root);
    }
    testbed->cgroups = memory_new(1, sizeof *testbed->cgroups);
    *testbed->cgroups = (struct cgroup_tree){.version = version, .root = text_copy(root)};
    make_allocator(testbed);
    return 0;
}

void testbed_forget_allocation(struct testbed *testbed)
{
    struct allocator *allocator = testbed->allocator;
    if (allocator == NULL) {
        return;
    }
    testbed_stop_dividing(testbed);
    for (size_t i = 0; i < allocator->count; i++) {
        ration_close(allocator->rations[i]);
    }
    if (allocator->admission >= 0) {
        close(allocator->admission);
    }
    free(allocator->rations);
    free(allocator->allocations);
    free(allocator);
    testbed->allocator = NULL;
}

int testbed_unplace(struct testbed *testbed, struct error *err)
{
    struct allocator *allocator = testbed->allocator;
    if (allocator == NULL) {
        return 0;
    }
    testbed_stop_dividing(testbed);
    for (size_t i = 0; i < allocator->count; i++) {
        const pid_t *tasks = NULL;
        size_t count = 0;
        party_tasks(testbed, i, &tasks, &count);
        for (size_t k = 0; k < count && allocator->rations[i] == NULL; k++) {
            (void)deadline_clear(tasks[k], NULL); // another process divided it
        }
        if (allocator->rations[i] != NULL) {
            ration_release(steal_pointer(&allocator->rations[i]));
        }
    }
    int restored = platform_restore_host(testbed->platform, testbed->record, err);
    int rc = let_admission_go(testbed, restored < 0 ? NULL : err);
    testbed_forget_allocation(testbed);
    return restored < 0 ? restored : rc;
}

// ---- set and read while it stands

static int check_party(const struct testbed *testbed, size_t party, struct error *err)
{
    return testbed->allocator == NULL || party >= testbed->allocator->count
               ? fail_input(err,
                            "the tester has no CPU allocation, nor has anybody in the topology "
                            "direct")
               : 0;
}

static int check_allocation(const struct testbed *testbed, const struct allocation *allocation,
                            struct error *err)
{
    unsigned most = 100 * (unsigned)testbed->plan->dut_cpus.count;
    if (allocation->weight < 1 || allocation->weight > SCENARIO_WEIGHT_MAX) {
        return fail_input(err, "weight: expected 1 to %d, not %u", SCENARIO_WEIGHT_MAX,
                          allocation->weight);
    }
    if (allocation->cap > most) {
        return fail_input(err,
                          "cap: expected 0 (none) to %u, 100 percent for each CPU that host and "
                          "routers may use, not %u",
                          most, allocation->cap);
    }
    return 0;
}

// Sets every ration to the allocations after one party's has changed: in version 2 the largest
// weight affects all of them.
static int set_rations(struct testbed *testbed, size_t changed, struct error *err)
{
    struct allocator *allocator = testbed->allocator;
    unsigned largest = largest_weight(allocator);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < allocator->count; i++) {
        const struct allocation *own = &allocator->allocations[i];
        if (platform_allocates(testbed, i)) {
            continue;
        }
        rc = ration_set(allocator->rations[i], allocator->way, own->weight, largest, own->cap, err);
        if (rc < 0) {
            error_context(err, "CPU allocation of %s", party_name(testbed, i));
        }
    }
    return rc == 0 && platform_allocates(testbed, changed)
               ? ration_by_platform(testbed, changed, err)
               : rc;
}

int testbed_set_allocation(struct testbed *testbed, size_t party,
                           const struct allocation *allocation, struct error *err)
{
    int rc = check_party(testbed, party, err);
    if (rc == 0) {
        rc = check_allocation(testbed, allocation, err);
    }
    struct allocator *allocator = testbed->allocator;
    if (rc == 0 && allocation->cap > 0 && !platform_allocates(testbed, party)) {
        rc = find_way(testbed, err);
        if (rc == 0) {
            rc = hold_admission(testbed, err);
        }
    }
    if (rc == 0) {
        rc = open_rations(testbed, err);
    }
    if (rc < 0) {
        return rc;
    }
    divider_lock(allocator->divider);
    struct allocation before = allocator->allocations[party];
    allocator->allocations[party] = *allocation;
    rc = set_rations(testbed, party, err);
    if (rc < 0) {
        allocator->allocations[party] = before;
        (void)set_rations(testbed, party, NULL);
    }
    divider_unlock(allocator->divider);
    if (rc == 0) {
        rc = write_allocation(testbed, err);
    }
    if (rc == 0) {
        rc = testbed_start_dividing(testbed, err);
    }
    if (!any_cap(testbed)) {
        testbed_stop_dividing(testbed);
        int restored = let_admission_go(testbed, rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : restored;
    }
    return rc;
}

void testbed_last_allocation(const struct testbed *testbed, size_t party, struct allocation *ret)
{
    if (testbed->allocator != NULL && party < testbed->allocator->count) {
        *ret = testbed->allocator->allocations[party];
    }
}

int testbed_get_allocation(const struct testbed *testbed, size_t party, struct allocation *ret,
                           struct error *err)
{
    int rc = check_party(testbed, party, err);
    if (rc < 0) {
        return rc;
    }
    if (platform_allocates(testbed, party)) {
        *ret = testbed->allocator->allocations[party];
        return platform_allocation(testbed, party, ret, err);
    }
    if (testbed->allocator->rations[party] == NULL) { // another process holds it
        _cleanup_free_ char *path = NULL;
        struct ration *watched = NULL;
        struct ration_spec spec = spec_of(testbed, party, &path);
        rc = ration_watch(&spec, &watched, err);
        if (rc == 0) {
            rc = ration_get(watched, &ret->weight, &ret->cap, err);
            ration_close(watched);
        }
        return rc;
    }
    divider_lock(testbed->allocator->divider);
    rc = ration_get(testbed->allocator->rations[party], &ret->weight, &ret->cap, err);
    divider_unlock(testbed->allocator->divider);
    return rc;
}

// ---- from the record alone

int testbed_remove_groups(struct record *record, const pid_t *tasks, size_t count,
                          struct error *err)
{
    if (json_object_get(record->content, "admission") != NULL) {
        for (size_t i = 0; i < count; i++) {
            (void)deadline_clear(tasks[i], NULL);
        }
    }
    int rc = admission_let_go(record, -1, err);
    const json_t *groups = json_object_get(record->content, "cgroups");
    const char *root = json_string_value(json_object_get(groups, "root"));
    if (root == NULL) {
        return rc;
    }
    const struct cgroup_tree tree = {
        .version = (int)json_integer_value(json_object_get(groups, "version")),
        .root = (char *)root,
    };
    size_t i = 0;
    json_t *name = NULL;
    json_array_foreach(json_object_get(groups, "names"), i, name)
    {
        _cleanup_free_ char *path =
            text_format(GROUP_ROOT "/%s/%s", record->id, json_string_value(name));
        int removed = cgroup_remove(&tree, path, rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : removed;
    }
    _cleanup_free_ char *own = text_format(GROUP_ROOT "/%s", record->id);
    cgroup_remove_if_empty(&tree, own);
    cap_probe_clean_up(&tree);
    cgroup_remove_if_empty(&tree, GROUP_ROOT);
    if (json_is_false(json_object_get(groups, "handed_on"))) {
        cgroup_hand_on_no_cpu(&tree);
    }
    return rc;
}
