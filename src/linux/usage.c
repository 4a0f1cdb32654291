// SPDX-License-Identifier: GPL-3.0-or-later
// linux/usage — see usage.h.
#include "linux/usage.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/process.h"

static int process_compare(const void *one, const void *other)
{
    const struct usage_process *a = one;
    const struct usage_process *b = other;
    return (a->pid > b->pid) - (a->pid < b->pid);
}

int usage_take(struct usage_snapshot *ret, struct error *err)
{
    _cleanup_closedir_ DIR *directory = opendir("/proc");
    if (directory == NULL) {
        return fail(err, errno, "/proc");
    }
    struct usage_snapshot snapshot = {0};
    size_t room = 0;
    for (struct dirent *entry = NULL; (entry = readdir(directory)) != NULL;) {
        struct usage_process process = {.pid = (pid_t)strtol(entry->d_name, NULL, 10)};
        clockid_t clock;
        struct timespec used;
        if (process.pid <= 0 || clock_getcpuclockid(process.pid, &clock) != 0 ||
            clock_gettime(clock, &used) < 0) {
            continue;
        }
        process.ns = (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
        if (snapshot.count == room) {
            room = room == 0 ? 256 : 2 * room;
            snapshot.processes = memory_resize(snapshot.processes, room, sizeof process);
        }
        snapshot.processes[snapshot.count++] = process;
    }
    if (snapshot.count > 0) {
        qsort(snapshot.processes, snapshot.count, sizeof snapshot.processes[0], process_compare);
    }
    *ret = snapshot;
    return 0;
}

void usage_clear(struct usage_snapshot *snapshot)
{
    free(snapshot->processes);
    *snapshot = (struct usage_snapshot){0};
}

// Puts a culprit into its place among `count` others, the busiest first; drops the last of `room`.
static size_t culprit_insert(const struct usage_culprit *culprit, struct usage_culprit *ret,
                             size_t count, size_t room)
{
    size_t at = count;
    while (at > 0 && ret[at - 1].ns < culprit->ns) {
        at--;
    }
    if (at == room) {
        return count;
    }
    size_t moved = (count < room ? count : room - 1) - at;
    memmove(&ret[at + 1], &ret[at], moved * sizeof *ret);
    ret[at] = *culprit;
    return count < room ? count + 1 : room;
}

size_t usage_top(const struct usage_snapshot *before, const struct usage_snapshot *after,
                 struct usage_culprit *ret, size_t room)
{
    pid_t own = getpid();
    size_t count = 0;
    for (size_t i = 0; i < after->count; i++) {
        const struct usage_process *now = &after->processes[i];
        const struct usage_process *then =
            before->count == 0 ? NULL
                               : bsearch(now, before->processes, before->count,
                                         sizeof before->processes[0], process_compare);
        // A later process may have the same PID; it has used less.
        uint64_t base = then == NULL || then->ns > now->ns ? 0 : then->ns;
        const struct usage_culprit culprit = {.pid = now->pid, .ns = now->ns - base};
        if (now->pid != own && culprit.ns > 0) {
            count = culprit_insert(&culprit, ret, count, room);
        }
    }
    for (size_t i = 0; i < count; i++) {
        process_name(ret[i].pid, ret[i].name, sizeof ret[i].name);
    }
    return count;
}
