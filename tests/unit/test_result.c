// SPDX-License-Identifier: GPL-3.0-or-later
// tests of result/point_json — points as JSON and back, and what the strict reading refuses.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "result/json_text.h"
#include "result/store.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "sample_points.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char *text_of(const struct point *point)
{
    json_t *json = point_to_json(point);
    char *text = json_to_text(json, 0);
    json_decref(json);
    return text;
}

// Walks to the object that holds the last name of a path like "networks.0.delay_ns.min".
static json_t *walk(json_t *json, const char *path, char ret_last[32])
{
    for (;;) {
        size_t length = strcspn(path, ".");
        snprintf(ret_last, 32, "%.*s", (int)length, path);
        if (path[length] == '\0') {
            return json;
        }
        json = json_is_array(json) ? json_array_get(json, strtoul(ret_last, NULL, 10))
                                   : json_object_get(json, ret_last);
        assert_non_null(json);
        path += length + 1;
    }
}

static void assert_refused(json_t *json, const char *what, const char *part)
{
    static const struct point untouched = {.scenario = NULL};
    struct point point = untouched;
    struct error err = ERROR_INIT;
    if (point_from_json(json, &point, &err) >= 0) {
        fail_msg("%s: accepted", what);
    }
    if (strstr(err.text, part) == NULL) {
        fail_msg("%s: refused with \"%s\", not with \"%s\"", what, err.text, part);
    }
    assert_memory_equal(&point, &untouched, sizeof point);
    error_clear(&err);
}

static void test_round_trip(void **state)
{
    (void)state;
    const char *const texts[] = {full, little};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct point point = point_of(texts[i]);
        _cleanup_free_ char *again = text_of(&point);
        assert_string_equal(again, texts[i]);
        point_clear(&point);
    }
}

static void test_fields(void **state)
{
    (void)state;
    struct point point = point_of(full);
    assert_string_equal(point.topology, "bridged");
    assert_int_equal(point.network_count, 2);
    assert_true(point.networks[0].delay_ns.max == 9007199254740993); // no double on the way
    assert_true(point.networks[0].jitter_ns == 12.5);
    assert_true(point.cpu[0].has_ns_per_packet);
    assert_false(point.cpu[1].has_ns_per_packet);
    assert_int_equal(point_tx(&point), 310);
    assert_int_equal(point_rx(&point), 210);
    assert_int_equal(point_lost(&point), 100);
    assert_ptr_equal(point_cpu(&point, "r2t3"), &point.cpu[2]);
    assert_null(point_cpu(&point, "r3t3"));
    point_clear(&point);
    point = point_of(little);
    assert_null(point.networks[0].router);
    assert_false(point.networks[0].delay_ns.measured);
    assert_true(isnan(point.cpu_total_percent));
    point_clear(&point);
    point_clear(NULL);
    point_free(NULL);
}

// TCP's packets have no numbers: what depends on numbers is absent, and nothing else.
static void test_tcp(void **state)
{
    (void)state;
    _cleanup_free_ char *text = NULL;
    assert_int_equal(file_read("tests/fuzz/corpus/point/tcp", 1 << 20, &text, NULL, NULL), 0);
    struct point point = point_of(text);
    const struct tcp_result *tcp = &point.networks[0].tcp;
    assert_true(tcp->measured && tcp->rtt_ns.measured && tcp->goodput_bps > 1e7);
    assert_true(tcp->rtt_ns.min <= tcp->rtt_ns.mean && tcp->rtt_ns.mean <= tcp->rtt_ns.max);
    assert_string_equal(tcp->congestion, "bbr");
    json_t *json = point_to_json(&point);
    json_t *network = json_array_get(json_object_get(json, "networks"), 0);
    static const char *const numbered[] = {"duplicated", "reordered", "corrupt"};
    for (size_t i = 0; i < COUNT(numbered); i++) {
        assert_null(json_object_get(network, numbered[i]));
        json_object_set_new(network, numbered[i], json_integer(0));
        assert_refused(json, numbered[i], "present together with tcp");
        json_object_del(network, numbered[i]);
    }
    json_object_set_new(json_object_get(json_object_get(network, "tcp"), "rtt_ns"), "min",
                        json_integer(INT64_MAX));
    assert_refused(json, "rtt_ns", "min, mean and max are not in order");
    json_object_del(network, "tcp");
    assert_refused(json, "no tcp", "duplicated: missing");
    json_decref(json);
    point_clear(&point);
}

