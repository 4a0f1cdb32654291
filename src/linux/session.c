// SPDX-License-Identifier: GPL-3.0-or-later
// linux/session — see session.h. Called by `vrbench console`.
#include "linux/session.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/first.h"

#define CONTROL_GROUPS "/sys/fs/cgroup"

// Exit statuses of a shell for a command that it cannot run: 126 found but not executable, 127 not
// found.
#define CANNOT_RUN 126
#define NOT_FOUND  127

// Mounts /proc and /sys with the node's own processes and interfaces, for this session only. They
// are made private mounts, because "/" cannot be made private if it is not a mount (a bare chroot).
static int show_own_views(bool own_processes)
{
    if (unshare(CLONE_NEWNS) < 0) {
        return -errno;
    }
    (void)mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
    (void)mount(NULL, "/proc", NULL, MS_PRIVATE, NULL);
    (void)mount(NULL, "/sys", NULL, MS_PRIVATE, NULL);
    // Keeps the machine's control groups visible, which vrbench itself requires when run inside.
    _cleanup_close_ int groups =
        open_tree(AT_FDCWD, CONTROL_GROUPS, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (own_processes &&
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
        return -errno;
    }
    if (mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
        return -errno;
    }
    if (groups >= 0) {
        (void)move_mount(groups, "", AT_FDCWD, CONTROL_GROUPS, MOVE_MOUNT_F_EMPTY_PATH);
    }
    return 0;
}

static _Noreturn void run_inside(const struct session *session, int group)
{
    stop_reset();
    if (session->streams != NULL && (dup2(session->streams->input, STDIN_FILENO) < 0 ||
                                     dup2(session->streams->output, STDOUT_FILENO) < 0 ||
                                     dup2(session->streams->output, STDERR_FILENO) < 0)) {
        _exit(CANNOT_RUN);
    }
    if (group >= 0 && write(group, "0", 1) != 1) {
        fprintf(stderr, "vrbench: joining the control group of %s: %s\n", session->node,
                strerror(errno));
        _exit(CANNOT_RUN);
    }
    int rc = session->own_views ? 0 : show_own_views(session->first >= 0);
    if (rc < 0) {
        fprintf(stderr, "vrbench: mounting /proc and /sys of %s: %s\n", session->node,
                strerror(-rc));
        _exit(CANNOT_RUN);
    }
    char *shell[] = {(char *)"/bin/sh", NULL};
    char *const *argv = session->argv;
    if (argv == NULL) {
        const char *wanted = getenv("SHELL");
        if (isatty(STDIN_FILENO) && wanted != NULL && access(wanted, X_OK) == 0) {
            shell[0] = (char *)wanted;
        }
        char *prompt = text_format("%s# ", session->node);
        (void)setenv("PS1", prompt, 1);
        argv = shell;
    }
    (void)setenv(SESSION_NODE, session->node, 1);
    if (session->testbed != NULL) {
        (void)setenv(SESSION_TESTBED, session->testbed, 1);
    }
    execvp(argv[0], argv);
    int saved = errno;
    fprintf(stderr, "vrbench: %s: %s\n", argv[0], strerror(saved));
    _exit(saved == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

// Runs in a child, so that the caller stays in its namespaces. Only the next child of this process
// enters the PID namespace.
static _Noreturn void enter_and_run(const struct session *session)
{
    // Signals from other processes (kill(1)) are handled by the program inside; this process
    // outlives it. fork(3) has restored the signal mask from before stop_install().
    sigset_t outlast;
    sigemptyset(&outlast);
    sigaddset(&outlast, SIGTERM);
    sigaddset(&outlast, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &outlast, NULL);
    _cleanup_free_ char *here = getcwd(NULL, 0);
    int others = session->own_views ? CLONE_NEWIPC : 0;
    int group = session->group == NULL ? -1 : open(session->group, O_WRONLY | O_CLOEXEC);
    int rc = session->group != NULL && group < 0 ? -errno : 0;
    if (rc == 0 && session->root_of > 0) {
        rc = first_enter_root(session->root_of);
    }
    if (rc == 0 && here != NULL && session->root_of > 0) {
        (void)!chdir(here); // fails if the folder does not exist inside
    }
    if (rc == 0 && session->first >= 0 &&
        setns(session->first, CLONE_NEWUTS | CLONE_NEWPID | others) < 0) {
        rc = -errno;
    }
    if (rc == 0 && setns(session->net->fd, CLONE_NEWNET) < 0) {
        rc = -errno;
    }
    if (rc < 0) {
        fprintf(stderr, "vrbench: entering %s: %s\n", session->node, strerror(-rc));
        _exit(CANNOT_RUN);
    }
    pid_t child = fork();
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGHUP);
        run_inside(session, group);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("vrbench: fork");
        _exit(CANNOT_RUN);
    }
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

// Waits for the end of the process that entered. A request to stop ends the wait.
static int await_session(const struct session *session, pid_t child, int *ret_status,
                         struct error *err)
{
    uint64_t until_ns = session->streams == NULL ? STOP_NO_DEADLINE : session->streams->until_ns;
    _cleanup_close_ int watch = pidfd_open(child, 0);
    int status = 0;
    int rc = watch < 0 ? fail(err, errno, "watching a process")
                       : stop_wait(watch, POLLIN, until_ns, err);
    if (rc == 0) {
        rc = fail(err, ETIMEDOUT, "it has not ended in time");
    }
    if (rc < 0) {
        (void)kill(child, SIGKILL); // the program inside gets SIGHUP then
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (rc >= 0) {
        *ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return rc < 0 ? rc : 0;
}

// Runs it on the caller's terminal.
static int run_on_terminal(const struct session *session, int *ret_status, struct error *err)
{
    // The terminal's signals are for the program inside. They are ignored here, not blocked: a
    // blocked one would be a request to stop afterwards (signal(7)).
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before[2];
    sigset_t interrupt;
    sigset_t mask;
    sigemptyset(&ignore.sa_mask);
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigaction(SIGINT, &ignore, &before[0]);
    sigaction(SIGQUIT, &ignore, &before[1]);
    (void)pthread_sigmask(SIG_UNBLOCK, &interrupt, &mask);
    pid_t child = fork();
    if (child == 0) {
        enter_and_run(session);
    }
    int rc = child < 0 ? fail(err, errno, "fork") : await_session(session, child, ret_status, err);
    (void)pthread_sigmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGQUIT, &before[1], NULL);
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "the console of %s", session->node);
    }
    return rc;
}

int session_run(const struct session *session, int *ret_status, struct error *err)
{
    fflush(NULL);
    if (session->streams == NULL) {
        return run_on_terminal(session, ret_status, err);
    }
    pid_t child = fork();
    if (child == 0) {
        enter_and_run(session);
    }
    return child < 0 ? fail(err, errno, "fork") : await_session(session, child, ret_status, err);
}

// Reads the output from its beginning.
static int read_output(int output, char **ret, struct error *err)
{
    _cleanup_free_ char *text = memory_new(SESSION_OUTPUT_MAX + 1, 1);
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 && length < SESSION_OUTPUT_MAX) {
        got = pread(output, text + length, SESSION_OUTPUT_MAX - length, (off_t)length);
        length += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        return fail(err, errno, "reading its output");
    }
    *ret = steal_pointer(&text);
    return 0;
}

int session_capture(const struct session *session, const char *input, uint64_t until_ns,
                    int *ret_status, char **ret_output, struct error *err)
{
    size_t length = input == NULL ? 0 : strlen(input);
    _cleanup_close_ int from = memfd_create("vrbench-input", MFD_CLOEXEC);
    _cleanup_close_ int to = memfd_create("vrbench-output", MFD_CLOEXEC);
    if (from < 0 || to < 0 || (length > 0 && pwrite(from, input, length, 0) != (ssize_t)length)) {
        return fail(err, errno, "a file in memory");
    }
    const struct session_streams streams = {.input = from, .output = to, .until_ns = until_ns};
    struct session captured = *session;
    captured.streams = &streams;
    int rc = session_run(&captured, ret_status, err);
    return rc < 0 ? rc : read_output(to, ret_output, err);
}
