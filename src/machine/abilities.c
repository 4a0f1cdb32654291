// SPDX-License-Identifier: GPL-3.0-or-later
// machine/abilities — see abilities.h. Each way has its own tests.
#include "machine/abilities.h"

#include <stdlib.h>

#include "base/text.h"

const char *ability_answer_name(enum ability_answer answer)
{
    static const char *const names[] = {
        [ABILITY_YES] = "yes", [ABILITY_NO] = "no", [ABILITY_UNKNOWN] = "unknown"};
    return names[answer];
}

void abilities_clear(struct abilities *abilities)
{
    for (size_t i = 0; i < abilities->count; i++) {
        free(abilities->items[i].found);
    }
    free(abilities->items);
    free(abilities->summary);
    *abilities = (struct abilities){0};
}

void abilities_add(struct abilities *abilities, const char *name, enum ability_answer answer,
                   char *found)
{
    abilities->items =
        memory_resize(abilities->items, abilities->count + 1, sizeof *abilities->items);
    abilities->items[abilities->count] = (struct ability){.name = name, .answer = answer};
    abilities->items[abilities->count++].found = found;
}
