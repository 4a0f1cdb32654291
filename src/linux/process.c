// SPDX-License-Identifier: GPL-3.0-or-later
// linux/process — see process.h. Called by platform/netns and testbed/.
#include "linux/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

uint64_t process_start_time(pid_t pid)
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
    return field == NULL ? 0 : strtoull(field, NULL, 10);
}

int process_open(pid_t pid, uint64_t started, struct error *err)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        return fail(err, errno, "process %d", (int)pid);
    }
    // Looked at only now: the number can no longer pass to another process unseen.
    if (process_start_time(pid) != started || process_has_ended(fd)) {
        close(fd);
        return fail(err, ESRCH, "process %d", (int)pid);
    }
    return fd;
}

bool process_has_ended(int pidfd)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    return poll(&end, 1, 0) == 1;
}

static int signal_and_wait(int pidfd, int number, uint64_t within_ns, struct error *err)
{
    if (syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) < 0 && errno != ESRCH) {
        return fail(err, errno, "ending a process");
    }
    uint64_t deadline = clock_monotonic_ns() + within_ns;
    for (;;) {
        uint64_t now = clock_monotonic_ns();
        struct pollfd end = {.fd = pidfd, .events = POLLIN};
        if (poll(&end, 1, now < deadline ? (int)((deadline - now) / NS_PER_MS) + 1 : 0) == 1) {
            // Somebody else's child, or ours: then it is taken in.
            (void)waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){0}, WEXITED | WNOHANG);
            return 0;
        }
        if (now >= deadline) {
            return fail(err, ETIMEDOUT, "a process has not ended");
        }
    }
}

int process_kill(int pidfd, uint64_t within_ns, struct error *err)
{
    return signal_and_wait(pidfd, SIGKILL, within_ns, err);
}

int process_end(int pidfd, uint64_t within_ns, struct error *err)
{
    int rc = signal_and_wait(pidfd, SIGTERM, within_ns, NULL);
    return rc == -ETIMEDOUT ? process_kill(pidfd, within_ns, err) : 0;
}

// ---- a first process

// Everything here runs in a copy of a process that may have had other threads: system calls only.
static void detach_files(int keep)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd < 3; fd++) {
        dup2(null, fd);
    }
    if (keep > 3) {
        close_range(3, (unsigned)keep - 1, 0);
    }
    close_range((unsigned)keep + 1, ~0U, 0);
}

static _Noreturn void be_first(int netns, const char *host_name, bool outlive, int ready)
{
    sigset_t all;
    sigset_t child;
    int failed = 0;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (!outlive && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
        failed = errno;
    }
    if (failed == 0 && setns(netns, CLONE_NEWNET) < 0) {
        failed = errno;
    }
    if (failed == 0 && sethostname(host_name, strlen(host_name)) < 0) {
        failed = errno;
    }
    char name[16] = "vrbench-"; // as ps and pgrep show it
    strncat(name, host_name, sizeof name - strlen(name) - 1);
    (void)prctl(PR_SET_NAME, name);
    (void)setsid();
    (void)!chdir("/");
    detach_files(ready);
    // A maker that has died meanwhile reads nothing any more: then there is nobody to be for.
    if (write(ready, &failed, sizeof failed) != sizeof failed || failed != 0) {
        _exit(1);
    }
    close(ready);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        (void)sigwaitinfo(&child, NULL);
    }
}

int process_start_first(const struct netns *ns, const char *host_name, bool outlive, pid_t *ret,
                        struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return fail(err, errno, "making a pipe");
    }
    pid_t pid =
        (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWUTS | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        be_first(ns->fd, host_name, outlive, ends[1]);
    }
    int saved = errno;
    close(ends[1]);
    int failed = 0;
    ssize_t got = pid < 0 ? 0 : read(ends[0], &failed, sizeof failed);
    close(ends[0]);
    if (pid < 0) {
        return saved == EINVAL ? fail_lacking(err, "this kernel has no PID or UTS namespaces: it "
                                                   "needs CONFIG_PID_NS and CONFIG_UTS_NS")
                               : fail(err, saved, "starting the first process of %s", host_name);
    }
    if (got != sizeof failed || failed != 0) {
        (void)waitpid(pid, NULL, 0);
        return fail(err, failed, "the first process of %s", host_name);
    }
    *ret = pid;
    return 0;
}