static void test_what_is_not_a_number_is_absent(void **state)
{
    (void)state;
    struct point point = point_of(little);
    point.networks[0].offered_pps = (double)NAN;
    point.networks[0].forwarded_pps = (double)INFINITY;
    point.networks[0].jitter_ns = 5; // but it was not measured
    point.cpu_total_percent = (double)NAN;
    point.cpu = memory_resize(point.cpu, 1, sizeof *point.cpu);
    point.cpu[point.cpu_count++] =
        (struct cpu_result){.name = text_copy("host"), .percent = (double)NAN};
    _cleanup_free_ char *text = text_of(&point);
    assert_string_equal(text, little);
    point.cpu[0].percent = 5;
    free(point.cpu[0].name);
    point.cpu[0].name = text_copy("tester");
    point.cpu_total_percent = 0; // but neither host nor router was metered
    json_t *json = point_to_json(&point);
    assert_null(json_object_get(json, "cpu_total_percent"));
    json_decref(json);
    point_clear(&point);
}

static void test_invalidate(void **state)
{
    (void)state;
    struct point point = {.valid = true};
    point_invalidate(&point, "%d of %d", 1, 2);
    assert_false(point.valid);
    assert_string_equal(point.why_invalid, "1 of 2");
    point_invalidate(&point, "and more");
    assert_string_equal(point.why_invalid, "1 of 2; and more");
    point_clear(&point);
}

static void test_reals_are_short_and_exact(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0.1, "0.1"},     {0.0, "0"},
                {-0.0, "0"},      {1.0 / 3, "0.3333333333333333"},
                {15, "15"},       {0.1 + 0.2, "0.30000000000000004"},
                {1e300, "1e+300"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[32];
        real_to_text(rows[i].value, text);
        assert_string_equal(text, rows[i].text);
        assert_true(strtod(text, NULL) == rows[i].value);
    }
}

static void test_each_missing_key_is_named(void **state)
{
    (void)state;
    static const char *const paths[] = {"schema",
                                        "scenario",
                                        "topology",
                                        "platform",
                                        "engine",
                                        "length",
                                        "length_layer",
                                        "repeat",
                                        "duration_s",
                                        "requested_pps",
                                        "networks",
                                        "networks.1.name",
                                        "networks.1.router",
                                        "networks.1.tx",
                                        "networks.1.unsent",
                                        "networks.1.rx",
                                        "networks.1.lost",
                                        "networks.1.loss_ratio",
                                        "networks.1.duplicated",
                                        "networks.1.reordered",
                                        "networks.1.offered_pps",
                                        "networks.1.forwarded_pps",
                                        "networks.1.delay_ns.min",
                                        "networks.1.delay_ns.p50",
                                        "networks.1.delay_ns.p99",
                                        "networks.1.delay_ns.max",
                                        "networks.1.jitter_ns",
                                        "networks.1.corrupt",
                                        "cpu",
                                        "cpu.0.name",
                                        "cpu.0.percent",
                                        "cpu_total_percent",
                                        "memory",
                                        "memory.0.name",
                                        "memory.0.bytes",
                                        "start.0.name",
                                        "start.0.ns",
                                        "drops",
                                        "drops.1.where",
                                        "drops.1.count",
                                        "valid",
                                        "why_invalid",
                                        "step",
                                        "attempts",
                                        "processors",
                                        "processors.0.cpu",
                                        "processors.0.used_by",
                                        "processors.0.busy_percent",
                                        "processors.0.steal_percent",
                                        "processors.0.stalls.count",
                                        "processors.0.stalls.longest_ns",
                                        "others.0.name",
                                        "others.0.pid",
                                        "others.0.percent",
                                        "control.1.router",
                                        "control.1.contract"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        json_t *json = load(full);
        char last[32];
        char wanted[64];
        assert_int_equal(json_object_del(walk(json, paths[i], last), last), 0);
        snprintf(wanted, sizeof wanted, "%s: missing", last);
        assert_refused(json, paths[i], wanted);
        json_decref(json);
    }
}

static void test_what_may_be_absent(void **state)
{
    (void)state;
    static const char *const paths[] = {"cpu.0.ns_per_packet", "unknown",
                                        "control.0.margin_percent"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        json_t *json = load(full);
        char last[32];
        json_object_del(walk(json, paths[i], last), last);
        struct point point;
        assert_int_equal(point_from_json(json, &point, NULL), 0);
        point_clear(&point);
        json_decref(json);
    }
    // There is no delay without jitter, but there is jitter without delay.
    json_t *json = load(full);
    json_object_del(json_array_get(json_object_get(json, "networks"), 0), "delay_ns");
    json_object_del(json_array_get(json_object_get(json, "networks"), 0), "delay_classes");
    struct point point;
    assert_int_equal(point_from_json(json, &point, NULL), 0);
    assert_false(point.networks[0].delay_ns.measured);
    assert_true(point.networks[0].jitter_measured);
    point_clear(&point);
    json_decref(json);
}

