// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/policy_contract — shares by the recent load that contracts cover. Load above a contract's
 * rate, and networks without a contract, get what is left.
 */
#include "control/policy.h"

#include <stdlib.h>

#include "base/text.h"

static void contract_divide(const struct control_view *view, double *ret)
{
    const struct control_setup *setup = view->setup;
    double *pps = memory_new_array(double, setup->flow_count);
    double *offered = memory_new_array(double, setup->flow_count);
    for (size_t f = 0; f < setup->flow_count; f++) {
        pps[f] = need_covered(&setup->flows[f], view->flows[f].held_pps);
        offered[f] = view->flows[f].held_pps;
    }
    need_divide(view, pps, offered, ret);
    free(offered);
    free(pps);
}

const struct control_policy control_policy_contract = {
    .name = "contract",
    .summary = "shares by the load that contracts cover, by priority",
    .lazy = true,
    .divide = contract_divide,
};
