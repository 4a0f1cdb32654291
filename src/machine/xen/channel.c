// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/channel — the host's end of the connection to a domain's guest: bytes through four
 * nodes of xenstore below the domain's "data/vrbench" (rules: guest/xenstore.c). A second console
 * would require a QEMU for each domain; xenstored runs anyway, and no request is made while packets
 * are counted.
 *
 * A thread moves the bytes between the nodes and a socket, which machine/guest_channel uses like
 * any other. It ends when the socket's other end is closed or the domain has ended. See domain.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"
#include "machine/xen/domain.h"

#define PIECE_MAX    1536
#define HEAD_MAX     48
#define LOCK_STEP_NS (10 * NS_PER_MS)

struct pump {
    struct xs_handle *store;
    uint32_t id;
    uint8_t uuid[XEN_UUID_SIZE];
    char *ask, *asked, *answer, *answered; // paths of the nodes
    int socket;
    int lock;
    unsigned long session, sent, received;
    bool awaits_guest; // the guest has not read the last piece yet
};

static void pump_free(struct pump *pump)
{
    if (pump->store != NULL) {
        xs_close(pump->store);
    }
    if (pump->socket >= 0) {
        close(pump->socket);
    }
    if (pump->lock >= 0) {
        close(pump->lock);
    }
    free(pump->ask);
    free(pump->asked);
    free(pump->answer);
    free(pump->answered);
    free(pump);
}

// ---- nodes

// Writes "SESSION NUMBER", a line feed and the bytes, if any.
static bool write_node(const struct pump *pump, const char *path, unsigned long number,
                       const char *bytes, size_t length)
{
    char value[HEAD_MAX + PIECE_MAX];
    int head =
        snprintf(value, HEAD_MAX, "%lu %lu%s", pump->session, number, length > 0 ? "\n" : "");
    if (length > 0) {
        memcpy(value + head, bytes, length);
    }
    return xs_write(pump->store, XBT_NULL, path, value, (unsigned)((size_t)head + length));
}

// Reads a node that the guest writes, with any content. The caller frees the value.
static bool read_node(const struct pump *pump, const char *path, unsigned long *ret_number,
                      char **ret_value, const char **ret_bytes, size_t *ret_length)
{
    unsigned length = 0;
    char *value = xs_read(pump->store, XBT_NULL, path, &length); // NUL-terminated
    char *end = NULL;
    *ret_value = value;
    if (value == NULL || strtoul(value, &end, 10) != pump->session || *end != ' ') {
        return false;
    }
    *ret_number = strtoul(end + 1, &end, 10);
    *ret_bytes = *end == '\n' ? end + 1 : end;
    *ret_length = (size_t)(value + length - *ret_bytes);
    return true;
}

// ---- both directions; false when the other side is gone

static bool take_from_host(struct pump *pump)
{
    char bytes[PIECE_MAX];
    ssize_t got = read(pump->socket, bytes, sizeof bytes);
    if (got <= 0) {
        return got < 0 && errno == EINTR;
    }
    pump->awaits_guest = true;
    return write_node(pump, pump->ask, ++pump->sent, bytes, (size_t)got);
}

static void see_asked(struct pump *pump)
{
    unsigned long number = 0;
    _cleanup_free_ char *value = NULL;
    const char *bytes = NULL;
    size_t length = 0;
    if (read_node(pump, pump->asked, &number, &value, &bytes, &length) && number == pump->sent) {
        pump->awaits_guest = false;
    }
}

static bool take_from_guest(struct pump *pump)
{
    unsigned long number = 0;
    _cleanup_free_ char *value = NULL;
    const char *bytes = NULL;
    size_t length = 0;
    if (!read_node(pump, pump->answer, &number, &value, &bytes, &length) ||
        number != pump->received + 1) {
        return true;
    }
    for (size_t sent = 0; sent < length;) {
        ssize_t put = send(pump->socket, bytes + sent, length - sent, MSG_NOSIGNAL);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        sent += put < 0 ? 0 : (size_t)put;
    }
    pump->received = number;
    return write_node(pump, pump->answered, number, NULL, 0);
}

