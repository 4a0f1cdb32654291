// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/contracts_draft — a contracts file as written, and the words of its goals. scenario/
// only.
#ifndef VRBENCH_SCENARIO_CONTRACTS_DRAFT_H
#define VRBENCH_SCENARIO_CONTRACTS_DRAFT_H

#include "scenario/contracts.h"
#include "scenario/draft.h"

struct contract_draft {
    struct contract contract; // first member, because its first member is the name
    struct length_draft length;
};

struct contracts_draft {
    struct contracts contracts; // without items
    struct contract_draft *items;
    size_t count;
};

extern const char *const contract_goal_names[]; // in the order of the enum; NULL at the end

#endif
