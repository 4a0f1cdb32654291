// SPDX-License-Identifier: GPL-3.0-or-later
// machine/serial_play — see serial_play.h.
#include "machine/serial_play.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"

#define HEARD_MAX   (1U << 20) // limit of the stored console output in bytes
#define HEARD_KEPT  131072U    // kept of it when more arrives
#define TOLD_MAX    200U       // shown of it in an error
#define SEND_NS     (30 * NS_PER_S)
#define WAIT_MAX_NS (100 * NS_PER_MS) // interval of checks for an interruption by the user

struct heard {
    char *bytes;
    size_t length, room;
    size_t used; // up to the end of the last expected text
};

// ---- a descriptor as a port

static int await(int fd, short events, uint64_t until_ns, struct error *err)
{
    int ready = stop_wait(fd, events, until_ns, err);
    if (ready == 0) {
        return -ETIMEDOUT;
    }
    return ready < 0 ? ready : 0;
}

static ssize_t receive_fd(void *context, char *bytes, size_t room, uint64_t until_ns,
                          struct error *err)
{
    int fd = *(const int *)context;
    for (;;) {
        ssize_t got = read(fd, bytes, room);
        if (got > 0) {
            return got;
        }
        if (got == 0 || errno == EIO) { // EIO: the other end of a pty was closed
            return fail(err, ECONNRESET, "the console is gone");
        }
        if (errno != EAGAIN && errno != EINTR) {
            return fail(err, errno, "a console");
        }
        int rc = await(fd, POLLIN, until_ns, err);
        if (rc < 0) {
            return rc;
        }
    }
}

static int send_fd(void *context, const char *bytes, size_t length, uint64_t until_ns,
                   struct error *err)
{
    int fd = *(const int *)context;
    while (length > 0) {
        ssize_t put = write(fd, bytes, length);
        if (put > 0) {
            bytes += put;
            length -= (size_t)put;
        } else if (put < 0 && errno != EAGAIN && errno != EINTR) {
            return fail(err, errno, "a console");
        } else {
            int rc = await(fd, POLLOUT, until_ns, err);
            if (rc < 0) {
                return rc == -ETIMEDOUT ? fail(err, ETIMEDOUT, "a console") : rc;
            }
        }
    }
    return 0;
}

int serial_port_of(const int *fd, struct serial_port *ret, struct error *err)
{
    int flags = fcntl(*fd, F_GETFL);
    if (flags < 0 || fcntl(*fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return fail(err, errno, "a console");
    }
    *ret = (struct serial_port){.receive = receive_fd, .send = send_fd, .context = (void *)fd};
    return 0;
}

// ---- playing

// The end of the console's output, without control characters.
static char *last_words(const struct heard *heard)
{
    size_t from = heard->length > TOLD_MAX ? heard->length - TOLD_MAX : 0;
    if (from < heard->used) {
        from = heard->used;
    }
    char *text = text_copy("");
    for (size_t i = from; i < heard->length; i++) {
        char byte = heard->bytes[i];
        if (isprint((unsigned char)byte)) {
            text_append(&text, "", "%c", byte);
        } else if (byte == '\n') {
            text_append(&text, "", "\\n");
        }
    }
    return text;
}

static void make_room(struct heard *heard)
{
    if (heard->length >= HEARD_MAX) {
        size_t drop = heard->length - HEARD_KEPT;
        memmove(heard->bytes, heard->bytes + drop, HEARD_KEPT);
        heard->length = HEARD_KEPT;
        heard->used = heard->used > drop ? heard->used - drop : 0;
    }
    if (heard->length == heard->room) {
        heard->room = heard->room == 0 ? 4096 : heard->room * 2;
        heard->bytes = memory_resize(heard->bytes, heard->room, 1);
    }
}

static int expect(const struct serial_step *step, const struct serial_port *port,
                  struct heard *heard, struct error *err)
{
    uint64_t until = clock_monotonic_ns() + step->timeout_ns;
    for (;;) {
        const char *found = heard->length == heard->used
                                ? NULL
                                : memmem(heard->bytes + heard->used, heard->length - heard->used,
                                         step->text, step->length);
        if (found != NULL) {
            heard->used = (size_t)(found - heard->bytes) + step->length;
            return 0;
        }
        make_room(heard);
        ssize_t got = port->receive(port->context, heard->bytes + heard->length,
                                    heard->room - heard->length, until, err);
        if (got == -ETIMEDOUT) {
            _cleanup_free_ char *shown = last_words(heard);
            return fail(err, ETIMEDOUT, "line %u: the console did not say \"%s\" but \"%s\"",
                        step->line, step->text, shown);
        }
        if (got < 0) {
            error_context(err, "line %u", step->line);
            return (int)got;
        }
        heard->length += (size_t)got;
    }
}

int serial_script_play(const struct serial_script *script, const struct serial_port *port,
                       struct error *err)
{
    struct heard heard = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < script->count; i++) {
        const struct serial_step *step = &script->steps[i];
        if (step->deed == SERIAL_EXPECT) {
            rc = expect(step, port, &heard, err);
        } else {
            rc = port->send(port->context, step->text, step->length, clock_monotonic_ns() + SEND_NS,
                            err);
            if (rc < 0) {
                error_context(err, "line %u", step->line);
            }
        }
    }
    free(heard.bytes);
    return rc;
}