static bool still_lives(const struct pump *pump)
{
    _cleanup_xen_ struct xen_connection *xen = NULL;
    return xen_open(&xen, NULL) < 0 || domain_lives(xen, pump->id, pump->uuid);
}

static bool take_news(struct pump *pump)
{
    char **event = NULL;
    bool good = true;
    while (good && (event = xs_check_watch(pump->store)) != NULL) {
        const char *token = event[XS_WATCH_TOKEN];
        if (strcmp(token, "asked") == 0) {
            see_asked(pump);
        } else if (strcmp(token, "answer") == 0) {
            good = take_from_guest(pump);
        } else {
            good = still_lives(pump);
        }
        free((void *)event);
    }
    return good;
}

static void *run_pump(void *data)
{
    struct pump *pump = data;
    bool good = true;
    while (good) {
        struct pollfd news[] = {
            {.fd = xs_fileno(pump->store), .events = POLLIN},
            // Its end is reported even without requested events.
            {.fd = pump->socket, .events = pump->awaits_guest ? 0 : POLLIN},
        };
        if (poll(news, 2, -1) < 0) {
            continue;
        }
        if (news[0].revents != 0) {
            good = take_news(pump);
        }
        if (good && (news[1].revents & POLLHUP) != 0) {
            good = false;
        } else if (good && (news[1].revents & POLLIN) != 0) {
            good = take_from_host(pump);
        }
    }
    pump_free(pump);
    return NULL;
}

// ---- connecting

// One host at a time.
static int take_lock(const char *path, uint64_t until_ns, struct error *err)
{
    _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(err, errno, "%s", path);
    }
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK || clock_monotonic_ns() >= until_ns) {
            return fail(err, errno == EWOULDBLOCK ? ETIMEDOUT : errno, "%s", path);
        }
        int rc = stop_sleep(LOCK_STEP_NS, err);
        if (rc < 0) {
            return rc;
        }
    }
    return steal_fd(&fd);
}

static int start_pump(struct pump *pump, struct error *err)
{
    pthread_t thread;
    pump->store = xs_open(0);
    if (pump->store == NULL || !xs_watch(pump->store, pump->asked, "asked") ||
        !xs_watch(pump->store, pump->answer, "answer") ||
        !xs_watch(pump->store, "@releaseDomain", "end")) {
        return fail(err, errno, "xenstore");
    }
    int why = thread_start(&thread, run_pump, pump);
    if (why != 0) {
        return fail(err, why, "a thread for the way to a guest");
    }
    (void)pthread_detach(thread);
    return 0;
}

int domain_channel(const struct guest_machine *guest, uint64_t until_ns, struct guest_channel **ret,
                   struct error *err)
{
    const struct xen_machine *router = xen_machine_of(&guest->base);
    _cleanup_free_ char *lock = text_format("%s.lock", router->guest.files);
    _cleanup_free_ char *folder = text_format("/local/domain/%u/data/vrbench", router->id);
    int ends[2];
    int fd = take_lock(lock, until_ns, err);
    if (fd < 0) {
        return fd;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        close(fd);
        return fail(err, errno, "a pair of sockets");
    }
    struct pump *pump = memory_new(1, sizeof *pump);
    *pump = (struct pump){
        .id = router->id,
        .ask = text_format("%s/ask", folder),
        .asked = text_format("%s/asked", folder),
        .answer = text_format("%s/answer", folder),
        .answered = text_format("%s/answered", folder),
        .socket = ends[0],
        .lock = fd,
        .session = (unsigned long)clock_realtime_ns(), // unique, because no two hosts begin at once
    };
    memcpy(pump->uuid, router->uuid, XEN_UUID_SIZE);
    int rc = start_pump(pump, err);
    if (rc < 0) {
        pump_free(pump);
    } else {
        rc = guest_adopt(ends[1], ret, err);
    }
    if (rc < 0) {
        close(ends[1]);
    }
    return rc;
}
