// SPDX-License-Identifier: GPL-3.0-or-later
// linux/first — see first.h. Called by machine/netns, and by testbed/ for the tester's ends.
#include "linux/first.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "linux/first_child.h"

#define NET_SETTINGS "/proc/sys/net" // settings of the process's own network namespace
#define SYSTEM_LOG   "/dev/log"
#define LOG_MAX      (16U << 20) // limit in bytes of a file that a service writes
#define LOOK_NS      (2U * NS_PER_MS)
#define GRACE_NS     (5U * NS_PER_S) // for the answer to arrive, on a busy machine

// The first process's report on its services: all ready, or what failed.
struct answer {
    int failed;  // errno; 0 = all are ready
    int program; // index of the service that failed, -1 = making the root directory failed
    int status;  // its status of waitpid(2), if it ended; `failed` is ECHILD then
    char step[32];
};

// ---- in the first process. It may be a copy of a process with other threads: system calls only.

// What a first process does instead of running services.
struct work {
    void (*run)(const int fds[FIRST_FILES]);
    int fds[FIRST_FILES]; // kept open for it
};

// Closes all files but these, which are not the standard ones.
static void detach_files(const int *keep, size_t count)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd < 3; fd++) {
        dup2(null, fd);
    }
    for (unsigned from = 3; from != 0;) {
        unsigned next = ~0U;
        for (size_t i = 0; i < count; i++) {
            next = (unsigned)keep[i] >= from && (unsigned)keep[i] < next ? (unsigned)keep[i] : next;
        }
        if (next > from) {
            close_range(from, next == ~0U ? ~0U : next - 1, 0);
        }
        from = next == ~0U ? 0 : next + 1;
    }
}

// Bind-mounts all mounted file systems below a new root, so that mounts in it are visible to the
// services only. The root is made on a mount of the caller's, because only a mount can be made
// private, and "/" need not be a mount (a bare chroot). The testbed's own mounts are detached from
// it.
static const char *make_root(const struct first_services *services)
{
    const char *root = services->root;
    if (unshare(CLONE_NEWNS) < 0) {
        return "unshare";
    }
    if (mount(NULL, services->folder, NULL, MS_PRIVATE, NULL) < 0) {
        return "making private";
    }
    int tree = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0) {
        return "open_tree";
    }
    if ((mkdir(root, 0700) < 0 && errno != EEXIST) ||
        move_mount(tree, "", AT_FDCWD, root, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
        return "move_mount";
    }
    close(tree);
    if (mount(NULL, root, NULL, MS_REC | MS_SLAVE, NULL) < 0 || chroot(root) < 0 ||
        chdir("/") < 0) {
        return "chroot";
    }
    (void)umount2(services->folder, MNT_DETACH);
    return NULL;
}

static const char *make_file(const struct first_file *file)
{
    if (file->text == NULL) {
        return mkdir(file->path, file->mode) < 0 || chown(file->path, file->user, file->group) < 0
                   ? "mkdir"
                   : NULL;
    }
    int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
    size_t length = strlen(file->text);
    bool good = fd >= 0 && fchown(fd, file->user, file->group) == 0;
    for (size_t at = 0; good && at < length;) {
        ssize_t written = write(fd, file->text + at, length - at);
        good = written > 0;
        at += good ? (size_t)written : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    return good ? NULL : "writing a file";
}

static int make_space(const struct first_space *space)
{
    const char *options = space->for_all ? "mode=1777,size=64m" : "mode=755,size=64m";
    if (access(space->path, F_OK) < 0) {
        return 0;
    }
    return mount("tmpfs", space->path, "tmpfs", MS_NOSUID | MS_NODEV, options);
}

static const char *furnish(const struct first_services *services)
{
    const char *failed = make_root(services);
    for (size_t i = 0; failed == NULL && i < services->space_count; i++) {
        if (!services->spaces[i].apart && make_space(&services->spaces[i]) < 0) {
            failed = "mounting a tmpfs";
        }
    }
    // Its own mount, so that it stays writable.
    (void)mount(NET_SETTINGS, NET_SETTINGS, NULL, MS_BIND, NULL);
    for (size_t i = 0; failed == NULL && i < services->file_count; i++) {
        failed = make_file(&services->files[i]);
    }
    return failed;
}

static int make_writable(const char *path)
{
    struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
    return mount_setattr(AT_FDCWD, path, 0, &writable, sizeof writable);
}

int first_make_read_only(void)
{
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    return unshare(CLONE_NEWNS) < 0 ||
                   mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) < 0
               ? -errno
               : 0;
}

