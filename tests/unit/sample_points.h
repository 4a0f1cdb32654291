// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of points.jsonl, for test_result.c and test_store.c, which include cmocka.h before this.
#ifndef VRBENCH_TESTS_SAMPLE_POINTS_H
#define VRBENCH_TESTS_SAMPLE_POINTS_H

#include "result/json_text.h"
#include "result/store.h"

// A point with everything in it, and one with as little as there can be; byte for byte as written.
static const char full[] =
    "{\"schema\":1,\"scenario\":\"scenario-2\",\"topology\":\"bridged\",\"platform\":\"netns\","
    "\"engine\":\"packet\",\"length\":64,\"length_layer\":\"ip\",\"repeat\":1,\"duration_s\":0.1,"
    "\"requested_pps\":23000.5,\"networks\":[{\"name\":\"NET0\",\"router\":\"r1t3\",\"tx\":300,"
    "\"unsent\":4,\"rx\":200,\"lost\":100,\"loss_ratio\":0.3333333333333333,\"duplicated\":1,"
    "\"reordered\":2,\"offered_pps\":3000,\"forwarded_pps\":2000.1,\"delay_ns\":{\"min\":1000,"
    "\"p50\":2000,\"p99\":3000,\"max\":9007199254740993},\"delay_classes\":{"
    "\"below_ns\":[1024,2048,4096],\"packets\":[50,0,150]},\"jitter_ns\":12.5,\"corrupt\":3},"
    "{\"name\":\"NET1\",\"router\":\"r2t3\",\"tx\":10,\"unsent\":0,\"rx\":10,\"lost\":0,"
    "\"loss_ratio\":0,\"duplicated\":0,\"reordered\":0,\"offered_pps\":100,"
    "\"forwarded_pps\":100,\"delay_ns\":{\"min\":1,\"p50\":1,\"p99\":1,\"max\":1},"
    "\"jitter_ns\":0,\"corrupt\":0}],\"cpu\":[{\"name\":\"host\",\"percent\":70.25,"
    "\"ns_per_packet\":4000.5},{\"name\":\"r1t3\",\"percent\":20,\"cap\":25},{\"name\":\"r2t3\","
    "\"percent\":9.5},{\"name\":\"tester\",\"percent\":50}],\"cpu_total_percent\":99.75,"
    "\"memory\":[{\"name\":\"r1t3\",\"bytes\":67108864}],\"start\":[{\"name\":\"r1t3\",\"ns\":"
    "5000000}],\"drops\":[{\"where\":"
    "\"r1t3:eth0 receive ring\",\"count\":99},{\"where\":\"unexplained\",\"count\":1}],"
    "\"valid\":false,\"why_invalid\":\"the source could not \\\"keep up\\\"\",\"step\":5,"
    "\"attempts\":2,\"processors\":[{\"cpu\":0,\"used_by\":\"dut\",\"busy_percent\":99.5,"
    "\"steal_percent\":0.25,\"stalls\":{\"count\":2,\"total_ns\":5000000,\"longest_ns\":3000000}}],"
    "\"others\":[{\"name\":\"cc1\",\"pid\":4711,\"percent\":12.5}],\"control\":[{"
    "\"router\":\"r1t3\",\"contract\":\"broken\",\"broken_s\":0.2,\"margin_percent\":-12.5,"
    "\"last_action\":\"NET0 loses\"},{\"router\":\"r2t3\",\"contract\":\"none\"}]}";

static const char little[] =
    "{\"schema\":1,\"scenario\":\"s\",\"topology\":\"direct\",\"platform\":\"netns\","
    "\"engine\":\"packet\",\"length\":1500,\"length_layer\":\"frame\",\"repeat\":0,"
    "\"duration_s\":1,\"requested_pps\":1000,\"networks\":[{\"name\":\"NET0\",\"tx\":0,"
    "\"unsent\":1000,\"rx\":0,\"lost\":0,\"duplicated\":0,\"reordered\":0,\"corrupt\":0}],"
    "\"cpu\":[],\"memory\":[],\"drops\":[],\"valid\":true,\"step\":0,\"attempts\":1,"
    "\"processors\":[]}";

static json_t *load(const char *text)
{
    json_error_t where;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (json == NULL) {
        fail_msg("the test's own JSON: %s at %d", where.text, where.position);
    }
    return json;
}

static struct point point_of(const char *text)
{
    json_t *json = load(text);
    struct point point = {.scenario = NULL};
    struct error err = ERROR_INIT;
    if (point_from_json(json, &point, &err) < 0) {
        fail_msg("refused: %s", err.text);
    }
    json_decref(json);
    return point;
}

#endif
