// SPDX-License-Identifier: GPL-3.0-or-later
// control/policy_oracle — as policy contract, by future loads: the upper bound of what
// any policy reaches. Only the simulator knows future loads.
#include "control/policy.h"

static double load_foreseen(const struct control_view *view, size_t flow)
{
    return view->flows[flow].foreseen_pps;
}

static void oracle_divide(const struct control_view *view, double *ret)
{
    if (need_exceeds(view, load_foreseen)) {
        need_by_priority(view, load_foreseen, ret);
    } else {
        need_reserve(view, load_foreseen, ret);
    }
}

const struct control_policy control_policy_oracle = {
    .name = "oracle",
    .summary = "shares by future loads: an upper bound, in simulations only",
    .foresees = true,
    .divide = oracle_divide,
};
