// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/keeper — see keeper.h. Started by standing.c. It holds no state of its own but the times
 * of restarts: everything is in the record, which it reads again whenever a command has changed it.
 */
#include "testbed/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/cpu.h"

#define LOOK_MS        200 // how soon a change of the record is seen
#define TAKE_WITHIN_NS (2U * NS_PER_S)
#define RESTARTS       5U // within RESTARTS_NS: then a router is given up
#define RESTARTS_NS    (10U * NS_PER_S)

struct keeper {
    struct testbed *testbed;
    int lock;                       // of the record: its owner's
    struct stat seen;               // of the record's file
    uint64_t (*restarts)[RESTARTS]; // by router: the last times, oldest first
};

static int look(const struct keeper *keeper, struct stat *ret)
{
    _cleanup_free_ char *path = text_format("%s.json", keeper->testbed->record->directory);
    return stat(path, ret);
}

static bool has_changed(const struct keeper *keeper)
{
    struct stat now;
    return look(keeper, &now) < 0 || now.st_ino != keeper->seen.st_ino ||
           now.st_mtim.tv_nsec != keeper->seen.st_mtim.tv_nsec ||
           now.st_mtim.tv_sec != keeper->seen.st_mtim.tv_sec;
}

// Caps stay as they were divided last, if they can't be divided anew.
static void divide(struct testbed *testbed)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    if (testbed_start_dividing(testbed, &err) < 0) {
        log_warning("keeper", "%s", err.text);
    }
}

// Reads the testbed anew; false if it is (being) taken down. The caller holds the change lock.
static bool reload(struct keeper *keeper)
{
    struct record *record = NULL;
    struct testbed *testbed = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    if (look(keeper, &keeper->seen) < 0 ||
        record_open(keeper->testbed->record->id, &record, NULL) < 0) {
        return false;
    }
    if (!json_is_true(json_object_get(record->content, "kept"))) {
        record_forget(record);
        return false;
    }
    if (testbed_attach(record, &testbed, &err) < 0) {
        log_warning("keeper", "%s", err.text);
        record_forget(record);
        return false;
    }
    testbed_free(keeper->testbed);
    keeper->testbed = testbed;
    divide(testbed);
    return true;
}

// Whether one more restart is too many, now.
static bool is_hopeless(struct keeper *keeper, size_t router)
{
    uint64_t now = clock_monotonic_ns();
    uint64_t *times = keeper->restarts[router];
    bool hopeless = times[0] != 0 && now - times[0] < RESTARTS_NS;
    memmove(times, times + 1, (RESTARTS - 1) * sizeof *times);
    times[RESTARTS - 1] = now;
    return hopeless;
}

// What the scenario says of such an end, and what the router is if that is not a restart.
static enum on_crash action_on(const struct testbed *testbed, size_t number,
                               enum router_state *ret_state)
{
    const struct scenario_router *asked = &testbed->plan->scenario->routers[number];
    const struct platform_ops *ops = testbed->platform->ops;
    enum router_end end =
        ops->ended == NULL ? ROUTER_END_CRASH : ops->ended(testbed->routers[number].router);
    *ret_state = end == ROUTER_END_CRASH ? ROUTER_CRASHED : ROUTER_DESTROYED;
    switch (end) {
    case ROUTER_END_POWEROFF:
        return asked->on_poweroff;
    case ROUTER_END_REBOOT:
        return asked->on_reboot;
    case ROUTER_END_CRASH:
        break;
    }
    return asked->on_crash;
}

static void handle_end(struct keeper *keeper, size_t number, uint64_t noticed_ns)
{
    struct testbed *testbed = keeper->testbed;
    struct testbed_router *router = &testbed->routers[number];
    enum router_state state = ROUTER_CRASHED;
    _cleanup_error_ struct error err = ERROR_INIT;
    bool restart =
        action_on(testbed, number, &state) == ON_CRASH_RESTART && !is_hopeless(keeper, number);
    log_warning("keeper", "router %s (id %u) %s", testbed->plan->scenario->routers[number].name,
                router->id, state == ROUTER_CRASHED ? "died" : "ended itself");
    uint64_t outage_ns = 0;
    router->restarts += restart;
    int rc = restart ? testbed_reboot_router(testbed, number, noticed_ns, &outage_ns, &err)
                     : testbed_destroy_router(testbed, number, state, &err);
    if (rc < 0) {
        log_warning("keeper", "%s", err.text);
    }
}

// Sees to routers that have died; false if the testbed is being taken down.
static bool tend(struct keeper *keeper)
{
    uint64_t noticed_ns = clock_monotonic_ns();
    const char *id = keeper->testbed->record->id;
    _cleanup_close_ int change = record_lock_change(id, NULL);
    // Who held the lock till now may have changed everything.
    if (change < 0 || !reload(keeper)) {
        return false;
    }
    size_t count = keeper->testbed->plan->topology == TOPOLOGY_DIRECT
                       ? 0
                       : keeper->testbed->plan->scenario->router_count;
    for (size_t i = 0; i < count; i++) {
        if (testbed_router_has_died(keeper->testbed, i)) {
            handle_end(keeper, i, noticed_ns);
        }
    }
    (void)look(keeper, &keeper->seen);
    return true;
}

