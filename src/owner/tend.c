// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/tend — deaths of routers. A descriptor watches each running router (a pidfd for a local
 * process); a dead router is restarted or removed by its scenario's on_crash, on_poweroff and
 * on_reboot.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "owner/owned.h"
#include "testbed/standing.h"

#define RESTARTS_NS (10U * NS_PER_S)

// Whether another restart of a router would exceed RESTARTS.
static bool restart_is_hopeless(struct owned *owned, size_t router)
{
    uint64_t now = clock_monotonic_ns();
    uint64_t *times = owned->restarts[router];
    bool hopeless = times[0] != 0 && now - times[0] < RESTARTS_NS;
    memmove(times, times + 1, (RESTARTS - 1) * sizeof *times);
    times[RESTARTS - 1] = now;
    return hopeless;
}

static void tend_router(struct owned *owned, size_t router, uint64_t noticed_ns)
{
    struct testbed *testbed = owned->testbed;
    struct router_fate fate;
    struct error err = ERROR_INIT;
    testbed_router_fate(testbed, router, &fate);
    bool restart = fate.restart && !restart_is_hopeless(owned, router);
    log_warning("owner", "testbed %s: router %s (id %u) %s", testbed_name(testbed),
                testbed_router_name(testbed, router), fate.life,
                fate.state == ROUTER_CRASHED ? "died" : "ended itself");
    int rc = restart ? testbed_restart_router(testbed, router, noticed_ns, &err)
                     : testbed_destroy_router(testbed, router, fate.state, &err);
    if (rc < 0) {
        log_warning("owner", "%s", err.text);
    }
    error_clear(&err);
}

// Of an owner that died while it made or rebooted a router.
static void finish_router(struct testbed *testbed)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    log_note("owner", "testbed %s: finishing router %s, which was being made",
             testbed_name(testbed),
             testbed_router_name(testbed, testbed_unfinished_router(testbed)));
    if (testbed_finish_router(testbed, &err) < 0) {
        log_warning("owner", "%s", err.text);
    }
}

static int tend_job(struct owned *owned, struct job *job, struct error *err)
{
    (void)err;
    size_t count = testbed_router_count(owned->testbed);
    if (testbed_unfinished_router(owned->testbed) != SIZE_MAX) {
        finish_router(owned->testbed);
    }
    if (owned->restarts == NULL) {
        owned->restarts = memory_new(count, sizeof *owned->restarts);
    }
    for (size_t i = 0; i < count; i++) {
        if (testbed_router_has_died(owned->testbed, i)) {
            tend_router(owned, i, job->ordered_ns);
        }
    }
    return 0;
}

static void tend_order(struct owned *owned)
{
    if (!owned->ends && work_order_once(owned, "tending to routers that died", tend_job) != NULL) {
        work_start(owned);
    }
}

static int tend_noticed(sd_event_source *source, int fd, uint32_t events, void *context)
{
    (void)events;
    // Reaps a router that is a child of this process.
    (void)waitid(P_PIDFD, (id_t)fd, &(siginfo_t){0}, WEXITED | WNOHANG);
    (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    tend_order(context);
    return 0;
}

static void watch_router(struct owned *owned, struct watch *watch, size_t router)
{
    unsigned life = 0;
    int fd = testbed_watch_router(owned->testbed, router, &life);
    if (watch->source != NULL && (fd == -ENOENT || watch->life != life)) {
        watch->source = sd_event_source_disable_unref(watch->source);
    }
    if (fd == -ENOENT || watch->source != NULL) {
        return;
    }
    if (fd < 0) {
        tend_order(owned); // the router is already dead
        return;
    }
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0 || sd_event_add_io(owned->owner->loop, &watch->source, own, EPOLLIN, tend_noticed,
                                   owned) < 0) {
        log_warning("owner",
                    "router %s of testbed %s can't be watched and is not restarted if it dies",
                    testbed_router_name(owned->testbed, router), owned->name);
        if (own >= 0) {
            close(own);
        }
        return;
    }
    (void)sd_event_source_set_io_fd_own(watch->source, 1);
    watch->life = life;
}

void tend_watch(struct owned *owned)
{
    size_t count = testbed_router_count(owned->testbed);
    if (owned->watch_count != count) {
        owned->watches = memory_new(count, sizeof *owned->watches);
        owned->watch_count = count;
    }
    if (testbed_unfinished_router(owned->testbed) != SIZE_MAX) {
        tend_order(owned);
    }
    for (size_t i = 0; i < count; i++) {
        watch_router(owned, &owned->watches[i], i);
    }
}

void tend_forget(struct owned *owned)
{
    for (size_t i = 0; i < owned->watch_count; i++) {
        (void)sd_event_source_disable_unref(owned->watches[i].source);
    }
    free(owned->watches);
    owned->watches = NULL;
    owned->watch_count = 0;
}
