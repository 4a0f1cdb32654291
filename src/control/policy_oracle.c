// SPDX-License-Identifier: GPL-3.0-or-later
// control/policy_oracle — shares by the future load that contracts cover: the upper bound of what
// any policy reaches. Only the simulator knows future loads.
#include "control/policy.h"

#include <stdlib.h>

#include "base/text.h"

static void oracle_divide(const struct control_view *view, double *ret)
{
    const struct control_setup *setup = view->setup;
    double *pps = memory_new_array(double, setup->flow_count);
    double *offered = memory_new_array(double, setup->flow_count);
    for (size_t f = 0; f < setup->flow_count; f++) {
        offered[f] = view->flows[f].foreseen_pps;
        pps[f] = need_covered(&setup->flows[f], offered[f]);
    }
    need_divide(view, pps, offered, ret);
    free(offered);
    free(pps);
}

const struct control_policy control_policy_oracle = {
    .name = "oracle",
    .summary = "shares by future loads: an upper bound, in simulations only",
    .foresees = true,
    .divide = oracle_divide,
};
