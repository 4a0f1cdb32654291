// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/tasks — see tasks.h. Called by build.c, life.c and cleanup.c.
#include "testbed/tasks.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"
#include "linux/cpu.h"
#include "linux/napi.h"
#include "linux/process.h"

// At least one more must end within this time. It took more than 30 s once, when 1,024 bridged
// routers were removed on a machine that took other testbeds' namespaces apart at the same time.
#define GONE_WITHIN_NS (120U * NS_PER_S)
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

static bool task_is_gone(pid_t pid)
{
    return process_is_dead(pid) || napi_thread_lasts(pid);
}

static size_t count_living(const struct task_list *list)
{
    size_t living = 0;
    for (size_t i = 0; i < list->count; i++) {
        living += !task_is_gone(list->pids[i]);
    }
    return living;
}

bool task_list_await_progress(const struct task_list *list, uint64_t within_ns)
{
    size_t living = list->count;
    uint64_t deadline = clock_monotonic_ns() + within_ns;
    for (size_t i = 0; i < list->count; i++) {
        while (!task_is_gone(list->pids[i])) {
            if (clock_monotonic_ns() > deadline) {
                // The kernel removes namespaces in any order.
                size_t left = count_living(list);
                if (left >= living) {
                    return false;
                }
                living = left;
                deadline = clock_monotonic_ns() + within_ns;
            }
            clock_sleep(GONE_STEP_NS);
        }
    }
    return true;
}

int task_list_await_gone(const struct task_list *list, struct error *err)
{
    return task_list_await_progress(list, GONE_WITHIN_NS)
               ? 0
               : fail(err, ETIMEDOUT,
                      "the kernel has not yet removed all interfaces (%zu threads are "
                      "left, none went for %u s)",
                      count_living(list), (unsigned)(GONE_WITHIN_NS / NS_PER_S));
}

json_t *task_list_to_json(const struct task_list *list)
{
    json_t *json = json_array();
    for (size_t i = 0; i < list->count; i++) {
        json_array_append_new(json, json_pack("[i, I]", (int)list->pids[i],
                                              (json_int_t)process_start_time(list->pids[i])));
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
        uint64_t started = (uint64_t)json_integer_value(json_array_get(entry, 1));
        if (pid > 0 && started != 0 && process_start_time(pid) == started) {
            task_list_add(ret, &pid, 1);
        }
    }
}

static void add_host_tasks(struct testbed *testbed, const struct napi_interface *interface)
{
    size_t count = testbed->host_task_count + interface->thread_count;
    if (interface->thread_count == 0) {
        return;
    }
    testbed->host_tasks = memory_resize(testbed->host_tasks, count, sizeof(pid_t));
    testbed->host_task_links = memory_resize(testbed->host_task_links, count, sizeof(int));
    for (size_t i = 0; i < interface->thread_count; i++) {
        testbed->host_tasks[testbed->host_task_count] = interface->threads[i];
        testbed->host_task_links[testbed->host_task_count++] = interface->index;
    }
}

static void add_tester_tasks(struct testbed *testbed, const struct napi_interface *interface)
{
    struct task_list list = {testbed->tester_tasks, testbed->tester_task_count};
    task_list_add(&list, interface->threads, interface->thread_count);
    testbed->tester_tasks = list.pids;
    testbed->tester_task_count = list.count;
}

bool testbed_stays_with_host(const struct testbed *testbed, size_t number)
{
    const struct plan *plan = testbed->plan;
    bool taken = platform_can(testbed->platform, CAN_SHARE_NIC) &&
                 plan->interfaces[number].pci[0] == '\0' &&
                 plan->nodes[plan->interfaces[number].node].kind == NODE_ROUTER;
    for (size_t i = 0; taken && i < plan->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[i];
        taken = (wire->a != number && wire->b != number) || !plan_is_platforms(plan, wire);
    }
    return taken;
}

// The interfaces of a node that are made threaded.
struct node_threads {
    const struct netns *ns;
    bool host;
    struct napi_interface *interfaces;
    char (*names)[16];
    size_t count;
    int rc;
    struct error err;
};

static void gather_interfaces(const struct testbed *testbed, size_t node, struct node_threads *ret)
{
    const struct plan *plan = testbed->plan;
    struct napi_interface *interfaces =
        memory_new_array(struct napi_interface, plan->interface_count);
    char(*names)[16] = memory_new(plan->interface_count, sizeof *names);
    bool host = plan->nodes[node].kind == NODE_HOST;
    size_t used = 0;
    for (size_t i = 0; i < plan->interface_count; i++) {
        enum port_kind port = plan_port(plan, i);
        bool own = plan->interfaces[i].node == node && (port == PORT_NONE || port == PORT_VETH);
        bool stays = host && testbed_stays_with_host(testbed, i);
        if (own) {
            snprintf(names[used], sizeof *names, "%s", plan->interfaces[i].name);
        } else if (stays) {
            plan_host_name(i, names[used]);
        }
        if (own || stays) {
            interfaces[used].name = names[used];
            interfaces[used].index = plan->interfaces[i].index;
            interfaces[used].lasting = plan->interfaces[i].nic != NULL;
            used++;
        }
    }
    *ret = (struct node_threads){.ns = testbed->netns[node],
                                 .host = host,
                                 .interfaces = interfaces,
                                 .names = names,
                                 .count = used};
}

