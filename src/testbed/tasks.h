// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/tasks — inside of the testbed room: its kernel threads, which end when its interfaces do.
#ifndef VRBENCH_TESTBED_TASKS_H
#define VRBENCH_TESTBED_TASKS_H

#include <jansson.h>
#include <sys/types.h>

#include "base/error.h"
#include "testbed/parts.h"

struct task_list {
    pid_t *pids;
    size_t count;
};

void task_list_add(struct task_list *list, const pid_t *pids, size_t count);
void task_list_clear(struct task_list *list);
// Waits until none of them is there any more, but for those that a lent NIC keeps (napi.h): then
// neither are the interfaces that were made.
int task_list_await_gone(const struct task_list *list, struct error *err);
// To and from the record. A task is remembered with its start time, so that a later task with the
// same number is not taken for it.
json_t *task_list_to_json(const struct task_list *list);
void task_list_from_json(const json_t *json, struct task_list *ret);

// Makes the interfaces of host and sink threaded and remembers their threads.
int testbed_make_threads(struct testbed *testbed, struct error *err);
// Makes one more interface of the host threaded and adds its thread to the host's.
int testbed_thread_host_link(struct testbed *testbed, const char *name, int index,
                             struct error *err);
// Whether an interface of a router is one that it took and that stays with the host all the same,
// under its name there (plan_host_name()) and by its index.
bool testbed_stays_with_host(const struct testbed *testbed, size_t interface);
// The thread of an interface of the host is going: it is none of the host's any more, the time it
// has used is.
void testbed_forget_host_link(struct testbed *testbed, int index);
// Adds all threads of a testbed.
void testbed_gather_tasks(const struct testbed *testbed, struct task_list *list);

#endif
