// SPDX-License-Identifier: GPL-3.0-or-later
// linux/child — see child.h. Called by the engines of traffic/ that are separate programs.
#include "linux/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/first.h"

// Folders of daemons, which are missing in the PATH of users other than root.
#define SYSTEM_PATH "/usr/local/sbin:/usr/sbin:/sbin"
#define SEARCH_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// ---- finding

static bool find_in(const char *folders, const char *program, char **ret_path)
{
    for (const char *at = folders; at != NULL && *at != '\0';) {
        int length = (int)strcspn(at, ":");
        _cleanup_free_ char *path = text_format("%.*s/%s", length, at, program);
        // Relative folders of PATH are skipped: what root runs must not depend on the working
        // directory.
        struct stat st;
        if (*at == '/' && access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            *ret_path = steal_pointer(&path);
            return true;
        }
        at = at[length] == ':' ? at + length + 1 : NULL;
    }
    return false;
}

int child_find(const char *program, char **ret_path)
{
    const char *folders = getenv("PATH");
    return find_in(folders == NULL ? SEARCH_PATH : folders, program, ret_path) ||
                   find_in(SYSTEM_PATH, program, ret_path)
               ? 0
               : -ENOENT;
}

// ---- starting

struct start {
    const struct child_spec *spec;
    cpu_set_t *cpus; // NULL = the caller's
    size_t cpus_size;
    pid_t parent;
    int out, err, failure; // the child's ends of the pipes
};

// Runs in the child between fork() and execve(): system calls only. Writes its errno to the pipe
// `failure`.
static void become(const struct start *start)
{
    static char *const environment[] = {"PATH=" SEARCH_PATH, "LC_ALL=C", NULL};
    stop_reset();
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool good = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && setpgid(0, 0) == 0 && null >= 0 &&
                dup2(null, 0) >= 0 && dup2(start->out, 1) >= 0 && dup2(start->err, 2) >= 0;
    if (getppid() != start->parent) {
        _exit(1); // the parent died before PR_SET_PDEATHSIG was set
    }
    good = good && (start->spec->folder == NULL || chdir(start->spec->folder) == 0);
    good = good && (start->spec->ns == NULL || setns(start->spec->ns->fd, CLONE_NEWNET) == 0);
    good =
        good && (start->cpus == NULL || sched_setaffinity(0, start->cpus_size, start->cpus) == 0);
    if (good && start->spec->inside > 0) {
        errno = -first_enter_root(start->spec->inside);
        errno = errno == 0 ? -first_make_read_only() : errno;
        good = errno == 0;
    }
    if (good) {
        execve(start->spec->path, (char *const *)start->spec->argv, environment);
    }
    int why = errno;
    (void)!write(start->failure, &why, sizeof why);
    _exit(1);
}

static int make_pipe(int ends[2], struct error *err)
{
    return pipe2(ends, O_CLOEXEC) < 0 ? fail(err, errno, "a pipe") : 0;
}

static cpu_set_t *cpu_set_of(const struct cpu_list *cpus, size_t *ret_size)
{
    cpu_set_t *set = CPU_ALLOC(CPU_MAX);
    *ret_size = CPU_ALLOC_SIZE(CPU_MAX);
    if (set != NULL) {
        CPU_ZERO_S(*ret_size, set);
        for (size_t i = 0; i < cpus->count; i++) {
            CPU_SET_S(cpus->cpus[i], *ret_size, set);
        }
    }
    return set;
}

// Waits until the child has executed the program, or has reported why it could not.
static int await_exec(const struct child_spec *spec, int failure, struct error *err)
{
    int why = 0;
    ssize_t got = stop_read(failure, &why, sizeof why, err);
    if (got < 0) {
        return (int)got;
    }
    return got == (ssize_t)sizeof why ? fail(err, why, "starting %s", spec->path) : 0;
}

int child_start(const struct child_spec *spec, struct child *ret, struct error *err)
{
    *ret = (struct child)CHILD_INIT;
    int out[2] = {-1, -1};
    int text[2] = {-1, -1};
    int failure[2] = {-1, -1};
    int rc = spec->output > 0 ? 0 : make_pipe(out, err);
    rc = rc == 0 ? make_pipe(text, err) : rc;
    rc = rc == 0 ? make_pipe(failure, err) : rc;
    struct start start = {.spec = spec,
                          .parent = getpid(),
                          .out = spec->output > 0 ? spec->output : out[1],
                          .err = text[1],
                          .failure = failure[1]};
    if (spec->cpus != NULL) {
        start.cpus = cpu_set_of(spec->cpus, &start.cpus_size);
    }
    if (rc == 0) {
        ret->pid = fork();
        if (ret->pid == 0) {
            become(&start);
        }
        rc = ret->pid < 0 ? fail(err, errno, "starting %s", spec->path) : 0;
        ret->pid = ret->pid < 0 ? 0 : ret->pid;
    }
    if (start.cpus != NULL) {
        CPU_FREE(start.cpus);
    }
    cleanup_close(&out[1]);
    cleanup_close(&text[1]);
    cleanup_close(&failure[1]);
    ret->out = (struct child_output){.fd = out[0], .text = memory_new(1, 1)};
    ret->err = (struct child_output){.fd = text[0], .text = memory_new(1, 1)};
    if (rc == 0) {
        rc = await_exec(spec, failure[0], err);
    }
    cleanup_close(&failure[0]);
    if (rc == 0) {
        ret->watch = pidfd_open(ret->pid, 0);
        rc = ret->watch < 0 ? fail(err, errno, "watching %s", spec->path) : 0;
    }
    if (rc < 0) {
        child_end(ret);
    }
    return rc;
}