// The two directions of a network have a row each, of one name.
static void test_directions(void **state)
{
    (void)state;
    json_t *json = load(full);
    json_t *networks = json_object_get(json, "networks");
    json_object_set_new(json_array_get(networks, 0), "direction", json_string("forward"));
    json_object_set_new(json_array_get(networks, 1), "direction", json_string("reverse"));
    json_object_set_new(json_array_get(networks, 1), "name", json_string("NET0"));
    struct point point;
    assert_int_equal(point_from_json(json, &point, NULL), 0);
    assert_string_equal(point.networks[0].name, "NET0");
    assert_string_equal(network_label(&point.networks[0]), "NET0 forward");
    assert_string_equal(network_label(&point.networks[1]), "NET0 reverse");
    json_t *written = point_to_json(&point);
    const json_t *second = json_array_get(json_object_get(written, "networks"), 1);
    assert_string_equal(json_string_value(json_object_get(second, "name")), "NET0");
    assert_string_equal(json_string_value(json_object_get(second, "direction")), "reverse");
    json_decref(written);
    point_clear(&point);
    json_object_set_new(json_array_get(networks, 1), "direction", json_string("forward"));
    assert_refused(json, "direction", "networks[1]: name: \"NET0 forward\" occurs twice");
    json_object_set_new(json_array_get(networks, 1), "direction", json_string("back"));
    assert_refused(json, "direction", "networks[1]: direction: must be forward or reverse");
    json_decref(json);
}

static const char undisturbed[] = "{\"tx\":250,\"rx\":249,\"lost\":1,\"loss_ratio\":0.004}";

static void test_undisturbed_figures(void **state)
{
    (void)state;
    json_t *json = load(full);
    json_t *networks = json_object_get(json, "networks");
    json_object_set_new(json_array_get(networks, 0), "undisturbed", load(undisturbed));
    assert_refused(json, "without a ratio",
                   "networks[0]: undisturbed: must be present if and only");
    json_object_set_new(json, "left_out_ratio", json_real(0.125));
    json_t *none = json_pack("{s:i,s:i,s:i}", "tx", 0, "rx", 0, "lost", 0);
    json_object_set_new(json_array_get(networks, 1), "undisturbed", none);
    struct point point = {.scenario = NULL};
    // 249 of 200 received packets
    assert_refused(json, "many", "networks[0]: undisturbed: must be a part of");
    json_t *first = json_object_get(json_array_get(networks, 0), "undisturbed");
    json_object_set_new(first, "loss_ratio", json_real(0.5));
    assert_refused(json, "ratio", "loss_ratio: must be lost / tx");
    json_object_del(first, "loss_ratio");
    assert_refused(json, "no ratio", "loss_ratio: missing");
    json_object_set_new(first, "tx", json_integer(150));
    json_object_set_new(first, "rx", json_integer(147));
    assert_refused(json, "counts", "loss_ratio: missing");
    json_object_set_new(first, "loss_ratio", json_real(0.02));
    assert_refused(json, "sum", "networks[0]: undisturbed: lost: must be tx - rx");
    json_object_set_new(first, "rx", json_integer(149));
    json_object_set_new(first, "loss_ratio", json_real(1.0 / 150.0));
    assert_int_equal(point_from_json(json, &point, NULL), 0);
    assert_true(point.has_left_out && point.left_out_ratio == 0.125);
    assert_true(point.networks[0].undisturbed.lost == 1);
    json_t *written = point_to_json(&point);
    const json_t *again = json_array_get(json_object_get(written, "networks"), 0);
    assert_true(json_equal(json_object_get(again, "undisturbed"), first));
    assert_true(json_real_value(json_object_get(written, "left_out_ratio")) == 0.125);
    json_decref(written);
    point_clear(&point);
    json_object_del(json_array_get(networks, 1), "undisturbed");
    assert_refused(json, "in one only", "networks[1]: undisturbed: must be present if and only");
    json_object_del(json_array_get(networks, 0), "undisturbed");
    json_object_del(json, "left_out_ratio");
    assert_int_equal(point_from_json(json, &point, NULL), 0);
    point_clear(&point);
    json_decref(json);
    json = load(little);
    json_object_set_new(json_array_get(json_object_get(json, "networks"), 0), "undisturbed",
                        json_pack("{s:i,s:i,s:i}", "tx", 0, "rx", 0, "lost", 0));
    json_object_set_new(json, "left_out_ratio", json_real(1.5));
    assert_refused(json, "ratio", "left_out_ratio: must be at most 1");
    json_decref(json);
}

