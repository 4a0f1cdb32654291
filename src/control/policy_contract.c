// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/policy_contract — shares by the recent load that contracts cover. Load above a contract's
 * rate, and networks without a contract, get what is left.
 */
#include "control/policy.h"

static double load_held(const struct control_view *view, size_t flow)
{
    return view->flows[flow].held_pps;
}

static void contract_divide(const struct control_view *view, double *ret)
{
    need_divide(view, load_held, ret);
}

const struct control_policy control_policy_contract = {
    .name = "contract",
    .summary = "shares by the load that contracts cover, by priority",
    .lazy = true,
    .divide = contract_divide,
};