// ---- watching

// Reads what is in the pipe. Returns 1 if there was data or the pipe was closed.
static int take_output(struct child_output *output, struct error *err)
{
    char chunk[16384];
    ssize_t got = read(output->fd, chunk, sizeof chunk);
    if (got < 0) {
        return errno == EINTR || errno == EAGAIN ? 0
                                                 : fail(err, errno, "reading a program's output");
    }
    if (got == 0) {
        close(output->fd);
        output->fd = -1;
        return 1;
    }
    if (output->length + (size_t)got > CHILD_TEXT_MAX) {
        return fail(err, EFBIG, "a program's output is longer than 1 MiB");
    }
    output->text = memory_resize(output->text, output->length + (size_t)got + 1, 1);
    memcpy(output->text + output->length, chunk, (size_t)got);
    output->length += (size_t)got;
    output->text[output->length] = '\0';
    return 1;
}

// Reads the rest of a pipe after its writer has ended.
static int empty_output(struct child_output *output, struct error *err)
{
    int rc = 1;
    while (rc > 0 && output->fd >= 0) {
        struct pollfd there = {.fd = output->fd, .events = POLLIN};
        if (poll(&there, 1, 0) <= 0) {
            break; // a process that the program started still holds the other end
        }
        rc = take_output(output, err);
    }
    return rc < 0 ? rc : 0;
}

static int reap(struct child *child, struct error *err)
{
    pid_t pid;
    do {
        pid = waitpid(child->pid, &child->status, 0);
    } while (pid < 0 && errno == EINTR);
    child->ended = true;
    int rc = empty_output(&child->out, err);
    return rc == 0 ? empty_output(&child->err, err) : rc;
}

#define FDS_A_CHILD 3U

static int take_from(struct child *child, const struct pollfd fds[FDS_A_CHILD], struct error *err)
{
    int happened = 0;
    int rc = 0;
    if (fds[0].revents != 0) {
        rc = take_output(&child->out, err);
        happened |= rc > 0;
    }
    if (rc >= 0 && fds[1].revents != 0) {
        rc = take_output(&child->err, err);
        happened |= rc > 0;
    }
    if (rc >= 0 && fds[2].revents != 0) {
        rc = reap(child, err);
        happened = 1;
    }
    return rc < 0 ? rc : happened;
}

int child_wait(struct child *const *children, size_t count, uint64_t until_ns, struct error *err)
{
    _cleanup_free_ struct pollfd *fds = memory_new_array(struct pollfd, FDS_A_CHILD * count);
    for (size_t i = 0; i < count; i++) {
        const struct child *child = children[i];
        fds[FDS_A_CHILD * i] = (struct pollfd){.fd = child->out.fd, .events = POLLIN};
        fds[FDS_A_CHILD * i + 1] = (struct pollfd){.fd = child->err.fd, .events = POLLIN};
        fds[FDS_A_CHILD * i + 2] =
            (struct pollfd){.fd = child->ended ? -1 : child->watch, .events = POLLIN};
    }
    int rc = stop_poll(fds, FDS_A_CHILD * count, until_ns, err);
    bool ready = rc > 0;
    int happened = 0;
    for (size_t i = 0; rc >= 0 && ready && i < count; i++) {
        rc = take_from(children[i], &fds[FDS_A_CHILD * i], err);
        happened |= rc > 0;
    }
    return rc < 0 ? rc : happened;
}

int child_run(const struct child_spec *spec, uint64_t within_ns, struct child *ret,
              struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + within_ns;
    struct child *const children[] = {ret};
    int rc = child_start(spec, ret, err);
    while (rc >= 0 && !ret->ended) {
        rc = child_wait(children, 1, until_ns, err);
        if (rc == 0 && !ret->ended && clock_monotonic_ns() >= until_ns) {
            rc = fail(err, ETIMEDOUT, "%s", spec->path);
        }
    }
    return rc < 0 ? rc : 0;
}

void child_end(struct child *child)
{
    if (child->pid > 0 && !child->ended) {
        kill(child->pid, SIGKILL);
        (void)reap(child, NULL);
    }
    cleanup_close(&child->watch);
    cleanup_close(&child->out.fd);
    cleanup_close(&child->err.fd);
    free(child->out.text);
    free(child->err.text);
    *child = (struct child)CHILD_INIT;
}

uint64_t child_cpu_time(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_CHILDREN, &used) < 0) {
        return 0;
    }
    uint64_t us = ((uint64_t)used.ru_utime.tv_sec + (uint64_t)used.ru_stime.tv_sec) * 1000000U +
                  (uint64_t)used.ru_utime.tv_usec + (uint64_t)used.ru_stime.tv_usec;
    return us * NS_PER_US;
}
