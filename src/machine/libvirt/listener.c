// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/listener — see listener.h.
#include "machine/libvirt/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"

#define ENDS_NS     (5 * NS_PER_S) // of the thread, after its stream is aborted
#define HEARD_BYTES (1 << 20)      // buffer for a console's output before it is read

static void *listen_to(void *data)
{
    const struct listener *listener = data;
    char bytes[4096];
    int length = 0;
    bool good = true;
    while (good && (length = virStreamRecv(listener->stream, bytes, sizeof bytes)) > 0) {
        for (int at = 0; good && at < length;) {
            ssize_t put = write(listener->write_end, bytes + at, (size_t)(length - at));
            good = put >= 0 || errno == EINTR;
            at += put < 0 ? 0 : (int)put;
        }
    }
    close(listener->write_end);
    return NULL;
}

// Starts the thread on a pipe.
static int start_reading(struct listener *listener, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return fail(err, errno, "a pipe");
    }
    (void)fcntl(ends[0], F_SETPIPE_SZ, HEARD_BYTES); // on failure it holds less
    listener->fd = ends[0];
    listener->write_end = ends[1];
    int why = thread_start(&listener->thread, listen_to, listener);
    if (why != 0) {
        close(ends[0]);
        close(ends[1]);
        return fail(err, why, "a thread for the console");
    }
    return 0;
}

int listener_start(virDomainPtr domain, const char *called, struct listener **ret,
                   struct error *err)
{
    virStreamPtr stream = virStreamNew(virDomainGetConnect(domain), 0);
    bool open = stream != NULL && virDomainOpenConsole(domain, NULL, stream, 0) == 0;
    struct listener *listener = memory_new(1, sizeof *listener);
    listener->stream = stream;
    int rc = open ? start_reading(listener, err) : fail_libvirt(err, "the console of %s", called);
    if (rc == 0) {
        *ret = listener;
        return 0;
    }
    if (open) {
        (void)virStreamAbort(stream);
    }
    if (stream != NULL) {
        (void)virStreamFree(stream);
    }
    free(listener);
    return rc;
}

bool listener_say(const struct listener *listener, const char *bytes, size_t length)
{
    while (length > 0) {
        int sent = virStreamSend(listener->stream, bytes, length);
        if (sent < 0) {
            return false;
        }
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

// libvirt may miss that a stream is aborted if a receiver is about to wait (its client checks the
// state of the stream, then queues a call that nobody answers). Such a thread is left behind with
// its listener, since nothing but the end of the connection wakes it up.
void listener_stop(struct listener *listener)
{
    if (listener == NULL) {
        return;
    }
    // First the pipe, which may be full, then the stream.
    close(listener->fd);
    (void)virStreamAbort(listener->stream);
    const uint64_t until_ns = clock_monotonic_ns() + ENDS_NS;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                                   .tv_nsec = (long)(until_ns % NS_PER_S)};
    if (pthread_clockjoin_np(listener->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
        log_warning("libvirt", "a thread that read a console does not end");
        (void)pthread_detach(listener->thread);
        return;
    }
    (void)virStreamFree(listener->stream);
    free(listener);
}
