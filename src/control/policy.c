// SPDX-License-Identifier: GPL-3.0-or-later
// control/policy — the table of policies.
#include "control/policy.h"

#include "base/text.h"

static const struct control_policy *const rows[] = {
    &control_policy_contract,  &control_policy_static, &control_policy_peak,
    &control_policy_rate_cost, &control_policy_oracle, NULL,
};

const struct control_policy *control_policy_called(const char *name)
{
    for (size_t i = 0; rows[i] != NULL; i++) {
        if (text_equal(rows[i]->name, name)) {
            return rows[i];
        }
    }
    return NULL;
}
