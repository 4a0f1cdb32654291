// SPDX-License-Identifier: GPL-3.0-or-later
// control/admit — see admit.h. Called by control/loop and by tests.
#include "control/admit.h"

#include <stdlib.h>

#include "base/text.h"
#include "control/policy.h"

#define ONE_CPU 100.0

// Whether the costs of all routers of a flow are known.
static bool flow_is_known(const struct control_view *view, size_t flow)
{
    const struct control_flow *of = &view->setup->flows[flow];
    for (size_t s = 0; s < of->stage_count; s++) {
        if (view->parties[of->stages[s]].cost_ns <= 0.0) {
            return false;
        }
    }
    return true;
}

char *admit_refusal(const struct control_view *view, size_t flow)
{
    const struct control_setup *setup = view->setup;
    const struct control_flow *of = &setup->flows[flow];
    const double cpu = setup->cpu * (1.0 - setup->margin);
    if (!of->has_contract || !flow_is_known(view, flow)) {
        return NULL;
    }
    const double pps = of->contract.pps * (1.0 - of->contract.loss);
    double whole = need_at(view, flow, CONTROL_HOST, pps);
    for (size_t s = 0; s < of->stage_count; s++) {
        const double percent = need_at(view, flow, of->stages[s], pps);
        if (percent > ONE_CPU) {
            return text_format("%s can't be kept: %.0f packets/s at %.0f ns each cost router %s "
                               "%.0f %% of a CPU, and one thread forwards them; reduce its rate",
                               of->name, pps, view->parties[of->stages[s]].cost_ns,
                               setup->parties[of->stages[s]].name, percent);
        }
        whole += percent;
    }
    if (whole <= cpu) {
        return NULL;
    }
    return text_format("%s can't be kept: %.0f packets/s cost host and routers %.0f %% of a CPU, "
                       "and they have %.0f %%; reduce its rate, or give the host more CPUs",
                       of->name, pps, whole, cpu);
}

char *admit_overbooking(const struct control_view *view)
{
    const struct control_setup *setup = view->setup;
    const double cpu = setup->cpu * (1.0 - setup->margin);
    double *pps = memory_new_array(double, setup->flow_count);
    double *needs = memory_new_array(double, setup->party_count);
    size_t count = 0;
    size_t *order = need_order(view, &count);
    char *names = NULL;
    bool known = true;
    for (size_t i = 0; i < count; i++) {
        const size_t f = order[i];
        known = known && flow_is_known(view, f);
        pps[f] = setup->flows[f].contract.pps;
        need_of_loads(view, pps, pps, needs);
        double sum = 0.0;
        for (size_t p = 0; p < setup->party_count; p++) {
            sum += needs[p];
        }
        if (sum > cpu) {
            text_append(&names, ", ", "%s", setup->flows[f].name);
            pps[f] = 0.0;
        }
    }
    char *text = NULL;
    if (known && names != NULL) {
        text = text_format("not all contracts can be kept at their full rates at once: host and "
                           "routers have %.0f %% of a CPU; those of the lowest priority break "
                           "first: %s",
                           cpu, names);
    }
    free(names);
    free(order);
    free(needs);
    free(pps);
    return text;
}
