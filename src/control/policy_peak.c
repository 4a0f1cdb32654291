// SPDX-License-Identifier: GPL-3.0-or-later
// control/policy_peak — shares by the highest load that the contracts allow: their rate times the
// cost of a packet.
#include "control/policy.h"

#include <stdlib.h>

#include "base/text.h"

static void peak_divide(const struct control_view *view, double *ret)
{
    const struct control_setup *setup = view->setup;
    double *pps = memory_new_array(double, setup->flow_count);
    for (size_t f = 0; f < setup->flow_count; f++) {
        pps[f] = setup->flows[f].has_contract ? setup->flows[f].contract.pps : 0.0;
    }
    need_of_loads(view, pps, pps, ret);
    for (size_t i = 0; i < setup->party_count; i++) {
        ret[i] = ret[i] < 1.0 ? 1.0 : ret[i];
    }
    free(pps);
}

const struct control_policy control_policy_peak = {
    .name = "peak",
    .summary = "shares by the rates of the contracts",
    .divide = peak_divide,
};
