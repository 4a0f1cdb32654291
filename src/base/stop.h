// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/stop — the request to stop (SIGINT, SIGTERM, SIGHUP), and the waits that it ends.
 *
 * The three signals are blocked in all threads and never taken from the queue: one signalfd(2)
 * stays readable from the first signal on. Each wait polls that descriptor beside its own, so a
 * signal between a check and a wait is not lost. Every operation that may block for longer than a
 * moment waits by a function of this file. The exception is cleanup after a stop, which waits for a
 * bounded time by base/clock.
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

// Blocks the signals and opens the descriptor. Call it before any thread is started, and again in a
// forked child that continues as vrbench, after the child has closed its files. SIGPIPE and SIGXFSZ
// are ignored, so that writes report EPIPE and EFBIG. SIGHUP stays ignored if it is ignored already
// (nohup(1)). Children forked by libraries (libxl) get the earlier signal mask back.
void stop_install(void);
// Sets an empty signal mask and the default action of every signal in the calling process, a child
// before execve(2). Makes system calls only.
void stop_reset(void);

// A request to stop the work of one thread in a process with several workers.
struct stop_flag {
    _Atomic bool requested;
    int fd; // eventfd: readable once requested
};
void stop_flag_init(struct stop_flag *flag);
void stop_flag_raise(struct stop_flag *flag);
void stop_flag_clear(struct stop_flag *flag); // closes the descriptor
// From this call on, only `flag` stops the calling thread; signals do not. NULL: signals again.
// Returns what stopped the thread before, as such an argument.
struct stop_flag *stop_use(struct stop_flag *flag);

// Returns the descriptor that becomes readable at the first signal and stays so; never read from
// it. -1 before stop_install().
int stop_fd(void);
// Whether a stop is requested. Costs a system call: do not call it for each packet.
bool stop_requested(void);

// As poll(2) until CLOCK_MONOTONIC reads `deadline_ns`. Returns the number of ready descriptors, 0
// at the deadline, -EINTR (exit status 130) once a stop is requested. Other signals do not end it.
int stop_poll(struct pollfd *fds, size_t count, uint64_t deadline_ns, struct error *err);
// As stop_poll() for one descriptor. Returns its events, 0 at the deadline, or -EINTR.
int stop_wait(int fd, short events, uint64_t deadline_ns, struct error *err);
// Sleep until CLOCK_MONOTONIC reads `deadline_ns`, or for a duration; -EINTR once a stop is
// requested.
int stop_sleep_until(uint64_t deadline_ns, struct error *err);
int stop_sleep(uint64_t ns, struct error *err);
// Waits for data and reads it. Returns its length, 0 at the end of the file.
ssize_t stop_read(int fd, void *bytes, size_t room, struct error *err);
// Writes all bytes to a pipe, terminal, socket or file. Waits for a reader without limit, but after
// a request to stop for one second only.
int stop_write(int fd, const void *bytes, size_t length, struct error *err);
// Takes a lock of flock(2), LOCK_SH or LOCK_EX; waiters get it in the kernel's order.
int stop_lock(int fd, int operation, struct error *err);

#endif
