// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/probe — see probe.h.
#include "testbed/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"

#define AGAIN_NS (200U * NS_PER_MS) // interval of datagrams

struct probe {
    const struct plan_path *path;
    int from, to; // sockets; -1 = none
    bool through;
};

// Opens a datagram socket at that interface's address.
static int open_at(const struct testbed *testbed, const struct plan_interface *interface,
                   struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    struct sockaddr_storage name;
    unsigned size = ip_socket_address(&interface->ip.address, 0, &name);
    int rc = netns_visit(testbed->netns[interface->node], &visit, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_close_ int fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, size) < 0) {
        return fail(err, errno, "a socket to probe a router with");
    }
    return steal_fd(&fd);
}

static int open_probe(const struct testbed *testbed, struct probe *probe, struct error *err)
{
    const struct plan *plan = testbed->plan;
    const struct plan_interface *source = &plan->interfaces[plan_sender(plan, probe->path)];
    const struct plan_interface *sink = &plan->interfaces[plan_receiver(plan, probe->path)];
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    probe->to = open_at(testbed, sink, err);
    probe->from = probe->to < 0 ? -1 : open_at(testbed, source, err);
    if (probe->from < 0) {
        return -EIO;
    }
    if (getsockname(probe->to, (struct sockaddr *)&name, &size) < 0 ||
        connect(probe->from, (struct sockaddr *)&name, size) < 0) {
        return fail(err, errno, "a socket to probe a router with");
    }
    return 0;
}

static size_t open_probes(const struct testbed *testbed, size_t router, struct probe *probes,
                          int *ret_rc, struct error *err)
{
    const struct plan *plan = testbed->plan;
    size_t count = 0;
    *ret_rc = 0;
    for (size_t i = 0; *ret_rc == 0 && i < plan->scenario->network_count; i++) {
        if (plan->scenario->networks[plan->paths[i].network].router == router) {
            probes[count] = (struct probe){.path = &plan->paths[i], .from = -1, .to = -1};
            *ret_rc = open_probe(testbed, &probes[count++], err);
        }
    }
    return count;
}

// Reads what has arrived. Other datagrams than the probe's are not expected, but handled.
static void take(struct probe *probe, uint64_t token)
{
    uint64_t got = 0;
    ssize_t length;
    while ((length = recv(probe->to, &got, sizeof got, MSG_TRUNC)) >= 0) {
        probe->through |= length == (ssize_t)sizeof got && got == token;
    }
}

static int run(const struct testbed *testbed, size_t router, struct probe *probes, size_t count,
               struct error *err)
{
    const struct scenario *scenario = testbed->plan->scenario;
    uint64_t within_ns = scenario->routers[router].ready_within_ns;
    uint64_t until_ns = clock_monotonic_ns() + within_ns;
    uint64_t token = 0;
    struct pollfd *fds = memory_new_array(struct pollfd, count + 1);
    const struct probe *missing = &probes[0];
    int rc = 0;
    (void)!getrandom(&token, sizeof token, 0);
    fds[count] = (struct pollfd){
        .fd = testbed->platform->ops->watch(testbed->routers[router].router), .events = POLLIN};
    while (rc == 0 && missing != NULL) {
        missing = NULL;
        for (size_t i = 0; i < count; i++) {
            fds[i] = (struct pollfd){.fd = probes[i].through ? -1 : probes[i].to, .events = POLLIN};
            // No route yet, or an unresolved neighbour: the reason for waiting.
            (void)!(probes[i].through ? 0 : send(probes[i].from, &token, sizeof token, 0));
        }
        rc = stop_poll(fds, count + 1, clock_monotonic_ns() + AGAIN_NS, err);
        if (rc < 0) {
            break;
        }
        rc = 0;
        for (size_t i = 0; i < count; i++) {
            take(&probes[i], token);
            missing = probes[i].through || missing != NULL ? missing : &probes[i];
        }
        if (fds[count].fd < 0 || fds[count].revents != 0) {
            rc = fail(err, ESRCH, "router %s ended before it forwarded",
                      scenario->routers[router].name);
        } else if (missing != NULL && clock_monotonic_ns() >= until_ns) {
            rc = fail(err, ETIMEDOUT,
                      "router %s forwarded nothing from the source to the sink of network %s "
                      "within %.0f s (ready_within)",
                      scenario->routers[router].name,
                      scenario->networks[missing->path->network].name,
                      (double)within_ns / (double)NS_PER_S);
        }
    }
    free(fds);
    return rc;
}

int testbed_probe(const struct testbed *testbed, size_t router, struct error *err)
{
    struct probe *probes = memory_new_array(struct probe, testbed->plan->path_count);
    int rc = 0;
    size_t count = open_probes(testbed, router, probes, &rc, err);
    if (rc == 0 && count > 0) {
        rc = run(testbed, router, probes, count, err);
    }
    for (size_t i = 0; i < count; i++) {
        if (probes[i].from >= 0) {
            close(probes[i].from);
        }
        if (probes[i].to >= 0) {
            close(probes[i].to);
        }
    }
    free(probes);
    return rc;
}
