// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/admission — see admission.h. Called by allocation.c and cleanup.c.
#include "testbed/admission.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/text.h"
#include "ration/deadline.h"

#define KERNEL_DEFAULT_US 950000
#define SETTLE_NS         (100U * NS_PER_MS) // a few periods of ration/share
#define KEEPER_NS         (1500U * NS_PER_MS)
#define RECORD_TEXT_MAX   (16U << 20)

static int open_lock(struct error *err)
{
    int fd = open(ADMISSION_FILE, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? fail(err, errno, ADMISSION_FILE) : fd;
}

static int lock_shared(int fd, struct error *err)
{
    int rc = stop_lock(fd, LOCK_SH, err);
    if (rc < 0 && rc != -EINTR) {
        error_context(err, ADMISSION_FILE);
    }
    return rc;
}

// Finds the old setting in another record, of a living or a dead run.
static bool find_earlier(const struct record *own, long *ret_us)
{
    _cleanup_closedir_ DIR *root = opendir(RECORD_ROOT);
    for (struct dirent *entry = root == NULL ? NULL : readdir(root); entry != NULL;
         entry = readdir(root)) {
        size_t length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".json") != 0 ||
            (strncmp(entry->d_name, own->id, length - 5) == 0 && strlen(own->id) == length - 5)) {
            continue;
        }
        _cleanup_free_ char *path = text_format(RECORD_ROOT "/%s", entry->d_name);
        _cleanup_free_ char *text = NULL;
        if (file_read(path, RECORD_TEXT_MAX, &text, NULL, NULL) < 0) {
            continue;
        }
        json_t *content = json_loads(text, 0, NULL);
        const json_t *was = json_object_get(json_object_get(content, "admission"), "was");
        bool found = json_is_integer(was);
        if (found) {
            *ret_us = (long)json_integer_value(was);
        }
        json_decref(content);
        if (found) {
            return true;
        }
    }
    return false;
}

int admission_hold(struct record *record, struct error *err)
{
    _cleanup_close_ int lock = open_lock(err);
    if (lock < 0) {
        return lock;
    }
    // If alone, hold the lock exclusively: nobody can restore the setting meanwhile.
    bool alone = flock(lock, LOCK_EX | LOCK_NB) == 0;
    int rc = alone ? 0 : lock_shared(lock, err);
    long was = 0;
    if (rc == 0) {
        rc = admission_read(&was, err);
    }
    if (rc == 0 && was == ADMISSION_OFF && !find_earlier(record, &was) && !alone) {
        was = KERNEL_DEFAULT_US; // disabled by a process whose record is not visible from here
    }
    const json_t *noted = json_object_get(json_object_get(record->content, "admission"), "was");
    if (json_is_integer(noted)) {
        was = (long)json_integer_value(noted); // by an earlier process
    }
    if (rc == 0) {
        json_object_set_new(record->content, "admission",
                            json_pack("{s:I}", "was", (json_int_t)was));
        rc = record_write(record, err);
    }
    if (rc == 0) {
        rc = admission_write(ADMISSION_OFF, err);
    }
    if (rc == 0 && alone) {
        rc = lock_shared(lock, err);
    }
    if (rc < 0) {
        (void)admission_let_go(record, steal_fd(&lock), NULL);
        return rc;
    }
    return steal_fd(&lock);
}

// The kernel books the time of a task that leaves SCHED_DEADLINE off a little later, or not at all
// if the task sleeps. Each write makes it recompute (Linux 6.17): so wait, make it recompute,
// restore.
static int restore(long was, struct error *err)
{
    clock_sleep(SETTLE_NS);
    (void)admission_write(ADMISSION_OFF, NULL);
    return admission_write(was, err);
}

int admission_let_go(struct record *record, int lock, struct error *err)
{
    _cleanup_close_ int held = lock;
    const json_t *was = json_object_get(json_object_get(record->content, "admission"), "was");
    if (!json_is_integer(was)) {
        return 0;
    }
    if (held < 0) {
        held = open_lock(err);
    }
    if (held < 0) {
        return held;
    }
    // A lock not held here may be held by the testbed's former owner, which is about to end.
    uint64_t deadline = clock_monotonic_ns() + (lock < 0 ? KEEPER_NS : 0);
    bool alone = flock(held, LOCK_EX | LOCK_NB) == 0;
    while (!alone && clock_monotonic_ns() < deadline) {
        clock_sleep(SETTLE_NS);
        alone = flock(held, LOCK_EX | LOCK_NB) == 0;
    }
    int rc = 0;
    long now = 0;
    if (alone) {
        rc = admission_read(&now, err);
        if (rc == 0 && now == ADMISSION_OFF && json_integer_value(was) != ADMISSION_OFF) {
            rc = restore((long)json_integer_value(was), err);
        }
    }
    if (rc == 0 && alone) {
        json_object_del(record->content, "admission");
        rc = record_write(record, err);
    }
    return rc;
}
