// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/pace — see pace.h. Called by pacer.c.
#include "traffic/pace.h"

#include <math.h>

#include "base/clock.h"

struct pace pace_constant(double pps, uint64_t start_ns)
{
    if (pps <= 0.0) {
        return (struct pace){.due_ns = start_ns};
    }
    double gap = (double)NS_PER_S / pps;
    double whole = floor(gap);
    double burst = fmin(pps * PACE_BURST_NS / (double)NS_PER_S, PACE_BURST_MAX);
    double catch_up = gap / PACE_CATCH_UP;
    return (struct pace){.due_ns = start_ns,
                         .gap_ns = (uint64_t)whole,
                         .gap_fraction = (uint32_t)((gap - whole) * 0x1p32),
                         .catch_up_ns = (uint64_t)catch_up,
                         .burst_ns = (uint64_t)(burst * catch_up)};
}
