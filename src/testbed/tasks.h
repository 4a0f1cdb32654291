// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/tasks — internal to testbed/: its kernel threads, which end with its interfaces.
#ifndef VRBENCH_TESTBED_TASKS_H
#define VRBENCH_TESTBED_TASKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "testbed/parts.h"

struct task_list {
    pid_t *pids;
    size_t count;
};

void task_list_add(struct task_list *list, const pid_t *pids, size_t count);
void task_list_clear(struct task_list *list);
// Waits until all of them have ended, except those that a lent NIC keeps (napi.h). Returns false if
// some are left and none ended for `within_ns`.
bool task_list_await_progress(const struct task_list *list, uint64_t within_ns);
// The same with a generous limit. The interfaces that had a thread are gone then, too.
int task_list_await_gone(const struct task_list *list, struct error *err);
// Convert to and from the record. A task is stored with its start time, so that a later task with
// the same PID is not mistaken for it.
json_t *task_list_to_json(const struct task_list *list);
void task_list_from_json(const json_t *json, struct task_list *ret);

// Makes the interfaces of host and sink threaded and stores their threads.
int testbed_make_threads(struct testbed *testbed, struct error *err);
// Makes one more interface of the host threaded and adds its thread to the host's.
int testbed_thread_host_link(struct testbed *testbed, const char *name, int index,
                             struct error *err);
// Whether an interface that a router took stays with the host, under its name there
// (plan_host_name()) and with its index.
bool testbed_stays_with_host(const struct testbed *testbed, size_t interface);
// Binds tasks to CPUs.
int tasks_bind(const pid_t *tasks, size_t count, const struct cpu_list *cpus, struct error *err);
// Binds the host's threads to the CPUs of the device under test, without those that have ended: the
// kernel may end a thread some time after a killed process deleted its interface.
int testbed_bind_host_tasks(struct testbed *testbed, struct error *err);
void testbed_forget_dead_host_tasks(struct testbed *testbed);
// Removes the thread of an interface that is being deleted from the host's, and keeps its CPU time.
void testbed_forget_host_link(struct testbed *testbed, int index);
// Appends all threads of a testbed.
void testbed_gather_tasks(const struct testbed *testbed, struct task_list *list);

#endif
