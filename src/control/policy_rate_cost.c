// SPDX-License-Identifier: GPL-3.0-or-later
// control/policy_rate_cost — NFVnice's rule (Kulkarni et al., SIGCOMM 2017, section 3.2): shares by
// arrival rate times the cost of a packet, without regard to contracts.
#include "control/policy.h"

#include <stdlib.h>

#include "base/text.h"

static void rate_cost_divide(const struct control_view *view, double *ret)
{
    const struct control_setup *setup = view->setup;
    double *pps = memory_new_array(double, setup->flow_count);
    for (size_t f = 0; f < setup->flow_count; f++) {
        pps[f] = view->flows[f].offered_pps;
    }
    need_of_loads(view, pps, pps, ret);
    for (size_t i = 0; i < setup->party_count; i++) {
        ret[i] = ret[i] < 1.0 ? 1.0 : ret[i];
    }
    free(pps);
}

const struct control_policy control_policy_rate_cost = {
    .name = "rate-cost",
    .summary = "shares by arrival rate times the cost of a packet",
    .divide = rate_cost_divide,
};
