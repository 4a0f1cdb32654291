// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/stop — the request to stop (SIGINT, SIGTERM, SIGHUP), and every wait that it must end.
 *
 * The three signals are blocked in all threads and never taken from the queue: one signalfd(2)
 * stays readable from the first of them on. A wait polls that descriptor beside its own, so that a
 * signal between a check and a wait is never lost. Whatever may block for longer than a moment
 * waits by a function of this file, except what removes things after a stop was requested: that
 * waits for a bounded time by base/clock.
 */
#ifndef VRBENCH_BASE_STOP_H
#define VRBENCH_BASE_STOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define STOP_NO_DEADLINE UINT64_MAX

// Blocks the signals and opens the descriptor; to be called before any thread is started, and
// again in a forked child that goes on as vrbench, once it has closed what it closes. SIGPIPE and
// SIGXFSZ are ignored, so that writes report EPIPE and EFBIG. SIGHUP is left alone if it is ignored
// already (nohup(1)). Children of fork(3) that are not ours (libxl's) get the mask back that was
// there before.
void stop_install(void);
// Gives the calling process, a child before execve(2), an empty mask and every signal its default
// action. System calls only.
void stop_reset(void);

// A request to stop the work of one thread, where several are at work.
struct stop_flag {
    _Atomic bool requested;
    int fd; // eventfd: readable once requested
};
void stop_flag_init(struct stop_flag *flag);
void stop_flag_raise(struct stop_flag *flag);
void stop_flag_clear(struct stop_flag *flag); // closes the descriptor
// From now on only a raised flag is a request to stop for the calling thread, and no signal: who
// raises it decides. NULL: signals again.
void stop_use(struct stop_flag *flag);

// Readable once a signal has requested a stop, for ever; nobody reads from it. -1 before
// stop_install().
int stop_fd(void);
// True once a stop is requested. A system call: not for the path of each packet.
bool stop_requested(void);

// As poll(2) until CLOCK_MONOTONIC reads `deadline_ns`: the number of descriptors that are ready, 0
// at the deadline, -EINTR (exit status 130) once a stop is requested. Other signals don't end it.
int stop_poll(struct pollfd *fds, size_t count, uint64_t deadline_ns, struct error *err);
// The same for one descriptor: its events, 0 or -EINTR.
int stop_wait(int fd, short events, uint64_t deadline_ns, struct error *err);
// Sleeps until CLOCK_MONOTONIC reads that, or for so long; -EINTR once a stop is requested.
int stop_sleep_until(uint64_t deadline_ns, struct error *err);
int stop_sleep(uint64_t ns, struct error *err);
// Reads what there is, once there is something: its length, 0 at the end of the file.
ssize_t stop_read(int fd, void *bytes, size_t room, struct error *err);
// Writes all to a pipe, terminal, socket or file. One that takes nothing more is left a second
// after a stop is requested; until then there is no limit.
int stop_write(int fd, const void *bytes, size_t length, struct error *err);
// Takes a lock of flock(2), LOCK_SH or LOCK_EX, in the kernel's order.
int stop_lock(int fd, int operation, struct error *err);

#endif
