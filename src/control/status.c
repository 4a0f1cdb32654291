// SPDX-License-Identifier: GPL-3.0-or-later
// control/status — see status.h.
#include "control/status.h"

#include <math.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "result/json_text.h"

void control_status_make(const struct control_setup *setup, const struct controller *controller,
                         size_t party, struct control_status *ret)
{
    const struct control_view *view = controller_view(controller);
    struct control_status status = {.margin = NAN};
    for (size_t f = control_next_flow(setup, party, 0); f < setup->flow_count;
         f = control_next_flow(setup, party, f + 1)) {
        status.margin = fmin(status.margin, controller_margin(controller, f));
        if (setup->flows[f].has_contract) {
            status.has_contract = true;
            status.broken |= view->flows[f].violated;
            status.broken_s =
                fmax(status.broken_s, controller_tally(controller, f)->violated_seconds);
        }
    }
    *ret = status;
}

json_t *control_status_json(const struct control_status *status, const char *last_action)
{
    json_t *json = json_pack("{s:s}", "contract",
                             !status->has_contract ? "none"
                             : status->broken      ? "broken"
                                                   : "kept");
    if (status->has_contract) {
        _cleanup_free_ char *text = text_format("%.2f", status->broken_s);
        json_object_set_new(json, "broken_s", json_string(text));
    }
    if (!isnan(status->margin)) {
        _cleanup_free_ char *text = text_format("%.1f", status->margin * 100.0);
        json_object_set_new(json, "margin", json_string(text));
    }
    json_set_text(json, "last_action", last_action);
    return json;
}

double control_broken_s(const struct control_setup *setup, const struct controller *controller)
{
    double sum = 0.0;
    for (size_t f = 0; f < setup->flow_count; f++) {
        sum += controller_tally(controller, f)->violated_seconds;
    }
    return sum;
}
