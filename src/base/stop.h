// SPDX-License-Identifier: GPL-3.0-or-later
// base/stop — SIGINT and SIGTERM as a request that every loop honours at its next safe point.
#ifndef VRBENCH_BASE_STOP_H
#define VRBENCH_BASE_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

// A request to stop what one thread does, where several are at work: cleared by stop_flag_init().
struct stop_flag {
    _Atomic bool requested;
    int fd; // eventfd: readable once requested, for poll(2)
};
void stop_flag_init(struct stop_flag *flag);
void stop_flag_raise(struct stop_flag *flag);
void stop_flag_clear(struct stop_flag *flag); // closes the descriptor
// From now on stop_requested() of the calling thread is true also once `flag` is raised. NULL: no
// more.
void stop_use(struct stop_flag *flag);

// Installs the handlers (without SA_RESTART, so that sleeps end early). SIGPIPE is ignored.
void stop_install(void);
// True once SIGINT or SIGTERM has arrived.
bool stop_requested(void);
// Sleeps until CLOCK_MONOTONIC reads that; -EINTR as soon as either has arrived.
int stop_sleep_until(uint64_t deadline_ns, struct error *err);

#endif
