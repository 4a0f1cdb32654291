// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/tasks — see tasks.h. Called by build.c, testbed.c and cleanup.c.
#include "testbed/tasks.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/napi.h"

#define GONE_WITHIN_NS (10U * NS_PER_S)
#define GONE_STEP_NS   NS_PER_MS

void task_list_add(struct task_list *list, const pid_t *pids, size_t count)
{
    if (count > 0) {
        list->pids = memory_resize(list->pids, list->count + count, sizeof(pid_t));
        memcpy(list->pids + list->count, pids, count * sizeof(pid_t));
        list->count += count;
    }
}

void task_list_clear(struct task_list *list)
{
    free(list->pids);
    *list = (struct task_list){0};
}

int task_list_await_gone(const struct task_list *list, struct error *err)
{
    uint64_t deadline = clock_monotonic_ns() + GONE_WITHIN_NS;
    for (size_t i = 0; i < list->count; i++) {
        while (kill(list->pids[i], 0) == 0) {
            if (clock_monotonic_ns() > deadline) {
                return fail(err, ETIMEDOUT, "the kernel has not yet removed all interfaces");
            }
            clock_sleep(GONE_STEP_NS);
        }
    }
    return 0;
}

// Start time of a task in clock ticks since boot: field 22 of /proc/PID/stat (proc(5)). 0 = gone.
static json_int_t start_time(pid_t pid)
{
    _cleanup_free_ char *path = text_format("/proc/%d/stat", (int)pid);
    _cleanup_free_ char *text = NULL;
    if (file_read(path, 4096, &text, NULL, NULL) < 0) {
        return 0;
    }
    const char *field = strrchr(text, ')'); // ends field 2
    for (int i = 2; field != NULL && i < 22; i++) {
        field = strchr(field + 1, ' ');
    }
    return field == NULL ? 0 : (json_int_t)strtoull(field, NULL, 10);
}

json_t *task_list_to_json(const struct task_list *list)
{
    json_t *json = json_array();
    for (size_t i = 0; i < list->count; i++) {
        json_array_append_new(json,
                              json_pack("[i, I]", (int)list->pids[i], start_time(list->pids[i])));
    }
    return json;
}

void task_list_from_json(const json_t *json, struct task_list *ret)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json, i, entry)
    {
        pid_t pid = (pid_t)json_integer_value(json_array_get(entry, 0));
        json_int_t started = json_integer_value(json_array_get(entry, 1));
        if (pid > 0 && started != 0 && start_time(pid) == started) {
            task_list_add(ret, &pid, 1);
        }
    }
}

static void append_tasks(pid_t **tasks, size_t *count, const struct napi_interface *interface)
{
    if (interface->thread_count == 0) {
        return;
    }
    *tasks = memory_resize(*tasks, *count + interface->thread_count, sizeof **tasks);
    memcpy(*tasks + *count, interface->threads, interface->thread_count * sizeof **tasks);
    *count += interface->thread_count;
}

// Makes the interfaces of a node threaded; a source only sends and needs none.
static int thread_node(struct testbed *testbed, size_t node, pid_t **tasks, size_t *count,
                       struct error *err)
{
    const struct plan *plan = testbed->plan;
    struct napi_interface *interfaces =
        memory_new_array(struct napi_interface, plan->interface_count);
    size_t used = 0;
    for (size_t i = 0; i < plan->interface_count; i++) {
        if (plan->interfaces[i].node == node) {
            interfaces[used].name = plan->interfaces[i].name;
            interfaces[used++].index = plan->interfaces[i].index;
        }
    }
    int rc = napi_make_threaded(testbed->netns[node], interfaces, used, NAPI_AUTO, err);
    for (size_t i = 0; i < used; i++) {
        if (rc == 0) {
            append_tasks(tasks, count, &interfaces[i]);
        }
        free(interfaces[i].threads);
    }
    free(interfaces);
    return rc;
}

int testbed_make_threads(struct testbed *testbed, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < testbed->plan->node_count; i++) {
        switch (testbed->plan->nodes[i].kind) {
        case NODE_HOST:
            rc = thread_node(testbed, i, &testbed->host_tasks, &testbed->host_task_count, err);
            break;
        case NODE_SINK:
            rc = thread_node(testbed, i, &testbed->tester_tasks, &testbed->tester_task_count, err);
            break;
        case NODE_SOURCE:
        case NODE_ROUTER:
            break;
        }
    }
    return rc;
}

void testbed_gather_tasks(const struct testbed *testbed, struct task_list *list)
{
    task_list_add(list, testbed->host_tasks, testbed->host_task_count);
    task_list_add(list, testbed->tester_tasks, testbed->tester_task_count);
    for (size_t i = 0; i < testbed->plan->scenario->router_count; i++) {
        if (testbed->routers[i].router != NULL) {
            const pid_t *pids = NULL;
            size_t count = 0;
            testbed->platform->tasks(testbed->routers[i].router, &pids, &count);
            task_list_add(list, pids, count);
        }
    }
}
