// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/abilities — what can and can't be done with the machines of a URI, each found out by
 * trying it harmlessly: by a call that only reads, or by one that must be refused for another
 * reason than that it can't be done. Nothing is assumed from a name. Called by cli/cmd_doctor.
 */
#ifndef VRBENCH_MACHINE_ABILITIES_H
#define VRBENCH_MACHINE_ABILITIES_H

#include <stddef.h>

#include "base/error.h"

enum ability_answer {
    ABILITY_YES,
    ABILITY_NO,
    ABILITY_UNKNOWN, // there is no machine to try it on, or trying would do harm
};
const char *ability_answer_name(enum ability_answer answer); // "yes", "no", "unknown"

struct ability {
    const char *name; // "list", "state", "weight", …
    enum ability_answer answer;
    char *found; // on what it was tried and what came of it; the words there if it can't
};

struct abilities {
    char *summary; // driver, versions, computer
    struct ability *items;
    size_t count;
};
void abilities_clear(struct abilities *abilities);

// Adds one; it owns `found` then, which may be NULL.
void abilities_add(struct abilities *abilities, const char *name, enum ability_answer answer,
                   char *found);

#endif
