// SPDX-License-Identifier: GPL-3.0-or-later
// base/stop — see stop.h.
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"

#define LAST_WORDS_NS  NS_PER_S // time for output after a stop
#define PIPE_CHUNK     4096U // bytes that a pipe accepts without blocking once it is writable (pipe(7))
#define TERMINAL_CHUNK 256U // the same for a terminal (Linux: WAKEUP_CHARS)
#define FEW            8U   // descriptors that are polled without an allocation
#define REQUESTS       2U   // descriptors that a request to stop makes readable

static int descriptor = -1; // signalfd
static _Thread_local struct stop_flag *own;
static atomic_bool requested;
static sigset_t mask_before;

static void give_mask_back(void)
{
    (void)pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
}

void stop_install(void)
{
    static bool installed;
    struct sigaction hangup;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (sigaction(SIGHUP, NULL, &hangup) < 0 || hangup.sa_handler != SIG_IGN) {
        sigaddset(&signals, SIGHUP);
    }
    (void)pthread_sigmask(SIG_BLOCK, &signals, installed ? NULL : &mask_before);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (fcntl(descriptor, F_GETFD) < 0) { // not open yet, or a child that has closed all its files
        descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    if (!installed) {
        (void)pthread_atfork(NULL, NULL, give_mask_back);
        installed = true;
    }
}

void stop_reset(void)
{
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, SIG_DFL);
    }
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void stop_flag_init(struct stop_flag *flag)
{
    flag->requested = false;
    flag->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void stop_flag_raise(struct stop_flag *flag)
{
    const uint64_t one = 1;
    flag->requested = true;
    (void)!write(flag->fd, &one, sizeof one);
}

void stop_flag_clear(struct stop_flag *flag)
{
    if (flag->fd >= 0) {
        close(flag->fd);
        flag->fd = -1;
    }
}

struct stop_flag *stop_use(struct stop_flag *flag)
{
    struct stop_flag *before = own;
    own = flag;
    return before;
}

int stop_fd(void)
{
    return descriptor;
}

bool stop_requested(void)
{
    if (own != NULL) {
        return own->requested;
    }
    if (!atomic_load_explicit(&requested, memory_order_relaxed)) {
        struct pollfd signals = {.fd = descriptor, .events = POLLIN};
        if (poll(&signals, 1, 0) != 1) {
            return false;
        }
        atomic_store(&requested, true);
    }
    return true;
}

// ---- waiting

static struct timespec time_left(uint64_t deadline_ns)
{
    uint64_t now = clock_monotonic_ns();
    uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
    return (struct timespec){.tv_sec = (time_t)(left / NS_PER_S),
                             .tv_nsec = (long)(left % NS_PER_S)};
}

// As ppoll(2) with a deadline; other signals do not end it.
static int poll_until(struct pollfd *fds, size_t count, uint64_t deadline_ns)
{
    for (;;) {
        struct timespec left = time_left(deadline_ns);
        int ready = ppoll(fds, count, deadline_ns == STOP_NO_DEADLINE ? NULL : &left, NULL);
        if (ready >= 0 || errno != EINTR) {
            return ready < 0 ? -errno : ready;
        }
    }
}

// Adds the descriptors that a request to stop makes readable.
static void add_requests(struct pollfd ret[REQUESTS])
{
    ret[0] = (struct pollfd){.fd = own == NULL ? descriptor : -1, .events = POLLIN};
    ret[1] = (struct pollfd){.fd = own == NULL ? -1 : own->fd, .events = POLLIN};
}

int stop_poll(struct pollfd *fds, size_t count, uint64_t deadline_ns, struct error *err)
{
    struct pollfd few[FEW + REQUESTS];
    _cleanup_free_ struct pollfd *many =
        count <= FEW ? NULL : memory_new_array(struct pollfd, count + REQUESTS);
    struct pollfd *all = many == NULL ? few : many;
    for (size_t i = 0; i < count; i++) {
        all[i] = fds[i];
    }
    add_requests(&all[count]);
    int ready = poll_until(all, count + REQUESTS, deadline_ns);
    if (ready < 0) {
        return fail(err, -ready, "waiting for a descriptor");
    }
    if (stop_requested()) {
        return fail_interrupted(err);
    }
    for (size_t i = 0; i < count; i++) {
        fds[i].revents = all[i].revents;
    }
    return ready;
}

int stop_wait(int fd, short events, uint64_t deadline_ns, struct error *err)
{
    struct pollfd one = {.fd = fd, .events = events};
    int ready = stop_poll(&one, 1, deadline_ns, err);
    return ready > 0 ? one.revents : ready;
}

int stop_sleep_until(uint64_t deadline_ns, struct error *err)
{
    return stop_poll(NULL, 0, deadline_ns, err);
}

int stop_sleep(uint64_t ns, struct error *err)
{
    return stop_sleep_until(clock_monotonic_ns() + ns, err);
}

// ---- reading and writing

ssize_t stop_read(int fd, void *bytes, size_t room, struct error *err)
{
    for (;;) {
        int ready = stop_wait(fd, POLLIN, STOP_NO_DEADLINE, err);
        if (ready < 0) {
            return ready;
        }
        ssize_t got = read(fd, bytes, room);
        if (got >= 0 || (errno != EINTR && errno != EAGAIN)) {
            return got < 0 ? fail(err, errno, "reading") : got;
        }
    }
}

static size_t chunk_of(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || S_ISREG(st.st_mode)) {
        return SIZE_MAX;
    }
    return S_ISCHR(st.st_mode) ? TERMINAL_CHUNK : PIPE_CHUNK;
}