// Makes everything read-only in a program's mount namespace, except its spaces and the settings of
// its network namespace. Its messages to the system's log go nowhere.
static int confine(const struct first_services *services)
{
    struct statvfs settings;
    bool settable = statvfs(NET_SETTINGS, &settings) == 0 && (settings.f_flag & ST_RDONLY) == 0;
    int rc = first_make_read_only();
    if (rc < 0) {
        return rc;
    }
    for (size_t i = 0; i < services->space_count; i++) {
        const struct first_space *space = &services->spaces[i];
        bool there = access(space->path, F_OK) == 0;
        if (there && (space->apart ? make_space(space) : make_writable(space->path)) < 0) {
            return -errno;
        }
    }
    if (settable && make_writable(NET_SETTINGS) < 0 && errno != EINVAL) {
        return -errno; // EINVAL: it is not a mount, because the folder was missing
    }
    if (access(SYSTEM_LOG, F_OK) == 0 && mount("/dev/null", SYSTEM_LOG, NULL, MS_BIND, NULL) < 0) {
        return -errno;
    }
    return 0;
}

static _Noreturn void become(const struct first_services *services,
                             const struct first_program *program, int log, int failure)
{
    static char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
    const struct rlimit limit = {LOG_MAX, LOG_MAX};
    stop_reset();
    (void)signal(SIGXFSZ, SIG_IGN); // a full log must not kill the service
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    errno = -confine(services);
    if (errno == 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0) {
        execve(program->path, program->argv, environment);
    }
    int why = errno;
    (void)!write(failure, &why, sizeof why);
    _exit(1);
}

static pid_t start_program(const struct first_services *services,
                           const struct first_program *program, int log)
{
    int ends[2];
    int why = 0;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -1;
    }
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        become(services, program, log, ends[1]);
    }
    why = pid < 0 ? errno : 0;
    close(ends[1]);
    if (pid > 0 && read(ends[0], &why, sizeof why) == (ssize_t)sizeof why) {
        (void)waitpid(pid, NULL, 0);
        pid = -1;
    }
    close(ends[0]);
    errno = why;
    return pid;
}

static bool await_sign(const struct first_program *program, pid_t pid, uint64_t until_ns,
                       struct answer *answer)
{
    while (access(program->sign, F_OK) < 0) {
        const struct timespec rest = {.tv_nsec = (long)LOOK_NS};
        if (waitpid(pid, &answer->status, WNOHANG) == pid) {
            answer->failed = ECHILD;
            return false;
        }
        if (clock_monotonic_ns() > until_ns) {
            answer->failed = ETIMEDOUT;
            return false;
        }
        nanosleep(&rest, NULL);
    }
    return true;
}

// Starts the services, fills `pids` and returns how many were started.
static size_t start_services(const struct first_services *services, uint64_t until_ns,
                             pid_t pids[FIRST_PROGRAMS], struct answer *answer)
{
    int log = open(services->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const char *failed = log < 0 ? "the log" : furnish(services);
    size_t count = 0;
    answer->program = -1;
    if (failed != NULL) {
        answer->failed = errno;
        snprintf(answer->step, sizeof answer->step, "%s", failed);
    }
    while (failed == NULL && answer->failed == 0 && count < services->program_count) {
        answer->program = (int)count;
        pids[count] = start_program(services, &services->programs[count], log);
        if (pids[count] < 0) {
            answer->failed = errno;
        } else if (await_sign(&services->programs[count], pids[count], until_ns, answer)) {
            count++;
        }
    }
    if (log >= 0) {
        close(log);
    }
    return count;
}

// Reaps ended children for ever; exits when one of the services ends.
static _Noreturn void live(const pid_t *pids, size_t count)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        pid_t ended;
        while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
            for (size_t i = 0; i < count; i++) {
                if (pids[i] == ended) {
                    _exit(1);
                }
            }
        }
        (void)sigwaitinfo(&child, NULL);
    }
}

