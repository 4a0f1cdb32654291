// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/death — reports when a router's domain has ended or, crashed or powered off, remains
 * in the hypervisor. xenstored reports that some domain has ended (watch "@releaseDomain"); a
 * thread of the platform finds which, and signals an eventfd for each router. See domain.h.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "machine/xen/domain.h"

#define RETRY_MS 1000

struct death {
    const struct xen_machine *router; // the watching router; only compared
    uint32_t id;
    uint8_t uuid[XEN_UUID_SIZE];
    int fd;
    bool reported;
};

struct xen_deaths {
    pthread_t thread;
    pid_t process; // process that has the thread
    pthread_mutex_t lock;
    int wake; // eventfd: check again
    bool stop;
    struct death *deaths;
    size_t count;
};

static void signal_eventfd(int fd)
{
    const uint64_t one = 1;
    (void)!write(fd, &one, sizeof one);
}

// Reports ended domains; without `xen` nothing is known. Returns false when the thread must end.
static bool look(struct xen_deaths *all, struct xen_connection *xen)
{
    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < all->count; i++) {
        struct death *death = &all->deaths[i];
        if (xen != NULL && !death->reported && !domain_lives(xen, death->id, death->uuid)) {
            death->reported = true;
            signal_eventfd(death->fd);
        }
    }
    bool go_on = !all->stop;
    pthread_mutex_unlock(&all->lock);
    return go_on;
}

// Opens the sources of deaths. Until that succeeds deaths are not noticed: the first failure is
// logged as a warning, and opening is retried.
static bool open_news(struct xs_handle **store, struct xen_connection **xen, bool *warned)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    *store = xs_open(0);
    if (*store != NULL && xs_watch(*store, "@releaseDomain", "death") && xen_open(xen, &err) == 0) {
        if (*warned) {
            log_note("xen", "the ends of domains are watched again");
        }
        *warned = false;
        return true;
    }
    if (!*warned) {
        log_warning("xen",
                    "the ends of domains can't be watched, which is tried again each second: "
                    "%s",
                    err.text == NULL ? "xenstored doesn't answer (package xen-utils-common: "
                                       "service xen start)"
                                     : err.text);
    }
    *warned = true;
    xs_close(*store);
    *store = NULL;
    return false;
}

// Waits for an event of xenstore, or to be woken. False if xenstored is gone.
static bool await_news(const struct xen_deaths *all, struct xs_handle *store)
{
    struct pollfd news[] = {{.fd = all->wake, .events = POLLIN},
                            {.fd = store == NULL ? -1 : xs_fileno(store), .events = POLLIN}};
    uint64_t times = 0;
    char **event = NULL;
    (void)poll(news, 2, store == NULL ? RETRY_MS : -1);
    (void)!read(all->wake, &times, sizeof times);
    while (store != NULL && (event = xs_check_watch(store)) != NULL) {
        free((void *)event);
    }
    return (news[1].revents & (POLLHUP | POLLERR)) == 0;
}

static void *watch_all(void *data)
{
    struct xen_deaths *all = data;
    _cleanup_xen_ struct xen_connection *xen = NULL;
    struct xs_handle *store = NULL;
    bool warned = false;
    do {
        if (store == NULL) {
            (void)open_news(&store, &xen, &warned);
        }
        if (!look(all, xen)) {
            break;
        }
        if (!await_news(all, store)) {
            xs_close(store);
            xen_close(steal_pointer(&xen));
            store = NULL;
        }
    } while (true);
    xs_close(store);
    return NULL;
}

static struct xen_deaths *deaths_new(void)
{
    struct xen_deaths *all = memory_new(1, sizeof *all);
    all->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    all->process = getpid();
    pthread_mutex_init(&all->lock, NULL);
    int why = all->wake < 0 ? errno : thread_start(&all->thread, watch_all, all);
    if (why != 0) {
        log_warning("xen", "the ends of domains can't be watched: a thread: %s", strerror(why));
        all->process = 0;
    }
    return all;
}

void deaths_free(struct xen_deaths *deaths)
{
    if (deaths == NULL) {
        return;
    }
    if (deaths->process == getpid()) {
        pthread_mutex_lock(&deaths->lock);
        deaths->stop = true;
        pthread_mutex_unlock(&deaths->lock);
        signal_eventfd(deaths->wake);
        (void)pthread_join(deaths->thread, NULL);
    }
    for (size_t i = 0; i < deaths->count; i++) {
        close(deaths->deaths[i].fd);
    }
    close(deaths->wake);
    free(deaths->deaths);
    free(deaths);
}

int domain_watch(const struct machine *machine)
{
    const struct xen_machine *router = xen_machine_of(machine);
    struct xen_platform *platform = xen_platform_of(router);
    int fd = -1;
    if (router->guest.ways->has_died(&router->guest)) {
        return -1;
    }
    if (platform->deaths == NULL) {
        platform->deaths = deaths_new();
    }
    struct xen_deaths *all = platform->deaths;
    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < all->count; i++) {
        fd = all->deaths[i].router == router ? all->deaths[i].fd : fd;
    }
    bool added = fd < 0;
    if (added) {
        fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        all->deaths = memory_resize(all->deaths, all->count + 1, sizeof *all->deaths);
        all->deaths[all->count] = (struct death){.router = router, .id = router->id, .fd = fd};
        memcpy(all->deaths[all->count++].uuid, router->uuid, XEN_UUID_SIZE);
    }
    pthread_mutex_unlock(&all->lock);
    if (added) {
        signal_eventfd(all->wake); // it may have ended since the last check
    }
    return fd;
}

void domain_unwatch(const struct xen_machine *router)
{
    struct xen_deaths *all = xen_platform_of(router)->deaths;
    if (all == NULL) {
        return;
    }
    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < all->count; i++) {
        if (all->deaths[i].router == router) {
            close(all->deaths[i].fd);
            all->deaths[i] = all->deaths[--all->count];
            break;
        }
    }
    pthread_mutex_unlock(&all->lock);
}
