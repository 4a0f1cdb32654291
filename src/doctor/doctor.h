// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * doctor/doctor — what this machine is, and what it can and can't do for a measurement.
 */
#ifndef VRBENCH_DOCTOR_DOCTOR_H
#define VRBENCH_DOCTOR_DOCTOR_H

#include <stdbool.h>

#include <stddef.h>

enum finding_level {
    FINDING_GOOD,
    FINDING_LIMIT,   // works, but figures or speed suffer
    FINDING_MISSING, // `vrbench run` can't do its work
};

struct finding {
    const char *subject; // "threaded NAPI", …
    enum finding_level level;
    char *found;   // what was found
    char *follows; // what that means; NULL if all is well
    char *mends;   // what would mend it; NULL if all is well
};

struct computer {
    char *hostname, *kernel, *cpu_model, *virtualisation, *system;
    unsigned cpus_usable, cpus_online;
    unsigned long long memory_bytes;
    struct finding *findings;
    size_t finding_count;
};

// Looks around, by trying things out in namespaces that are gone again afterwards. Takes a little
// over `steal_ms` milliseconds, during which steal is watched; 0 = don't.
// With `caps`, tries out which caps hold (another second or two).
void computer_inspect(unsigned steal_ms, bool caps, struct computer *ret);
void computer_clear(struct computer *machine);
const char *finding_level_name(enum finding_level level); // "good", "limit", "missing"

#endif
