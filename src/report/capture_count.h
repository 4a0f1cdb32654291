// SPDX-License-Identifier: GPL-3.0-or-later
// report/capture_count — reads what tcpdump(1) says at its end. Called by `vrbench capture`.
#ifndef VRBENCH_REPORT_CAPTURE_COUNT_H
#define VRBENCH_REPORT_CAPTURE_COUNT_H

#include <stdbool.h>
#include <stdint.h>

// Reads the lines "N packet(s) captured" and "N packet(s) dropped by kernel" of tcpdump's standard
// error. False if the first is missing.
bool capture_count(const char *text, uint64_t *ret_captured, uint64_t *ret_dropped);
// Reads the latest line "tcpdump: N packet(s) captured, ... N packet(s) dropped by kernel", which
// it writes when SIGUSR1 arrives. Returns what is behind that line; NULL if there is none that is
// complete.
const char *capture_dropped(const char *text, uint64_t *ret_dropped);

#endif