static void make_node_threaded(void *context, size_t i)
{
    struct node_threads *node = &((struct node_threads *)context)[i];
    node->rc = napi_make_threaded(node->ns, node->interfaces, node->count, NAPI_AUTO, &node->err);
}

// Adds the threads of a node to those of its party. Frees the rest.
static int take_node_threads(struct testbed *testbed, struct node_threads *node, struct error *err)
{
    for (size_t i = 0; i < node->count; i++) {
        if (node->rc == 0 && node->host) {
            add_host_tasks(testbed, &node->interfaces[i]);
        } else if (node->rc == 0) {
            add_tester_tasks(testbed, &node->interfaces[i]);
        }
        free(node->interfaces[i].threads);
    }
    free(node->interfaces);
    free(node->names);
    error_move(err, &node->err);
    return node->rc;
}

// All nodes at the same time: most of the time is spent waiting for the kernel's new threads.
int testbed_make_threads(struct testbed *testbed, struct error *err)
{
    // A source that only sends needs no threads.
    bool both = testbed->plan->path_count > testbed->plan->scenario->network_count;
    struct node_threads *nodes = memory_new_array(struct node_threads, testbed->plan->node_count);
    size_t count = 0;
    int rc = 0;
    for (size_t i = 0; i < testbed->plan->node_count; i++) {
        enum node_kind kind = testbed->plan->nodes[i].kind;
        if (kind == NODE_HOST || kind == NODE_SINK || kind == NODE_CABLES ||
            (kind == NODE_SOURCE && both)) {
            gather_interfaces(testbed, i, &nodes[count++]);
        }
    }
    thread_each(count, count, make_node_threaded, nodes);
    for (size_t i = 0; i < count; i++) {
        int taken = take_node_threads(testbed, &nodes[i], rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : taken;
    }
    free(nodes);
    return rc;
}

int testbed_thread_host_link(struct testbed *testbed, const char *name, int index,
                             struct error *err)
{
    struct napi_interface interface = {.name = name, .index = index};
    int rc = napi_make_threaded(testbed_host_netns(testbed), &interface, 1, NAPI_AUTO, err);
    if (rc == 0) {
        add_host_tasks(testbed, &interface);
    }
    free(interface.threads);
    return rc;
}

int tasks_bind(const pid_t *tasks, size_t count, const struct cpu_list *cpus, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = cpu_bind(tasks[i], cpus, err);
    }
    return rc;
}

void testbed_forget_dead_host_tasks(struct testbed *testbed)
{
    size_t kept = 0;
    for (size_t i = 0; i < testbed->host_task_count; i++) {
        if (!process_is_dead(testbed->host_tasks[i])) {
            testbed->host_tasks[kept] = testbed->host_tasks[i];
            testbed->host_task_links[kept++] = testbed->host_task_links[i];
        }
    }
    testbed->host_task_count = kept;
}

int testbed_bind_host_tasks(struct testbed *testbed, struct error *err)
{
    const struct cpu_list *cpus = &testbed->plan->dut_cpus;
    size_t before;
    int rc;
    do {
        testbed_forget_dead_host_tasks(testbed);
        before = testbed->host_task_count;
        error_clear(err);
        rc = tasks_bind(testbed->host_tasks, before, cpus, err);
        if (rc == -ESRCH) {
            testbed_forget_dead_host_tasks(testbed);
        }
    } while (rc == -ESRCH && testbed->host_task_count < before);
    return rc;
}

void testbed_forget_host_link(struct testbed *testbed, int index)
{
    size_t kept = 0;
    for (size_t i = 0; i < testbed->host_task_count; i++) {
        if (testbed->host_task_links[i] != index) {
            testbed->host_tasks[kept] = testbed->host_tasks[i];
            testbed->host_task_links[kept++] = testbed->host_task_links[i];
            continue;
        }
        uint64_t ns = 0;
        if (cpu_task_time(testbed->host_tasks[i], &ns, NULL) == 0) {
            testbed->host_gone_ns += ns;
        }
    }
    testbed->host_task_count = kept;
}

void testbed_gather_tasks(const struct testbed *testbed, struct task_list *list)
{
    task_list_add(list, testbed->host_tasks, testbed->host_task_count);
    task_list_add(list, testbed->tester_tasks, testbed->tester_task_count);
    for (size_t i = 0; i < testbed->plan->scenario->router_count; i++) {
        const struct machine *router = testbed->routers[i].router;
        if (router != NULL) {
            task_list_add(list, router->tasks, router->task_count);
        }
    }
}
