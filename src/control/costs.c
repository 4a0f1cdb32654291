// SPDX-License-Identifier: GPL-3.0-or-later
// control/costs — see costs.h.
#include "control/costs.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

// Whether the flow is a direction of the contract's network: NAME or "NAME reverse".
static bool flow_has_contract(const struct control_flow *flow, const char *contract)
{
    const char *rest = flow->name + strlen(contract);
    return text_starts(flow->name, contract) && (*rest == '\0' || *rest == ' ');
}

void control_costs_set(const struct model *model, const json_t *standing,
                       const struct contracts *contracts, struct control_setup *setup)
{
    enum topology topology = TOPOLOGY_BRIDGED;
    const char *platform = json_string_value(json_object_get(standing, "platform"));
    const char *name = json_string_value(json_object_get(standing, "topology"));
    if (model == NULL || platform == NULL) {
        return;
    }
    if (text_equal(name, topology_name(TOPOLOGY_DEDICATED))) {
        topology = TOPOLOGY_DEDICATED;
    }
    for (size_t f = 0; f < setup->flow_count; f++) {
        const struct control_flow *flow = &setup->flows[f];
        for (size_t i = 0; flow->has_contract && i < contracts->count; i++) {
            const struct contract *contract = &contracts->items[i];
            struct model_figure cost = {.value = (double)NAN};
            if (!flow_has_contract(flow, contract->name)) {
                continue;
            }
            if (model_cost(model, platform, topology, true, contract->length, &cost)) {
                setup->parties[CONTROL_HOST].cost_ns =
                    fmax(setup->parties[CONTROL_HOST].cost_ns, cost.value);
            }
            for (size_t s = 0; s < flow->stage_count; s++) {
                double *known = &setup->parties[flow->stages[s]].cost_ns;
                if (model_cost(model, platform, topology, false, contract->length, &cost)) {
                    *known = fmax(*known, cost.value);
                }
            }
        }
    }
}
