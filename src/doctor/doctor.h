// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor/doctor — describes this machine, and tests what it supports of a measurement.
 */
#ifndef VRBENCH_DOCTOR_DOCTOR_H
#define VRBENCH_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "doctor/quiet.h"
#include "linux/tuning.h"

enum finding_level {
    FINDING_GOOD,
    FINDING_LIMIT,   // works, but figures or speed suffer
    FINDING_MISSING, // `vrbench run` can't measure
};

struct finding {
    const char *subject; // "threaded NAPI", …
    enum finding_level level;
    char *found;   // what was found
    char *follows; // its consequence; NULL for a good finding
    char *mends;   // its remedy; NULL for a good finding
};

struct computer {
    char *hostname, *kernel, *cpu_model, *virtualisation, *system;
    unsigned cpus_usable, cpus_online;
    unsigned long long memory_bytes;
    struct tuning tuning;
    struct finding *findings;
    size_t finding_count;
    bool looked; // whether the machine is quiet was found out:
    struct quiet_look look;
};

// Inspects the machine with tests in temporary namespaces. Then looks for `look_ms` milliseconds
// whether it is quiet (0 = does not look). With `caps`, also tests which mechanism holds a cap,
// which takes another second or two.
void computer_inspect(unsigned look_ms, bool caps, struct computer *ret);
void computer_clear(struct computer *machine);
const char *finding_level_name(enum finding_level level); // "good", "limit", "missing"

#endif
