// SPDX-License-Identifier: GPL-3.0-or-later
// study/reproduce_request — what to reproduce, and how. Filled by cmd_reproduce.c for reproduce.h.
#ifndef VRBENCH_STUDY_REPRODUCE_REQUEST_H
#define VRBENCH_STUDY_REPRODUCE_REQUEST_H

#include <stdbool.h>

#include "study/programme.h"

struct reproduce_request {
    const char *folder;
    const char *again; // command that continues the reproduction, for messages
    const char *platform;
    const struct timing *timing;
    unsigned wanted; // bits 1 << number of the claims
    bool resume;
    bool redo_disturbed;   // measure the disturbed points of earlier runs again
    bool noisy;            // measure even if the machine is not quiet
    bool unchecked;        // without the stability check before the first run
    unsigned wait_quiet_s; // wait so long for a quiet machine; 0 = REPRODUCE_WAIT_S
};

#endif
