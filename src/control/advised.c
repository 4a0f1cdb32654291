// SPDX-License-Identifier: GPL-3.0-or-later
// control/advised — see advised.h. Called by control/loop.
#include "control/advised.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

// The next character that belongs to no figure.
static const char *past_figures(const char *at)
{
    return at + strspn(at, "0123456789.");
}

static bool reasons_alike(const char *a, const char *b)
{
    for (a = past_figures(a), b = past_figures(b); *a == *b && *a != '\0';
         a = past_figures(a + 1), b = past_figures(b + 1)) {
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
