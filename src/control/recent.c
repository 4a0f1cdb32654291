// SPDX-License-Identifier: GPL-3.0-or-later
// control/recent — see recent.h. Called by loop.c.
#include "control/recent.h"

#include <math.h>

void recent_least_note(struct recent_least *recent, uint64_t now_ns, double value)
{
    const uint64_t slots = now_ns / RECENT_SLOT_NS + 1;
    const uint64_t passed = recent->slots == 0 ? RECENT_SLOTS : slots - recent->slots;
    for (uint64_t i = 0; i < passed && i < RECENT_SLOTS; i++) {
        recent->least[(slots - i) % RECENT_SLOTS] = NAN;
    }
    recent->slots = slots;
    double *present = &recent->least[slots % RECENT_SLOTS];
    *present = fmin(*present, value);
}

double recent_least(const struct recent_least *recent)
{
    double least = NAN;
    for (unsigned i = 0; recent->slots > 0 && i < RECENT_SLOTS; i++) {
        least = fmin(least, recent->least[i]);
    }
    return least;
}
