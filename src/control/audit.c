// SPDX-License-Identifier: GPL-3.0-or-later
// control/audit — see audit.h. Called by control/loop.
#include "control/audit.h"

#include <jansson.h>

#include "base/clock.h"

static json_t *line_begin(uint64_t realtime_ns, const char *testbed)
{
    char time[32];
    clock_format_utc(realtime_ns, time);
    return json_pack("{s:s, s:s}", "time", time, "testbed", testbed);
}

static char *line_end(json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    return text;
}

char *audit_action(uint64_t realtime_ns, const char *testbed, const char *policy, bool advise,
                   const struct control_view *view, const struct control_action *action)
{
    json_t *line = line_begin(realtime_ns, testbed);
    json_t *shares = json_array();
    for (size_t i = 0; i < view->setup->party_count; i++) {
        json_array_append_new(shares, json_pack("{s:s, s:i, s:i, s:i, s:i}", "name",
                                                view->setup->parties[i].name, "weight",
                                                (int)action->shares[i].weight, "cap",
                                                (int)action->shares[i].cap, "weight_before",
                                                (int)view->parties[i].weight, "cap_before",
                                                (int)view->parties[i].cap));
    }
    json_object_set_new(line, "policy", json_string(policy));
    json_object_set_new(line, "action", json_string(advise ? "advise" : "set"));
    json_object_set_new(line, "reason", json_string(action->reason));
    json_object_set_new(line, "shares", shares);
    return line_end(line);
}

char *audit_event(uint64_t realtime_ns, const char *testbed, const char *event)
{
    json_t *line = line_begin(realtime_ns, testbed);
    json_object_set_new(line, "event", json_string(event));
    return line_end(line);
}
