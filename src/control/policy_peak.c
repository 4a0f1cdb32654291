// SPDX-License-Identifier: GPL-3.0-or-later
// control/policy_peak — shares by the highest load that the contracts allow: their rate times the
// cost of a packet.
#include "control/policy.h"

static double load_contracted(const struct control_view *view, size_t flow)
{
    const struct control_flow *of = &view->setup->flows[flow];
    return of->has_contract ? of->contract.pps : 0.0;
}

static void peak_divide(const struct control_view *view, double *ret)
{
    need_share_loads(view, load_contracted, ret);
}

const struct control_policy control_policy_peak = {
    .name = "peak",
    .summary = "shares by the rates of the contracts",
    .divide = peak_divide,
};
