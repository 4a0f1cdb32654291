// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/reset — runs the engine while a router is rebooted (RFC 2544 section 26.6, RFC 6201).
 * Called by trial.c.
 */
#ifndef VRBENCH_MEASURE_RESET_H
#define VRBENCH_MEASURE_RESET_H

#include "measure/bench.h"

// Runs a trial, in which the router is rebooted after `after_ns`. Returns when both have ended.
int reset_run(struct bench *bench, const struct traffic_request *request, size_t router,
              uint64_t after_ns, struct traffic_count *counts, struct error *err);

#endif
