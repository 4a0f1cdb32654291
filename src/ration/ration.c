// SPDX-License-Identifier: GPL-3.0-or-later
// ration/ration — see ration.h. Called by testbed/allocation and ration/cap_probe.
#include "ration/ration.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "ration/deadline.h"
#include "ration/share.h"

#define PERIOD_NS    ((uint64_t)(SHARE_PERIOD_S * (double)NS_PER_S))
#define WRITE_FROM   0.005 // of the cap: a smaller change is not written
#define QUIET_LONG_S 0.1   // idle time in seconds
#define STEP_LONGEST 0.25  // seconds; after a longer pause the readings are not used

struct ration_task {
    pid_t pid;
    int meter; // /proc/PID/schedstat, open; -1 = the task has ended
    int state; // /proc/PID/stat, open; -1 = the task has ended
    uint64_t used_ns;
    uint64_t written_ns; // runtime last written to the kernel
};

struct ration {
    const struct cgroup_tree *tree;
    char *path;
    struct ration_task *tasks;
    struct share *shares; // for each task
    size_t task_count;
    unsigned cpu_count;
    enum cap_way way;
    unsigned weight, largest, cap;
    bool divided;     // held by SCHED_DEADLINE
    double missed_s;  // CPU time to catch up on (share_catch_up)
    double total;     // total that is divided at present
    uint64_t step_ns; // time of the last step; 0 = none yet
};

static const char *const way_names[] = {
    [CAP_WAY_NONE] = "none", [CAP_WAY_QUOTA] = "quota", [CAP_WAY_DEADLINE] = "deadline"};

const char *cap_way_name(enum cap_way way)
{
    return way_names[way];
}

enum cap_way cap_way_by_name(const char *name)
{
    for (unsigned i = 0; i < sizeof way_names / sizeof way_names[0]; i++) {
        if (name != NULL && strcmp(name, way_names[i]) == 0) {
            return (enum cap_way)i;
        }
    }
    return CAP_WAY_NONE;
}

// The cap as a fraction of one CPU; 0 = no cap, or one that cannot have an effect.
static double bound_of(const struct ration *ration)
{
    size_t tasks = ration->task_count;
    unsigned widest = tasks < ration->cpu_count ? (unsigned)tasks : ration->cpu_count;
    return ration->cap >= 100 * widest ? 0.0 : (double)ration->cap / 100.0;
}

// ---- writing to the kernel

static uint64_t runtime_of(double share)
{
    uint64_t ns = (uint64_t)(share * (double)PERIOD_NS);
    ns = ns < DEADLINE_RUNTIME_MIN_NS ? DEADLINE_RUNTIME_MIN_NS : ns;
    return ns > PERIOD_NS ? PERIOD_NS : ns;
}

// Writes all shares to the kernel, decreasing ones first, so that their sum never exceeds the cap.
static int write_shares(struct ration *ration, struct error *err)
{
    for (int growing = 0; growing < 2; growing++) {
        for (size_t i = 0; i < ration->task_count; i++) {
            struct ration_task *task = &ration->tasks[i];
            uint64_t runtime = runtime_of(ration->shares[i].share);
            if (task->meter < 0 || runtime == task->written_ns ||
                (runtime > task->written_ns) != (growing == 1)) {
                continue;
            }
            int rc = deadline_set(task->pid, runtime, PERIOD_NS, err);
            if (rc < 0) {
                return rc;
            }
            task->written_ns = runtime;
        }
    }
    return 0;
}

// Only a ration that is divided reads its tasks: a testbed of many routers would open too many
// files.
static void close_meters(struct ration *ration)
{
    for (size_t i = 0; i < ration->task_count; i++) {
        cleanup_close(&ration->tasks[i].meter);
        cleanup_close(&ration->tasks[i].state);
        ration->tasks[i].meter = ration->tasks[i].state = -1;
    }
}

static int open_file(pid_t task, const char *name, int *ret, struct error *err)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)task, name);
    *ret = open(path, O_RDONLY | O_CLOEXEC);
    return *ret < 0 && errno != ENOENT ? fail(err, errno, "%s", path) : 0;
}

static int open_meters(struct ration *ration, struct error *err)
{
    int rc = 0;
    close_meters(ration);
    for (size_t i = 0; rc == 0 && i < ration->task_count; i++) {
        struct ration_task *task = &ration->tasks[i];
        rc = open_file(task->pid, "schedstat", &task->meter, err);
        rc = rc == 0 ? open_file(task->pid, "stat", &task->state, err) : rc;
    }
    return rc;
}

static int let_go(struct ration *ration, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < ration->task_count; i++) {
        int cleared = deadline_clear(ration->tasks[i].pid, rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : cleared;
        ration->tasks[i].written_ns = 0;
    }
    ration->divided = false;
    close_meters(ration);
    return rc;
}