// Waits until a router dies or it is time to look at the record again.
static bool await_death(const struct keeper *keeper)
{
    const struct testbed *testbed = keeper->testbed;
    size_t routers = testbed->plan->scenario->router_count;
    struct pollfd *ends = memory_new_array(struct pollfd, routers);
    nfds_t count = 0;
    bool dead = false; // one was before it could be watched
    for (size_t i = 0; i < routers; i++) {
        if (testbed->routers[i].router != NULL) {
            int fd = testbed->platform->ops->watch(testbed->routers[i].router);
            dead = dead || fd < 0;
            ends[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
        }
    }
    int ready = poll(ends, count, LOOK_MS);
    free(ends);
    return dead || ready > 0;
}

static void run(struct testbed *testbed)
{
    struct keeper keeper = {.testbed = testbed, .lock = steal_fd(&testbed->record->lock)};
    keeper.restarts = memory_new(testbed->plan->scenario->router_count, sizeof *keeper.restarts);
    (void)look(&keeper, &keeper.seen);
    (void)signal(SIGCHLD, SIG_IGN); // routers that others end are taken in by the kernel
    divide(testbed);
    bool going = true;
    while (going && !stop_requested()) {
        bool died = await_death(&keeper);
        if (died || has_changed(&keeper)) {
            going = tend(&keeper);
        }
    }
    testbed_free(keeper.testbed);
    free(keeper.restarts);
    close(keeper.lock);
}

int keeper_detach(const struct testbed *testbed, struct error *err)
{
    int rc = cpu_bind(0, &testbed->plan->tester_cpus, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ char *log = text_format("%s/keeper.log", testbed->record->directory);
    _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    _cleanup_close_ int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (null < 0 || out < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(out, STDERR_FILENO) < 0 || chdir("/") < 0) {
        return fail(err, errno, "detaching the keeper");
    }
    return 0;
}

// ---- starting one

// A session of its own, and of the files that its maker had open only the standard streams and
// `keep`: a lock among them would be held for good.
static void start_alone(int keep)
{
    (void)setsid();
    if (keep > 3) {
        close_range(3, (unsigned)keep - 1, 0);
    }
    close_range((unsigned)keep + 1, ~0U, 0);
}

// Sends how the making ended to the process that waits for it: the return value, the exit status
// and the text.
static void tell(int pipe_end, int rc, const struct error *err)
{
    int head[2] = {rc, err->exit_status};
    const char *text = err->text == NULL ? "" : err->text;
    if (write(pipe_end, head, sizeof head) == sizeof head) {
        (void)!write(pipe_end, text, strlen(text));
    }
}

// Who is told to stop meanwhile passes that on, and still hears how it ended.
static int hear(int pipe_end, pid_t keeper, struct error *err)
{
    int head[2] = {-EIO, EXIT_FAILED};
    char text[4096];
    size_t length = 0;
    ssize_t begun = read(pipe_end, head, sizeof head);
    while (begun < 0 && errno == EINTR) {
        if (stop_requested()) {
            (void)kill(keeper, SIGTERM);
        }
        begun = read(pipe_end, head, sizeof head);
    }
    if (begun != sizeof head) {
        return fail(err, 0, "the process that was to watch over the testbed has died");
    }
    for (ssize_t got = 1; got > 0 && length < sizeof text - 1; length += (size_t)got) {
        got = read(pipe_end, text + length, sizeof text - 1 - length);
        got = got < 0 ? 0 : got;
    }
    text[length] = '\0';
    if (head[0] < 0) {
        (void)fail(err, 0, "%s", text);
        err->exit_status = head[1];
    }
    return head[0];
}

int keeper_start(keeper_maker make, void *context, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return fail(err, errno, "making a pipe");
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct testbed *testbed = NULL;
        _cleanup_error_ struct error why = ERROR_INIT;
        start_alone(ends[1]);
        int rc = make(context, &testbed, &why);
        tell(ends[1], rc, &why);
        close(ends[1]);
        if (rc == 0) {
            run(testbed);
        }
        _exit(0);
    }
    int saved = errno;
    close(ends[1]);
    int rc = child < 0 ? fail(err, saved, "starting a keeper") : hear(ends[0], child, err);
    close(ends[0]);
    return rc;
}

// The new keeper, in a process of its own: who it is goes to the record before anybody waits.
static int take_over(void *context, struct testbed **ret, struct error *err)
{
    const char *id = context;
    struct record *record = NULL;
    struct testbed *testbed = NULL;
    int rc = record_open(id, &record, err);
    if (rc < 0) {
        return rc;
    }
    rc = testbed_attach(record, &testbed, err);
    if (rc < 0) {
        record_forget(record);
        return rc;
    }
    testbed->maker.pid = getpid();
    testbed->maker.started = process_start_time(getpid());
    rc = record_take_over(testbed->record, TAKE_WITHIN_NS, err);
    if (rc == 0) {
        rc = keeper_detach(testbed, err);
    }
    if (rc == 0) {
        rc = testbed_note(testbed, err);
    }
    if (rc < 0) {
        testbed_free(testbed);
        return rc;
    }
    *ret = testbed;
    return 0;
}

int keeper_revive(const char *id, struct error *err)
{
    _cleanup_free_ char *own = text_copy(id);
    int rc = keeper_start(take_over, own, err);
    if (rc < 0) {
        error_context(err, "starting a keeper for testbed %s", id);
    }
    return rc;
}
