// SPDX-License-Identifier: GPL-3.0-or-later
// control/policy_static — equal shares, whatever happens.
#include "control/policy.h"

static void static_divide(const struct control_view *view, double *ret)
{
    for (size_t i = 0; i < view->setup->party_count; i++) {
        ret[i] = 1.0;
    }
}

const struct control_policy control_policy_static = {
    .name = "static",
    .summary = "equal shares",
    .divide = static_divide,
};