// Reads shares that an earlier process set for all tasks.
static bool adopt_shares(struct ration *ration)
{
    for (size_t i = 0; i < ration->task_count; i++) {
        uint64_t runtime = 0;
        uint64_t period = 0;
        if (deadline_get(ration->tasks[i].pid, &runtime, &period, NULL) < 0 ||
            period != PERIOD_NS) {
            return false;
        }
        ration->tasks[i].written_ns = runtime;
        ration->shares[i] = (struct share){.share = (double)runtime / (double)PERIOD_NS};
    }
    return ration->task_count > 0;
}

static int hold_by_deadline(struct ration *ration, double bound, struct error *err)
{
    if (bound <= 0.0) {
        return let_go(ration, err);
    }
    if (ration->task_count > RATION_TASKS_MAX) {
        return fail_lacking(err, "a cap can be divided among at most %d threads, not %zu",
                            RATION_TASKS_MAX, ration->task_count);
    }
    int rc = ration->divided ? 0 : open_meters(ration, err);
    if (rc < 0) {
        return rc;
    }
    if (!ration->divided && adopt_shares(ration)) {
        share_scale(ration->shares, ration->task_count, bound);
        ration->step_ns = 0;
    } else if (!ration->divided) {
        (void)share_begin(ration->shares, ration->task_count, bound);
        ration->step_ns = 0;
    } else {
        share_scale(ration->shares, ration->task_count, bound);
    }
    rc = write_shares(ration, err);
    if (rc < 0) {
        (void)let_go(ration, NULL);
        return rc;
    }
    ration->divided = true;
    ration->total = bound;
    ration->missed_s = 0.0;
    return 0;
}

static int apply(struct ration *ration, struct error *err)
{
    double bound = bound_of(ration);
    int rc = cgroup_set_weight(ration->tree, ration->path, ration->weight, ration->largest, err);
    if (rc < 0) {
        return rc;
    }
    switch (ration->way) {
    case CAP_WAY_QUOTA:
        return cgroup_set_quota(ration->tree, ration->path, ration->cap, err);
    case CAP_WAY_DEADLINE:
        return hold_by_deadline(ration, bound, err);
    case CAP_WAY_NONE:
        break;
    }
    return ration->cap == 0
               ? 0
               : fail_lacking(err,
                              "a cap cannot be held on this machine: no mechanism works (vrbench "
                              "doctor lists those tried)");
}

// ---- making

static int take_tasks(struct ration *ration, const struct ration_spec *spec, bool move,
                      struct error *err)
{
    ration->tasks = memory_new_array(struct ration_task, spec->task_count);
    ration->shares = memory_new_array(struct share, spec->task_count);
    for (size_t i = 0; i < spec->task_count; i++) {
        int rc = move ? cgroup_add_task(ration->tree, ration->path, spec->tasks[i], err) : 0;
        if (rc < 0) {
            return rc;
        }
        struct ration_task *task = &ration->tasks[ration->task_count++];
        *task = (struct ration_task){.pid = spec->tasks[i], .meter = -1, .state = -1};
    }
    return 0;
}

static struct ration *ration_new(const struct ration_spec *spec)
{
    struct ration *ration = memory_new(1, sizeof *ration);
    ration->tree = spec->tree;
    ration->path = text_copy(spec->path);
    ration->cpu_count = spec->cpu_count;
    ration->way = spec->way;
    ration->weight = spec->weight;
    ration->largest = spec->largest;
    ration->cap = spec->cap;
    return ration;
}

int ration_watch(const struct ration_spec *spec, struct ration **ret, struct error *err)
{
    struct ration *ration = ration_new(spec);
    int rc = take_tasks(ration, spec, false, err);
    if (rc < 0) {
        ration_close(ration);
        error_context(err, "CPU allocation of %s", spec->path);
        return rc;
    }
    *ret = ration;
    return 0;
}

int ration_open(const struct ration_spec *spec, struct ration **ret, struct error *err)
{
    struct ration *ration = ration_new(spec);
    int rc = cgroup_make(spec->tree, spec->path, err);
    if (rc == 0) {
        rc = take_tasks(ration, spec, true, err);
    }
    if (rc == 0) {
        rc = apply(ration, err);
    }
    if (rc < 0) {
        ration_close(ration);
        error_context(err, "CPU allocation of %s", spec->path);
        return rc;
    }
    *ret = ration;
    return 0;
}

void ration_close(struct ration *ration)
{
    if (ration == NULL) {
        return;
    }
    close_meters(ration);
    free(ration->tasks);
    free(ration->shares);
    free(ration->path);
    free(ration);
}

void ration_release(struct ration *ration)
{
    if (ration != NULL && ration->divided) {
        (void)let_go(ration, NULL);
    }
    if (ration != NULL && ration->way == CAP_WAY_QUOTA && ration->cap > 0) {
        (void)cgroup_set_quota(ration->tree, ration->path, 0, NULL);
    }
    ration_close(ration);
}

int ration_set(struct ration *ration, enum cap_way way, unsigned weight, unsigned largest,
               unsigned cap, struct error *err)
{
    struct ration before = *ration;
    ration->way = ration->way == CAP_WAY_NONE ? way : ration->way;
    ration->weight = weight;
    ration->largest = largest;
    ration->cap = cap;
    int rc = apply(ration, err);
    if (rc < 0) {
        ration->weight = before.weight;
        ration->largest = before.largest;
        ration->cap = before.cap;
        (void)apply(ration, NULL);
    }
    return rc;
}

