// SPDX-License-Identifier: GPL-3.0-or-later
// control/policy_rate_cost — NFVnice's rule (Kulkarni et al., SIGCOMM 2017, section 3.2): shares by
// arrival rate times the cost of a packet, without regard to contracts.
#include "control/policy.h"

static double load_offered(const struct control_view *view, size_t flow)
{
    return view->flows[flow].offered_pps;
}

static void rate_cost_divide(const struct control_view *view, double *ret)
{
    need_share_loads(view, load_offered, ret);
}

const struct control_policy control_policy_rate_cost = {
    .name = "rate-cost",
    .summary = "shares by arrival rate times the cost of a packet",
    .divide = rate_cost_divide,
};
