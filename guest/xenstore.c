// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/xenstore — the connection to the host in a domain of Xen: bytes through four nodes of
 * xenstore below the domain's own "data/vrbench", accessed by the kernel's /dev/xen/xenbus
 * (messages: Xen's docs/misc/xenstore.txt and public/io/xs_wire.h).
 *
 *     ask        host to guest: "SESSION NUMBER\n" and at most 1,536 bytes
 *     asked      guest to host: "SESSION NUMBER" of the last piece that it has read
 *     answer     guest to host, as "ask"
 *     answered   host to guest, as "asked"
 *
 * Each side writes its next piece, with the next number, when the other has read the last one. A
 * new SESSION number means a new host: data for the previous one is dropped. The host's side is
 * src/machine/xen/channel.c. Called by channel.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define DEVICE      "/dev/xen/xenbus"
#define FOLDER      "data/vrbench/"
#define PIECE_MAX   1536 // with its header below the 2,048 bytes that xenstored allows a domain
#define MESSAGE_MAX 4096

enum { XS_READ = 2, XS_WATCH = 4, XS_WRITE = 11, XS_WATCH_EVENT = 15, XS_ERROR = 16 };

struct xs_head {
    uint32_t type, request, transaction, length;
};

struct xenstore {
    struct port port; // first member: channel.c uses it only
    unsigned long session, received, sent;
    bool awaits_host;           // the host has not read the last piece yet
    bool ask_new, answered_new; // nodes that have changed
    uint32_t request;
    struct xs_head head; // header of the last message read
    char body[MESSAGE_MAX + 1];
};

// ---- messages

static int read_whole(int fd, char *to, size_t length, bool wait)
{
    size_t have = 0;
    while (have < length) {
        ssize_t got = read(fd, to + have, length - have);
        if (got > 0) {
            have += (size_t)got;
        } else if (got < 0 && errno == EAGAIN && (wait || have > 0)) {
            struct pollfd there = {.fd = fd, .events = POLLIN};
            (void)poll(&there, 1, -1);
        } else if (got == 0 || errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

// Reads one message; an event only sets a flag. -1 if there is none or, with `wait`, if reading
// fails.
static int read_message(struct xenstore *xs, bool wait)
{
    if (read_whole(xs->port.fd, (char *)&xs->head, sizeof xs->head, wait) < 0 ||
        xs->head.length > MESSAGE_MAX ||
        read_whole(xs->port.fd, xs->body, xs->head.length, true) < 0) {
        return -1;
    }
    xs->body[xs->head.length] = '\0';
    if (xs->head.type == XS_WATCH_EVENT) { // the payload is the path and the watch's token
        const char *word = xs->body + strlen(xs->body) + 1;
        if (word < xs->body + xs->head.length) {
            xs->ask_new |= strcmp(word, "ask") == 0;
            xs->answered_new |= strcmp(word, "answered") == 0;
        }
    }
    return 0;
}

// Sends a request to xenstored and waits for its reply, which is then in `body`.
static int request(struct xenstore *xs, uint32_t type, const char *payload, size_t length)
{
    char message[sizeof(struct xs_head) + MESSAGE_MAX];
    struct xs_head head = {.type = type, .request = ++xs->request, .length = (uint32_t)length};
    memcpy(message, &head, sizeof head);
    memcpy(message + sizeof head, payload, length);
    for (size_t put = 0; put < sizeof head + length;) {
        ssize_t now = write(xs->port.fd, message + put, sizeof head + length - put);
        if (now < 0 && errno != EINTR) {
            return -1;
        }
        put += now < 0 ? 0 : (size_t)now;
    }
    do {
        if (read_message(xs, true) < 0) {
            return -1;
        }
    } while (xs->head.type == XS_WATCH_EVENT || xs->head.request != head.request);
    return xs->head.type == XS_ERROR ? -1 : 0;
}

static int set_watch(struct xenstore *xs, const char *node)
{
    char payload[64];
    int length = snprintf(payload, sizeof payload, FOLDER "%s%c%s", node, '\0', node);
    return request(xs, XS_WATCH, payload, (size_t)length + 1);
}

static int write_node(struct xenstore *xs, const char *node, unsigned long number,
                      const char *bytes, size_t length)
{
    char payload[PIECE_MAX + 128];
    int head = snprintf(payload, 128, FOLDER "%s%c%lu %lu%s", node, '\0', xs->session, number,
                        length > 0 ? "\n" : "");
    if (length > 0) {
        memcpy(payload + head, bytes, length);
    }
    return request(xs, XS_WRITE, payload, (size_t)head + length);
}

// Reads a node's "SESSION NUMBER"; *ret_rest points at the text after it.
static int read_node(struct xenstore *xs, const char *node, unsigned long *ret_session,
                     unsigned long *ret_number, const char **ret_rest)
{
    char path[64];
    int length = snprintf(path, sizeof path, FOLDER "%s", node);
    char *end = NULL;
    if (request(xs, XS_READ, path, (size_t)length + 1) < 0) {
        return -1;
    }
    *ret_session = strtoul(xs->body, &end, 10);
    if (end == xs->body || *end != ' ') {
        return -1;
    }
    const char *number = end + 1;
    *ret_number = strtoul(number, &end, 10);
    *ret_rest = *end == '\n' ? end + 1 : end;
    return end == number ? -1 : 0;
}

// ---- bytes

static ssize_t xenstore_read(struct port *port, char *bytes, size_t room)
{
    struct xenstore *xs = (struct xenstore *)port;
    unsigned long session = 0;
    unsigned long number = 0;
    const char *rest = NULL;
    while (read_message(xs, false) == 0) {
    }
    if (xs->answered_new) {
        xs->answered_new = false;
        if (read_node(xs, "answered", &session, &number, &rest) == 0 && session == xs->session &&
            number == xs->sent) {
            xs->awaits_host = false;
        }
    }
    errno = EAGAIN;
    if (!xs->ask_new) {
        return -1;
    }
    xs->ask_new = false;
    if (read_node(xs, "ask", &session, &number, &rest) < 0) {
        errno = EAGAIN;
        return -1;
    }
    if (session != xs->session) {
        xs->session = session;
        xs->received = xs->sent = 0;
        xs->awaits_host = false;
    }
    size_t length = (size_t)(xs->body + xs->head.length - rest);
    errno = EAGAIN;
    if (number != xs->received + 1 || length > room) {
        return -1;
    }
    memcpy(bytes, rest, length);
    xs->received = number;
    (void)write_node(xs, "asked", number, NULL, 0);
    return (ssize_t)length;
}

static ssize_t xenstore_write(struct port *port, const char *bytes, size_t length)
{
    struct xenstore *xs = (struct xenstore *)port;
    size_t piece = length < PIECE_MAX ? length : PIECE_MAX;
    if (xs->session == 0 || xs->awaits_host) {
        errno = EAGAIN;
        return -1;
    }
    if (write_node(xs, "answer", xs->sent + 1, bytes, piece) < 0) {
        errno = EIO;
        return -1;
    }
    xs->sent++;
    xs->awaits_host = true;
    return (ssize_t)piece;
}

static bool xenstore_has_more(const struct port *port)
{
    const struct xenstore *xs = (const struct xenstore *)port;
    return xs->ask_new || xs->answered_new;
}

struct port *port_open_xenstore(void)
{
    int fd = open(DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct xenstore *xs = fd < 0 ? NULL : calloc(1, sizeof *xs);
    if (xs == NULL) {
        return NULL;
    }
    xs->port = (struct port){
        .fd = fd, .read = xenstore_read, .write = xenstore_write, .has_more = xenstore_has_more};
    // A new watch fires at once, so existing content is seen.
    if (set_watch(xs, "ask") < 0 || set_watch(xs, "answered") < 0) {
        say("xenstore: %s", strerror(errno));
        close(fd);
        free(xs);
        return NULL;
    }
    return &xs->port;
}