static int read_shares(const struct ration *ration, unsigned *ret_cap, struct error *err)
{
    uint64_t sum = 0;
    size_t held = 0;
    for (size_t i = 0; i < ration->task_count; i++) {
        uint64_t runtime = 0;
        uint64_t period = 0;
        int rc = deadline_get(ration->tasks[i].pid, &runtime, &period, err);
        if (rc < 0) {
            return rc;
        }
        held += period > 0;
        sum += period > 0 ? runtime * 100000 / period : 0; // thousandths of a percent
    }
    // The total may slightly exceed the cap, to catch up and because no share is 0.
    double most = 1000.0 * ration->cap * (1.0 + SHARE_CATCH_UP) +
                  100000.0 * SHARE_FLOOR * (double)ration->task_count;
    if (held != ration->task_count) {
        *ret_cap = 0;
    } else {
        *ret_cap = (double)sum <= most ? ration->cap : (unsigned)((sum + 999) / 1000);
    }
    return 0;
}

int ration_get(const struct ration *ration, unsigned *ret_weight, unsigned *ret_cap,
               struct error *err)
{
    unsigned weight = 0;
    unsigned cap = ration->cap;
    int rc = cgroup_get_weight(ration->tree, ration->path, ration->largest, ration->weight, &weight,
                               err);
    if (rc == 0 && ration->way == CAP_WAY_QUOTA) {
        rc = cgroup_get_quota(ration->tree, ration->path, &cap, err);
    } else if (rc == 0 && ration->way == CAP_WAY_DEADLINE &&
               (ration->cap == 0 || bound_of(ration) > 0.0)) {
        rc = read_shares(ration, &cap, err);
    }
    if (rc == 0) {
        *ret_weight = weight;
        *ret_cap = cap;
    }
    return rc;
}

bool ration_is_divided(const struct ration *ration)
{
    return ration != NULL && ration->divided;
}

// ---- dividing

// CPU time of a task since the last reading: first field of schedstat (sched-stats.rst).
static uint64_t read_task(struct ration_task *task)
{
    char text[96];
    ssize_t length = task->meter < 0 ? -1 : pread(task->meter, text, sizeof text - 1, 0);
    if (length <= 0) {
        if (task->meter >= 0) {
            close(task->meter);
            task->meter = -1;
        }
        return 0;
    }
    text[length] = '\0';
    uint64_t used = strtoull(text, NULL, 10);
    uint64_t since = used - task->used_ns;
    task->used_ns = used;
    return since;
}

// Whether a task has something to do: R in /proc/PID/stat (proc(5)), also while its time is used
// up.
static bool is_runnable(const struct ration_task *task)
{
    char text[64]; // PID, name of at most 15 bytes in parentheses, state
    ssize_t length = task->state < 0 ? -1 : pread(task->state, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && name_end[1] == ' ' && name_end[2] == 'R';
}

// Reads all tasks. Returns the time since the last reading in seconds, 0 if unknown.
static double read_tasks(struct ration *ration)
{
    uint64_t now = clock_monotonic_ns();
    double passed_s = (double)(now - ration->step_ns) / (double)NS_PER_S;
    bool known = ration->step_ns != 0 && passed_s < STEP_LONGEST;
    ration->step_ns = now;
    for (size_t i = 0; i < ration->task_count; i++) {
        uint64_t used = read_task(&ration->tasks[i]);
        struct share *share = &ration->shares[i];
        // A task that was idle for long needs no check of its state: using CPU time shows that it
        // runs again.
        bool ask = used == 0 && (share->waiting || share->quiet_s < QUIET_LONG_S);
        share->used_s = (double)used / (double)NS_PER_S;
        share->waiting = ask && is_runnable(&ration->tasks[i]);
    }
    return known ? passed_s : 0.0;
}

// Whether the values last written to the kernel differ too much from the shares.
static bool is_stale(const struct ration *ration, double bound)
{
    for (size_t i = 0; i < ration->task_count; i++) {
        double written = (double)ration->tasks[i].written_ns / (double)PERIOD_NS;
        if (fabs(written - ration->shares[i].share) > WRITE_FROM * bound) {
            return true;
        }
    }
    return false;
}

void ration_divide(struct ration *ration)
{
    if (!ration_is_divided(ration)) {
        return;
    }
    double passed_s = read_tasks(ration);
    double bound = bound_of(ration);
    if (passed_s > 0.0) {
        double used_s = 0.0;
        for (size_t i = 0; i < ration->task_count; i++) {
            used_s += ration->shares[i].used_s;
        }
        bool wanted = share_divide(ration->shares, ration->task_count, ration->total, passed_s);
        ration->total = share_catch_up(&ration->missed_s, wanted, bound, used_s, passed_s);
        if (is_stale(ration, bound)) {
            (void)write_shares(ration, NULL); // on failure the earlier values remain in effect
        }
    }
}
