// SPDX-License-Identifier: GPL-3.0-or-later
// ration/deadline — see deadline.h. Called by ration/ration and by testbed/ for the admission
// setting.
#include "ration/deadline.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

// struct sched_attr of sched_setattr(2) as of Linux 3.14; newer C libraries declare it themselves.
struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period; // ns
};
#define POLICY_OTHER    0U
#define POLICY_DEADLINE 6U
#define RESET_ON_FORK   1U // SCHED_FLAG_RESET_ON_FORK: without it the task could not fork

static int set_attributes(pid_t task, struct attributes *attributes)
{
    attributes->size = sizeof *attributes;
    return syscall(SYS_sched_setattr, task, attributes, 0U) < 0 ? -errno : 0;
}

int deadline_set(pid_t task, uint64_t runtime_ns, uint64_t period_ns, struct error *err)
{
    struct attributes attributes = {.policy = POLICY_DEADLINE,
                                    .flags = RESET_ON_FORK,
                                    .runtime = runtime_ns,
                                    .deadline = period_ns,
                                    .period = period_ns};
    int rc = set_attributes(task, &attributes);
    if (rc == -EPERM) {
        fail_lacking(
            err,
            "SCHED_DEADLINE is refused to task %d: it requires root (CAP_SYS_NICE) and, for "
            "a task bound to a subset of CPUs, -1 in " ADMISSION_FILE,
            (int)task);
        return -EPERM;
    }
    return rc < 0 ? fail(err, -rc, "SCHED_DEADLINE for task %d", (int)task) : 0;
}

int deadline_get(pid_t task, uint64_t *ret_runtime_ns, uint64_t *ret_period_ns, struct error *err)
{
    struct attributes attributes = {0};
    if (syscall(SYS_sched_getattr, task, &attributes, sizeof attributes, 0U) < 0) {
        return fail(err, errno, "reading the scheduling of task %d", (int)task);
    }
    bool deadline = attributes.policy == POLICY_DEADLINE;
    *ret_runtime_ns = deadline ? attributes.runtime : 0;
    *ret_period_ns = deadline ? attributes.period : 0;
    return 0;
}

int deadline_clear(pid_t task, struct error *err)
{
    uint64_t runtime = 0;
    uint64_t period = 0;
    if (deadline_get(task, &runtime, &period, NULL) < 0 || period == 0) {
        return 0;
    }
    struct attributes attributes = {.policy = POLICY_OTHER};
    int rc = set_attributes(task, &attributes);
    return rc < 0 && rc != -ESRCH ? fail(err, -rc, "SCHED_OTHER for task %d", (int)task) : 0;
}

int admission_read(long *ret_us, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    int rc = file_read(ADMISSION_FILE, 64, &text, NULL, err);
    if (rc < 0) {
        return rc;
    }
    char *end = NULL;
    long us = strtol(text, &end, 10);
    if (end == text) {
        return fail(err, 0, ADMISSION_FILE ": unexpected content");
    }
    *ret_us = us;
    return 0;
}

int admission_write(long us, struct error *err)
{
    char number[24];
    snprintf(number, sizeof number, "%ld", us);
    int rc = file_write(ADMISSION_FILE, number, NULL);
    if (rc == -EBUSY) {
        return fail(err, EBUSY, "writing %ld to " ADMISSION_FILE, us);
    }
    if (rc < 0) {
        return fail_lacking(
            err,
            ADMISSION_FILE " is not writable, so SCHED_DEADLINE is not available for "
                           "tasks bound to a subset of CPUs: run as root of the whole machine, not "
                           "of a container, with /proc/sys mounted for writing");
    }
    return 0;
}