// Waits until the descriptor is writable.
static int await_room(int fd, struct error *err)
{
    struct pollfd fds[1 + REQUESTS] = {{.fd = fd, .events = POLLOUT}};
    add_requests(&fds[1]);
    int ready = poll_until(fds, 1 + REQUESTS, STOP_NO_DEADLINE);
    if (ready > 0 && fds[0].revents == 0) {
        ready = poll_until(fds, 1, clock_monotonic_ns() + LAST_WORDS_NS);
    }
    if (ready < 0) {
        return fail(err, -ready, "waiting for a descriptor");
    }
    return ready == 0 ? fail_interrupted(err) : 0;
}

int stop_write(int fd, const void *bytes, size_t length, struct error *err)
{
    const char *at = bytes;
    size_t chunk = chunk_of(fd);
    while (length > 0) {
        int rc = await_room(fd, err);
        if (rc < 0) {
            return rc;
        }
        ssize_t put = write(fd, at, length < chunk ? length : chunk);
        if (put < 0 && errno != EINTR && errno != EAGAIN) {
            return fail(err, errno, "writing");
        }
        at += put < 0 ? 0 : put;
        length -= put < 0 ? 0 : (size_t)put;
    }
    return 0;
}

// ---- locking

// flock(2) has no descriptor to poll, and retrying without waiting would lose the lock to other
// waiters. A thread therefore waits in flock(2). If the caller gives up, the thread is left behind
// with its own descriptors.
struct lock_wait {
    int fd, done, operation;
};

static void *wait_in_flock(void *data)
{
    struct lock_wait *wait = data;
    uint64_t result = 0;
    do {
        result = flock(wait->fd, wait->operation) == 0 ? 1 : (uint64_t)errno + 1;
    } while (result == EINTR + 1);
    (void)!write(wait->done, &result, sizeof result);
    close(wait->fd);
    close(wait->done);
    free(wait);
    return NULL;
}

int stop_lock(int fd, int operation, struct error *err)
{
    if (stop_requested()) {
        return fail_interrupted(err);
    }
    if (flock(fd, operation | LOCK_NB) == 0) {
        return 0;
    }
    if (errno != EWOULDBLOCK) {
        return fail(err, errno, "locking");
    }
    _cleanup_close_ int done = eventfd(0, EFD_CLOEXEC);
    struct lock_wait *wait = memory_new(1, sizeof *wait);
    *wait = (struct lock_wait){.fd = dup(fd), .done = dup(done), .operation = operation};
    pthread_t thread = 0;
    int why = done < 0 || wait->fd < 0 || wait->done < 0
                  ? errno
                  : thread_start(&thread, wait_in_flock, wait);
    if (why != 0) {
        cleanup_close(&wait->fd);
        cleanup_close(&wait->done);
        free(wait);
        return fail(err, why, "locking");
    }
    (void)pthread_detach(thread);
    uint64_t result = 0;
    ssize_t got = stop_read(done, &result, sizeof result, err);
    if (got < 0) {
        return (int)got;
    }
    return result == 1 ? 0 : fail(err, (int)result - 1, "locking");
}