static void test_wrong_and_contradictory(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value, *part;
    } rows[] = {
        {"schema", "2", "schema: this program supports schema 1 only"},
        {"schema", "\"1\"", "schema"},
        {"scenario", "7", "scenario: must be a non-empty text"},
        {"scenario", "\"\"", "scenario: must be a non-empty text"},
        {"length", "\"64\"", "length: must be a whole number"},
        {"length", "64.5", "length: must be a whole number"},
        {"length", "-1", "length: must be a whole number"},
        {"length", "4294967296", "length: must be a whole number"},
        {"length", "0", "length: must be at least 1"},
        {"length_layer", "\"udp\"", "length_layer: must be ip, payload or frame"},
        {"duration_s", "-0.5", "duration_s: must be a number not below 0"},
        {"duration_s", "null", "duration_s: must be a number"},
        {"requested_pps", "\"1\"", "requested_pps: must be a number"},
        {"networks", "[]", "the networks lost 0"},
        {"networks", "{}", "networks: must be a list"},
        {"networks.0", "[]", "networks[0]: must be an object"},
        {"networks.0.tx", "301", "networks[0]: lost: must be tx - rx"},
        {"networks.0.rx", "301", "networks[0]: lost: must be tx - rx"},
        {"networks.0.loss_ratio", "0.3334", "networks[0]: loss_ratio: must be lost / tx"},
        {"networks.0.delay_ns", "5", "networks[0]: delay_ns: must be an object"},
        {"networks.0.delay_ns.p50", "500", "networks[0]: delay_ns: min, p50, p99 and max"},
        {"networks.0.delay_classes", "[]", "networks[0]: delay_classes: must be an object"},
        {"networks.0.delay_classes.packets", "{}",
         "delay_classes: packets: must be a list of numbers"},
        {"networks.0.delay_classes.packets", "[]",
         "delay_classes: packets: must be a list of numbers"},
        {"networks.0.delay_classes.packets", "[200, 0, -1]",
         "delay_classes: packets: must be a whole"},
        {"networks.0.delay_classes.packets", "[200]",
         "delay_classes: below_ns and packets must be"},
        {"networks.0.delay_classes.packets", "[50, 0, 151]", "delay_classes: more packets than rx"},
        {"networks.0.delay_classes.packets", "[50, 0, 149]",
         "delay_classes: fewer packets than rx"},
        {"networks.0.delay_classes.below_ns", "[1, 3, 3]", "delay_classes: below_ns must rise"},
        {"networks.0.jitter_ns", "true", "jitter_ns: must be a number"},
        {"networks.1.name", "\"NET0\"", "networks[1]: name: \"NET0\" occurs twice"},
        {"networks.1.router", "null", "networks[1]: router: must be a non-empty text"},
        {"topology", "\"direct\"", "networks[0]: router: must be absent"},
        {"cpu.1.name", "\"host\"", "cpu[1]: name: \"host\" occurs twice"},
        {"cpu.1.percent", "30", "cpu_total_percent: must be the sum"},
        {"cpu", "[{\"name\":\"tester\",\"percent\":5}]", "cpu_total_percent: present, but neither"},
        {"drops.0.count", "98", "drops: sum is 99 packets, but the networks lost 100"},
        {"drops", "[]", "drops: sum is 0 packets"},
        {"valid", "1", "valid: must be true or false"},
        {"valid", "true", "why_invalid: must be absent in a valid point"},
        {"attempts", "0", "attempts: must be at least 1"},
        {"method", "\"precise\"", "method: must be study, or absent"},
        {"processors.0.used_by", "\"me\"", "processors[0]: used_by: must be"},
        {"memory.0.bytes", "1e6", "memory[0]: bytes: must be a whole number"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *json = load(full);
        char last[32];
        json_t *at = walk(json, rows[i].path, last);
        json_t *value = json_loads(rows[i].value, JSON_DECODE_ANY, NULL);
        if (json_is_array(at)) {
            json_array_set_new(at, strtoul(last, NULL, 10), value);
        } else {
            json_object_set_new(at, last, value);
        }
        assert_refused(json, rows[i].path, rows[i].part);
        json_decref(json);
    }
    json_t *none = load(little);
    json_object_set_new(json_array_get(json_object_get(none, "networks"), 0), "loss_ratio",
                        json_integer(0));
    assert_refused(none, "a ratio", "loss_ratio: present, but no packet was sent");
    json_decref(none);
    json_t *list = json_array();
    assert_refused(list, "a list", "must be an object");
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_undisturbed_figures),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_what_is_not_a_number_is_absent),
        cmocka_unit_test(test_invalidate),
        cmocka_unit_test(test_reals_are_short_and_exact),
        cmocka_unit_test(test_each_missing_key_is_named),
        cmocka_unit_test(test_what_may_be_absent),
        cmocka_unit_test(test_directions),
        cmocka_unit_test(test_wrong_and_contradictory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
