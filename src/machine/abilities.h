// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/abilities — what can be done with the machines of a URI, each tested harmlessly: by a
 * call that only reads, or by one that must be refused for another reason than lack of the ability.
 * Nothing is derived from a driver's name. Called by cli/cmd_doctor.
 */
#ifndef VRBENCH_MACHINE_ABILITIES_H
#define VRBENCH_MACHINE_ABILITIES_H

#include <stddef.h>

#include "base/error.h"

enum ability_answer {
    ABILITY_YES,
    ABILITY_NO,
    ABILITY_UNKNOWN, // there is no machine to test with, or the test would do harm
};
const char *ability_answer_name(enum ability_answer answer); // "yes", "no", "unknown"

struct ability {
    const char *name; // "list", "state", "weight", …
    enum ability_answer answer;
    char *found; // object and result of the test; the reason if the ability is missing
};

struct abilities {
    char *summary; // driver, versions, computer
    struct ability *items;
    size_t count;
};
void abilities_clear(struct abilities *abilities);

// Appends an ability; takes ownership of `found`, which may be NULL.
void abilities_add(struct abilities *abilities, const char *name, enum ability_answer answer,
                   char *found);

#endif
