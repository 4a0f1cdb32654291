// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/death — tells when a router's domain has ended or hangs, crashed or powered off, in
 * the hypervisor: xenstored says that something has ended (the watch "@releaseDomain"), a thread of
 * the platform looks what, and tells by an eventfd a router. See domain.h.
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

struct death {
    const struct router *router; // who it is told to; only compared
    uint32_t id;
    uint8_t uuid[XEN_UUID_SIZE];
    int fd;
    bool told;
};

struct xen_deaths {
    pthread_t thread;
    pid_t process; // whose thread it is
    pthread_mutex_t lock;
    int wake; // eventfd: look anew
    bool stop;
    struct death *deaths;
    size_t count;
};

static void tell(int fd)
{
    const uint64_t one = 1;
    (void)!write(fd, &one, sizeof one);
}

// Returns false when the thread is to end.
static bool look(struct xen_deaths *all, struct xen_connection *xen)
{
    pthread_mutex_lock(&all->lock);
    for (size_t i = 0; i < all->count; i++) {
        struct death *death = &all->deaths[i];
        if (!death->told && !domain_lives(xen, death->id, death->uuid)) {
            death->told = true;
            tell(death->fd);
        }
    }
    bool go_on = !all->stop;
    pthread_mutex_unlock(&all->lock);
    return go_on;
}

static void *watch_all(void *data)
{
    struct xen_deaths *all = data;
    _cleanup_xen_ struct xen_connection *xen = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    struct xs_handle *store = xs_open(0);
    if (store == NULL || !xs_watch(store, "@releaseDomain", "death") || xen_open(&xen, &err) < 0) {
        log_warning("xen", "the ends of domains can't be watched: %s",
                    err.text == NULL ? "xenstored doesn't answer" : err.text);
    }
    while (xen != NULL && look(all, xen)) {
        struct pollfd news[] = {{.fd = xs_fileno(store), .events = POLLIN},
                                {.fd = all->wake, .events = POLLIN}};
        uint64_t times = 0;
        char **event = NULL;
        (void)poll(news, 2, -1);
        (void)!read(all->wake, &times, sizeof times);
        while ((event = xs_check_watch(store)) != NULL) {
            free((void *)event);
        }
    }
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
        log_warning("xen", "the ends of domains can't be watched: %s", strerror(why));
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
        tell(deaths->wake);
        (void)pthread_join(deaths->thread, NULL);
    }
    for (size_t i = 0; i < deaths->count; i++) {
        close(deaths->deaths[i].fd);
    }
    close(deaths->wake);
    free(deaths->deaths);
    free(deaths);
}

int domain_watch(const struct router *router)
{
    struct xen_platform *platform = router->platform;
    int fd = -1;
    if (domain_has_died(router)) {
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
        tell(all->wake); // it may have ended since it was looked at
    }
    return fd;
}

void domain_unwatch(const struct router *router)
{
    struct xen_deaths *all = router->platform->deaths;
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