static _Noreturn void be_first(const struct netns *ns, const char *host_name, bool outlive,
                               const struct first_services *services, const struct work *work,
                               int control)
{
    int keep[1 + FIRST_FILES] = {control};
    size_t kept = 1;
    for (size_t i = 0; work != NULL && i < FIRST_FILES; i++) {
        keep[kept++] = work->fds[i];
    }
    sigset_t all;
    int failed = 0;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    (void)signal(SIGCHLD, SIG_DFL);
    if (unshare(CLONE_NEWUTS) < 0 || (!outlive && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)) {
        failed = errno;
    }
    if (failed == 0 && setns(ns->fd, CLONE_NEWNET) < 0) {
        failed = errno;
    }
    if (failed == 0 && sethostname(host_name, strlen(host_name)) < 0) {
        failed = errno;
    }
    char name[16] = FIRST_NAME_PREFIX; // the name that ps and pgrep show
    strncat(name, host_name, sizeof name - strlen(name) - 1);
    (void)prctl(PR_SET_NAME, name);
    (void)setsid();
    (void)!chdir("/");
    detach_files(keep, kept);
    // The maker has died, so its end of the socket is closed: end.
    if (write(control, &failed, sizeof failed) != sizeof failed || failed != 0) {
        _exit(1);
    }
    if (work != NULL) {
        close(control);
        work->run(work->fds);
        _exit(1);
    }
    pid_t pids[FIRST_PROGRAMS];
    size_t count = 0;
    uint64_t within_ns = 0;
    if (services != NULL && read(control, &within_ns, sizeof within_ns) == sizeof within_ns) {
        struct answer answer = {0};
        count = start_services(services, clock_monotonic_ns() + within_ns, pids, &answer);
        if (write(control, &answer, sizeof answer) != sizeof answer || answer.failed != 0) {
            _exit(1);
        }
    }
    close(control);
    live(pids, count);
}

// ---- outside

// Forks a child that is the first process of a new PID namespace. Uses fork(3), not a bare
// clone(2): other threads may hold locks of the C library, which only fork(3) releases in the
// child.
static pid_t fork_as_first(void)
{
    _cleanup_close_ int own = open("/proc/thread-self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (own < 0 || unshare(CLONE_NEWPID) < 0) {
        return -1;
    }
    pid_t pid = fork();
    int saved = errno;
    if (pid != 0 && setns(own, CLONE_NEWPID) < 0) {
        abort(); // otherwise every later child of this thread would be in that namespace
    }
    errno = saved;
    return pid;
}

// Waits until a first process has entered its namespaces or has reported why it could not.
static int await_first(int control, const char *host_name, struct error *err)
{
    int failed = 0;
    ssize_t got = stop_read(control, &failed, sizeof failed, err);
    if (got < 0) {
        return (int)got;
    }
    if (got != sizeof failed && stop_requested()) {
        return fail_interrupted(err); // the terminal's signal may have ended the child too
    }
    if (got != sizeof failed) {
        return fail(err, ESRCH, "the first process of %s", host_name);
    }
    return failed == 0 ? 0 : fail(err, failed, "the first process of %s", host_name);
}

static int begin(const struct netns *ns, const char *host_name, bool outlive,
                 const struct first_services *services, const struct work *work,
                 struct first_begun *ret, struct error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        return fail(err, errno, "making a pair of sockets");
    }
    pid_t pid = fork_as_first();
    if (pid == 0) {
        be_first(ns, host_name, outlive, services, work, ends[1]);
    }
    int saved = errno;
    close(ends[1]);
    _cleanup_close_ int control = ends[0];
    if (pid < 0) {
        return saved == EINVAL
                   ? fail_lacking(err, "this kernel has no PID or UTS namespaces: use one with "
                                       "CONFIG_PID_NS and CONFIG_UTS_NS")
                   : fail(err, saved, "starting the first process of %s", host_name);
    }
    *ret = (struct first_begun){
        .pid = pid, .control = steal_fd(&control), .has_services = services != NULL};
    return 0;
}

