// SPDX-License-Identifier: GPL-3.0-or-later
// base/stop — SIGINT and SIGTERM as a request that every loop honours at its next safe point.
#ifndef VRBENCH_BASE_STOP_H
#define VRBENCH_BASE_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

// Installs the handlers (without SA_RESTART, so that sleeps end early). SIGPIPE is ignored.
void stop_install(void);
// True once SIGINT or SIGTERM has arrived.
bool stop_requested(void);
// Sleeps until CLOCK_MONOTONIC reads that; -EINTR as soon as either has arrived.
int stop_sleep_until(uint64_t deadline_ns, struct error *err);

#endif
