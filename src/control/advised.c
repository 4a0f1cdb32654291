// SPDX-License-Identifier: GPL-3.0-or-later
// control/advised — see advised.h. Called by control/loop.
#include "control/advised.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

// Skips a word of digits at `at` in `text`; the digits of a name, such as NET0, stay.
static const char *past_figure(const char *text, const char *at)
{
    const size_t length = strspn(at, "0123456789.");
    const bool begins = at == text || at[-1] == ' ';
    const bool ends = strchr(" ;:", at[length]) != NULL; // also at the end of the text
    return begins && ends ? at + length : at;
}

static bool reasons_alike(const char *one, const char *other)
{
    const char *a = past_figure(one, one);
    const char *b = past_figure(other, other);
    while (*a == *b && *a != '\0') {
        a = past_figure(one, a + 1);
        b = past_figure(other, b + 1);
    }
    return *a == *b;
}

bool advised_take(struct advised *advised, const struct control_action *action, size_t party_count)
{
    bool same = advised->reason != NULL && reasons_alike(advised->reason, action->reason);
    for (size_t i = 0; same && i < party_count; i++) {
        const double now = action->shares[i].weight;
        const double last = advised->shares[i].weight;
        same = action->shares[i].cap == advised->shares[i].cap &&
               fabs(now - last) <= control_limits_usual.indifference * fmax(now, last);
    }
    if (!same) {
        advised_clear(advised);
        advised->reason = text_copy(action->reason);
        advised->shares = memory_new_array(struct control_share, party_count);
        memcpy(advised->shares, action->shares, party_count * sizeof *advised->shares);
    }
    return !same;
}

void advised_clear(struct advised *advised)
{
    free(advised->reason);
    free(advised->shares);
    *advised = (struct advised){.reason = NULL};
}