int first_begin(const struct netns *ns, const char *host_name, bool outlive,
                const struct first_services *services, struct first_begun *ret, struct error *err)
{
    return begin(ns, host_name, outlive, services, NULL, ret, err);
}

void first_abandon(struct first_begun *begun)
{
    if (begun->control < 0) {
        return;
    }
    close(begun->control);
    // The child may still run, for example after an interrupted wait.
    (void)kill(begun->pid, SIGKILL);
    while (waitpid(begun->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    *begun = FIRST_NOT_BEGUN;
}

int first_await(struct first_begun *begun, const char *host_name, pid_t *ret, int *ret_control,
                struct error *err)
{
    int rc = await_first(begun->control, host_name, err);
    if (rc < 0) {
        first_abandon(begun);
        return rc;
    }
    *ret = begun->pid;
    if (begun->has_services) {
        *ret_control = begun->control;
    } else {
        close(begun->control);
        *ret_control = -1;
    }
    *begun = FIRST_NOT_BEGUN;
    return 0;
}

int first_start(const struct netns *ns, const char *host_name, bool outlive,
                const struct first_services *services, pid_t *ret, int *ret_control,
                struct error *err)
{
    struct first_begun begun = FIRST_NOT_BEGUN;
    int rc = first_begin(ns, host_name, outlive, services, &begun, err);
    return rc == 0 ? first_await(&begun, host_name, ret, ret_control, err) : rc;
}

int first_run(const struct netns *ns, const char *host_name, bool outlive,
              void (*run)(const int fds[FIRST_FILES]), const int fds[FIRST_FILES], pid_t *ret,
              struct error *err)
{
    struct first_begun begun = FIRST_NOT_BEGUN;
    struct work work = {.run = run};
    int control = -1;
    memcpy(work.fds, fds, sizeof work.fds);
    int rc = begin(ns, host_name, outlive, NULL, &work, &begun, err);
    return rc == 0 ? first_await(&begun, host_name, ret, &control, err) : rc;
}

static int explain(const struct first_services *services, const struct answer *answer,
                   struct error *err)
{
    char words[160];
    const char *step = answer->step;
    if (answer->program < 0) {
        return fail(err, answer->failed, "services: making their root directory: %.*s",
                    (int)strnlen(step, sizeof answer->step), step);
    }
    const char *name = services->programs[answer->program].argv[0];
    first_last_words(services->log, words);
    if (answer->failed == ECHILD) {
        return WIFSIGNALED(answer->status)
                   ? fail(err, 0, "%s was killed by signal %d; its last output: %s", name,
                          WTERMSIG(answer->status), words)
                   : fail(err, 0, "%s ended with status %d; its last output: %s", name,
                          WEXITSTATUS(answer->status), words);
    }
    if (answer->failed == ETIMEDOUT) {
        return fail(err, 0, "%s did not get ready in time; its last output: %s", name, words);
    }
    return fail(err, answer->failed, "starting %s", services->programs[answer->program].path);
}

int first_start_services(pid_t first, int control, const struct first_services *services,
                         uint64_t within_ns, struct error *err)
{
    struct answer answer = {.failed = EIO, .program = -1};
    if (write(control, &within_ns, sizeof within_ns) != sizeof within_ns) {
        return fail(err, errno, "process %d", (int)first);
    }
    uint64_t deadline = clock_monotonic_ns() + within_ns + GRACE_NS;
    int rc = stop_wait(control, POLLIN, deadline, err);
    if (rc <= 0) {
        return rc < 0 ? rc : fail(err, ETIMEDOUT, "starting services in process %d", (int)first);
    }
    if (read(control, &answer, sizeof answer) != (ssize_t)sizeof answer) {
        return fail(err, ESRCH, "starting services: process %d", (int)first);
    }
    return answer.failed == 0 ? 0 : explain(services, &answer, err);
}

int first_enter_root(pid_t first)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/root", (int)first);
    _cleanup_close_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)first);
    _cleanup_close_ int mounts = open(path, O_RDONLY | O_CLOEXEC);
    if (root < 0 || mounts < 0 || setns(mounts, CLONE_NEWNS) < 0 || fchdir(root) < 0 ||
        chroot(".") < 0 || chdir("/") < 0) {
        return -errno;
    }
    return 0;
}
