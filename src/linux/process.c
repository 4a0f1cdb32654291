// SPDX-License-Identifier: GPL-3.0-or-later
// linux/process — see process.h. Called by linux/threads, machine/ and testbed/.
#include "linux/process.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/cpu.h"

static long long boot_offset_read; // constant for a process
static pthread_once_t boot_offset_once = PTHREAD_ONCE_INIT;

static void read_boot_offset(void)
{
    _cleanup_free_ char *text = NULL;
    const char *line = file_read("/proc/self/timens_offsets", 4096, &text, NULL, NULL) < 0
                           ? NULL
                           : strstr(text, "boottime");
    if (line == NULL) {
        return;
    }
    char *rest = NULL;
    long long seconds = strtoll(line + strlen("boottime"), &rest, 10);
    long long ns = strtoll(rest, NULL, 10);
    long ticks = sysconf(_SC_CLK_TCK);
    boot_offset_read = seconds * ticks + ns * ticks / (long long)NS_PER_S;
}

// Clock ticks by which CLOCK_BOOTTIME of this time namespace is ahead of the machine's.
static long long boot_offset(void)
{
    (void)pthread_once(&boot_offset_once, read_boot_offset);
    return boot_offset_read;
}

// Reads a field of /proc/PID/stat as a number; false if the task has ended.
static bool read_field(pid_t pid, int number, unsigned long long *ret)
{
    _cleanup_free_ char *path = text_format("/proc/%d/stat", (int)pid);
    _cleanup_free_ char *text = NULL;
    if (file_read(path, 4096, &text, NULL, NULL) < 0) {
        return false;
    }
    const char *field = strrchr(text, ')'); // end of field 2
    for (int i = 2; field != NULL && i < number; i++) {
        field = strchr(field + 1, ' ');
    }
    *ret = field == NULL ? 0 : strtoull(field, NULL, 10);
    return field != NULL;
}

void process_name(pid_t pid, char *ret, size_t size)
{
    _cleanup_free_ char *path = text_format("/proc/%d/comm", (int)pid);
    _cleanup_free_ char *text = NULL;
    ret[0] = '\0';
    if (file_read(path, 64, &text, NULL, NULL) == 0) {
        snprintf(ret, size, "%.*s", (int)strcspn(text, "\n"), text);
    }
}

bool process_descends_from(pid_t pid, pid_t ancestor)
{
    unsigned long long parent = 0;
    while (pid != ancestor && pid > 0 && read_field(pid, 4, &parent)) {
        pid = (pid_t)parent;
    }
    return pid == ancestor;
}

uint64_t process_start_time(pid_t pid)
{
    unsigned long long ticks = 0;
    if (!read_field(pid, 22, &ticks)) {
        return 0;
    }
    // The kernel adds the offset of the reader's time namespace (time_namespaces(7)).
    return (uint64_t)((long long)ticks - boot_offset());
}

#define KERNELS_FIRST_THREAD 2 // kthreadd, the parent of all others

static bool kernels_threads_seen;
static pthread_once_t kernels_threads_once = PTHREAD_ONCE_INIT;

static void look_for_kernels_threads(void)
{
    _cleanup_free_ char *text = NULL;
    kernels_threads_seen = file_read("/proc/2/stat", 4096, &text, NULL, NULL) == 0 &&
                           text_starts(text, "2 (kthreadd) ") && getpgid(KERNELS_FIRST_THREAD) == 0;
}

bool process_is_kernels(pid_t pid)
{
    (void)pthread_once(&kernels_threads_once, look_for_kernels_threads);
    // In the first PID namespace the group of every process is visible, and 0 is the kernel's.
    return kernels_threads_seen && getpgid(pid) == 0;
}

int process_open(pid_t pid, uint64_t started, struct error *err)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        return fail(err, errno, "process %d", (int)pid);
    }
    // Checked after opening: from here on the PID cannot be reused unnoticed.
    if (process_start_time(pid) != started || process_has_ended(fd)) {
        close(fd);
        return fail(err, ESRCH, "process %d", (int)pid);
    }
    return fd;
}

// The state of a task, field 3 of /proc/PID/stat; 'X' = it has ended.
static char read_state(pid_t pid)
{
    _cleanup_free_ char *path = text_format("/proc/%d/stat", (int)pid);
    _cleanup_free_ char *text = NULL;
    const char *name = file_read(path, 4096, &text, NULL, NULL) < 0 ? NULL : strrchr(text, ')');
    return name == NULL || strlen(name) < 3 ? 'X' : name[2];
}

bool process_is_dead(pid_t pid)
{
    if (kill(pid, 0) < 0) {
        return true;
    }
    char state = read_state(pid);
    return state == 'Z' || state == 'X';
}

bool process_is_runnable(pid_t pid)
{
    return read_state(pid) == 'R';
}

bool process_lacks_cpu(pid_t pid)
{
    uint64_t before = 0;
    uint64_t after = 0;
    uint64_t from_ns = clock_monotonic_ns();
    if (!process_is_runnable(pid) || cpu_task_time(pid, &before, NULL) < 0) {
        return false;
    }
    clock_sleep(NS_PER_MS);
    return process_is_runnable(pid) && cpu_task_time(pid, &after, NULL) == 0 &&
           2 * (after - before) < clock_monotonic_ns() - from_ns;
}

bool process_has_ended(int pidfd)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    return poll(&end, 1, 0) == 1;
}

int process_kill(int pidfd, uint64_t within_ns, struct error *err)
{
    if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH) {
        return fail(err, errno, "ending a process");
    }
    uint64_t deadline = clock_monotonic_ns() + within_ns;
    for (;;) {
        uint64_t now = clock_monotonic_ns();
        struct pollfd end = {.fd = pidfd, .events = POLLIN};
        if (poll(&end, 1, now < deadline ? (int)((deadline - now) / NS_PER_MS) + 1 : 0) == 1) {
            // If it is this process's child, it is reaped.
            (void)waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){0}, WEXITED | WNOHANG);
            return 0;
        }
        if (now >= deadline) {
            return fail(err, ETIMEDOUT, "a process has not ended");
        }
    }
}

int process_check_view(struct error *err)
{
    char name[16];
    process_name(2, name, sizeof name);
    return text_equal(name, "kthreadd")
               ? 0
               : fail_lacking(err, "the kernel's threads, which are metered and rationed, can't be "
                                   "seen from this PID namespace: start vrbench in the machine's "
                                   "first one");
}
