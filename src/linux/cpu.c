// SPDX-License-Identifier: GPL-3.0-or-later
// linux/cpu — see cpu.h. Called by testbed/ (placing) and measure/ (metering).
#include "linux/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

int cpu_list_usable(struct cpu_list *ret, struct error *err)
{
    cpu_set_t *set = CPU_ALLOC(CPU_MAX);
    size_t size = CPU_ALLOC_SIZE(CPU_MAX);
    if (set == NULL) {
        return fail(err, ENOMEM, "CPU set");
    }
    if (sched_getaffinity(0, size, set) < 0) {
        int saved = errno;
        CPU_FREE(set);
        return fail(err, saved, "reading the CPUs of this process");
    }
    ret->count = 0;
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        if (CPU_ISSET_S(cpu, size, set)) {
            ret->cpus[ret->count++] = cpu;
        }
    }
    CPU_FREE(set);
    return 0;
}

bool cpu_list_has(const struct cpu_list *cpus, unsigned cpu)
{
    for (size_t i = 0; i < cpus->count; i++) {
        if (cpus->cpus[i] == cpu) {
            return true;
        }
    }
    return false;
}

int cpu_bind(pid_t task, const struct cpu_list *cpus, struct error *err)
{
    cpu_set_t *set = CPU_ALLOC(CPU_MAX);
    size_t size = CPU_ALLOC_SIZE(CPU_MAX);
    if (set == NULL) {
        return fail(err, ENOMEM, "CPU set");
    }
    CPU_ZERO_S(size, set);
    for (size_t i = 0; i < cpus->count; i++) {
        CPU_SET_S(cpus->cpus[i], size, set);
    }
    int rc = sched_setaffinity(task, size, set) < 0 ? -errno : 0;
    CPU_FREE(set);
    if (rc < 0) {
        char text[64];
        cpu_list_text(cpus, text, sizeof text);
        return fail(err, -rc, "binding task %d to CPU %s", (int)task, text);
    }
    return 0;
}

int cpu_hold_awake(struct error *err)
{
    static const char path[] = "/dev/cpu_dma_latency";
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, errno, "%s", path);
    }
    const int32_t microseconds = 0;
    if (write(fd, &microseconds, sizeof microseconds) != (ssize_t)sizeof microseconds) {
        return fail(err, errno, "%s", path);
    }
    return steal_fd(&fd);
}

static char *session_group(pid_t process)
{
    return process == 0 ? text_copy("/proc/self/autogroup")
                        : text_format("/proc/%d/autogroup", (int)process);
}

int cpu_session_nice(pid_t process)
{
    _cleanup_free_ char *path = session_group(process);
    _cleanup_free_ char *text = NULL;
    if (file_read(path, 256, &text, NULL, NULL) < 0) {
        return 0;
    }
    const char *nice = strstr(text, " nice "); // "/autogroup-25 nice 0"
    return nice == NULL ? 0 : (int)strtol(nice + strlen(" nice "), NULL, 10);
}

void cpu_set_session_nice(pid_t process, int nice)
{
    _cleanup_free_ char *path = session_group(process);
    char text[16];
    snprintf(text, sizeof text, "%d", nice);
    (void)file_write(path, text, NULL);
}

void cpu_list_text(const struct cpu_list *cpus, char *ret, size_t room)
{
    size_t used = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < cpus->count && used + 1 < room;) {
        size_t last = i;
        while (last + 1 < cpus->count && cpus->cpus[last + 1] == cpus->cpus[last] + 1) {
            last++;
        }
        const char *comma = i == 0 ? "" : ",";
        int put = last == i ? snprintf(ret + used, room - used, "%s%u", comma, cpus->cpus[i])
                            : snprintf(ret + used, room - used, "%s%u-%u", comma, cpus->cpus[i],
                                       cpus->cpus[last]);
        used += put > 0 ? (size_t)put : 0;
        i = last + 1;
    }
}

int cpu_task_time(pid_t task, uint64_t *ret_ns, struct error *err)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)task);
    _cleanup_free_ char *text = NULL;
    int rc = file_read(path, 256, &text, NULL, err);
    if (rc == -ENOENT || rc == -ESRCH) {
        error_context(err, "task %d has ended", (int)task);
        return -ESRCH;
    }
    if (rc < 0) {
        return rc;
    }
    char *end = NULL;
    uint64_t ns = strtoull(text, &end, 10);
    if (end == text) {
        return fail(err, 0, "%s: unexpected content", path);
    }
    *ret_ns = ns;
    return 0;
}

int cpu_tasks_time(const pid_t *tasks, size_t count, uint64_t *ret_ns, struct error *err)
{
    uint64_t sum_ns = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t ns = 0;
        int rc = cpu_task_time(tasks[i], &ns, err);
        if (rc < 0) {
            return rc;
        }
        sum_ns += ns;
    }
    *ret_ns = sum_ns;
    return 0;
}

int cpu_meter_open(pid_t task, struct error *err)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)task);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? fail(err, errno == ENOENT ? ESRCH : errno, "CPU time of task %d", (int)task)
                  : fd;
}

int cpu_meter_read(int meter, uint64_t *ret_ns, struct error *err)
{
    char text[64];
    ssize_t got = pread(meter, text, sizeof text - 1, 0);
    if (got <= 0) {
        return fail(err, got < 0 ? errno : EIO, "CPU time of a task");
    }
    text[got] = '\0';
    *ret_ns = strtoull(text, NULL, 10);
    return 0;
}

uint64_t cpu_own_time(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

int cpu_times_parse(const char *text, unsigned cpu, struct cpu_times *ret, struct error *err)
{
    char label[16];
    snprintf(label, sizeof label, "\ncpu%u ", cpu);
    const char *line = strstr(text, label);
    if (line == NULL) {
        return fail(err, ENODEV, "CPU %u is not in /proc/stat", cpu);
    }
    uint64_t field[8] = {0};
    const char *at = line + strlen(label);
    for (size_t i = 0; i < 8; i++) {
        char *end = NULL;
        field[i] = strtoull(at, &end, 10);
        if (end == at) {
            return fail(err, 0, "/proc/stat: unexpected content");
        }
        at = end;
    }
    uint64_t tick = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
    // user nice system idle iowait irq softirq steal
    ret->busy_ns = (field[0] + field[1] + field[2] + field[5] + field[6]) * tick;
    ret->idle_ns = (field[3] + field[4]) * tick;
    ret->steal_ns = field[7] * tick;
    return 0;
}

int cpu_times_read(const struct cpu_list *cpus, struct cpu_times *ret, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    int rc = file_read("/proc/stat", 8U << 20, &text, NULL, err);
    for (size_t i = 0; rc == 0 && i < cpus->count; i++) {
        rc = cpu_times_parse(text, cpus->cpus[i], &ret[i], err);
    }
    return rc;
}
