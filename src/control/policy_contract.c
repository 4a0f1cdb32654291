// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/policy_contract — shares by the full rates of the contracts, as long as the CPU suffices
 * for their present loads: what a router does not use of its share goes to the others, so that
 * these shares keep every contract, at once after each step. If the CPU does not suffice, contracts
 * are served by priority. Load above a contract's rate, and networks without a contract, get what
 * is left.
 */
#include "control/policy.h"

static double load_held(const struct control_view *view, size_t flow)
{
    return view->flows[flow].held_pps;
}

static double load_recent(const struct control_view *view, size_t flow)
{
    return view->flows[flow].offered_pps;
}

static void contract_divide(const struct control_view *view, double *ret)
{
    if (view->strained) {
        need_by_priority(view, load_recent, ret);
    } else {
        need_reserve(view, load_held, ret);
    }
}

const struct control_policy control_policy_contract = {
    .name = "contract",
    .summary = "shares by the rates of the contracts, and by priority if the CPU does not suffice",
    .lazy = true,
    .divide = contract_divide,
};
