// SPDX-License-Identifier: GPL-3.0-or-later
// tests of scenario/ — valid files give the right structs; test_scenario_problems.c has the invalid
// ones.
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "scenario/draft.h"
#include "scenario/scenario.h"
#include "scenario/schema.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "scenario_text.h"

static void assert_v4(struct ip_address address, uint32_t expected)
{
    assert_int_equal(address.version, 4);
    assert_int_equal(ip_v4_number(&address), expected);
}

static void test_study_scenario_1(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s = read_good("scenarios/scenario-1.yaml");
    assert_string_equal(s->name, "scenario-1");
    assert_string_equal(s->file, "scenarios/scenario-1.yaml");
    assert_string_equal(s->platform, "netns");
    assert_int_equal(s->topology_count, 3);
    assert_int_equal(s->topologies[0], TOPOLOGY_DIRECT);
    assert_int_equal(s->topologies[1], TOPOLOGY_BRIDGED);
    assert_int_equal(s->topologies[2], TOPOLOGY_DEDICATED);
    assert_int_equal(s->host.cpus, 1);
    assert_int_equal(s->router_count, 1);
    assert_string_equal(s->routers[0].name, "r1t3");
    assert_int_equal(s->routers[0].allocation.weight, 256);
    assert_int_equal(s->routers[0].memory_bytes, 64 << 20);
    assert_int_equal(s->network_count, 1);
    assert_string_equal(s->networks[0].name, "NET0");
    assert_int_equal(s->networks[0].router, 0);
    assert_string_equal(s->traffic.engine, "auto");
    assert_int_equal(s->traffic.duration_ns, 15000000000);
    assert_int_equal(s->traffic.length_layer, LENGTH_IP);

    size_t points = 0;
    for (size_t i = 0; i < s->traffic.length_count; i++) {
        _cleanup_free_ double *pps = NULL;
        size_t count = scenario_rates(&s->traffic, s->traffic.lengths[i], &pps);
        unsigned length = s->traffic.lengths[i];
        assert_int_equal(count, 26);
        assert_near(pps[0], 1e6 / (8.0 * length));
        assert_near(pps[1], 5e6 / (8.0 * length));
        assert_near(pps[25], 101e6 / (8.0 * length));
        points += count;
    }
    assert_int_equal(points, 78);
}

static void test_study_scenario_2(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s = read_good("scenarios/scenario-2.yaml");
    assert_int_equal(s->topology_count, 3);
    assert_int_equal(s->router_count, 2);
    assert_int_equal(s->network_count, 2);
    assert_string_equal(s->networks[1].name, "NET1");
    assert_string_equal(s->routers[s->networks[1].router].name, "r2t3");
    assert_int_equal(ip_v4_number(&s->networks[1].source.address), 0xc6120102);
    assert_int_equal(ip_v4_number(&s->networks[1].ingress.address), 0xc6120101);
    assert_int_equal(ip_v4_number(&s->networks[1].egress.address), 0xc6130101);
    assert_int_equal(ip_v4_number(&s->networks[1].sink.address), 0xc6130102);
    assert_int_equal(s->networks[1].sink.prefix, 24);
    assert_int_equal(s->traffic.length_count, 3);
    assert_int_equal(s->traffic.rates.kind, RATES_RANGE);
}

static void test_routing_daemons(void **state)
{
    (void)state;
    static const enum routing_daemon daemons[] = {DAEMON_FRR, DAEMON_BIRD};
    for (size_t i = 0; i < 2; i++) {
        const char *name = routing_daemon_name(daemons[i]);
        _cleanup_free_ char *path = text_format("scenarios/ospf-%s.yaml", name);
        _cleanup_free_ char *config = text_format("scenarios/ospf-%s.conf", name);
        _cleanup_free_ char *text = NULL;
        _cleanup_scenario_ struct scenario *s = read_good(path);
        assert_true(scenario_is_routed(s));
        assert_int_equal(s->routers[0].daemon, daemons[i]);
        assert_int_equal(s->routers[0].converge_within_ns, 60000000000ULL);
        _cleanup_free_ char *found = scenario_config_path(s, 0);
        assert_string_equal(found, config);
        assert_int_equal(file_read(config, 1 << 20, &text, NULL, NULL), 0);
        assert_string_equal(s->routers[0].config_text, text);
        assert_v4(scenario_from(&s->networks[0]).address, 0x0a120002);
        assert_v4(scenario_to(&s->networks[0]).address, 0x0a130002);
        assert_int_equal(scenario_to(&s->networks[0]).prefix, 24);
    }
    // From memory the file is not looked for; without a daemon nothing lies behind.
    _cleanup_scenario_ struct scenario *s = parse_good(
        "name: x\nrouters: { r1: { daemon: frr, config: /none, converge_within: 2 s }, r2: }\n"
        "networks:\n"
        "  NET0: { router: r1, behind: { source: 10.1.0.7/16, sink: 10.2.0.8/20 } }\n"
        "  NET1: { router: r2 }\n"
        "traffic: { lengths: [64], rates: { pps: [1000] } }\n");
    _cleanup_free_ char *path = scenario_config_path(s, 0);
    assert_string_equal(path, "/none");
    assert_null(s->routers[0].config_text);
    assert_null(scenario_config_path(s, 1));
    assert_int_equal(s->routers[0].converge_within_ns, 2000000000ULL);
    assert_v4(scenario_from(&s->networks[0]).address, 0x0a010007);
    assert_int_equal(scenario_to(&s->networks[0]).prefix, 20);
    assert_int_equal(s->networks[1].behind_sink.prefix, 0);
    assert_v4(scenario_to(&s->networks[1]).address, 0xc6130102);
}

// What a scenario names must be text: it goes into the record.
static void test_config_that_is_none(void **state)
{
    (void)state;
    char folder[] = "/tmp/vrbench-test.XXXXXX";
    assert_non_null(mkdtemp(folder));
    _cleanup_free_ char *path = text_format("%s/x.yaml", folder);
    _cleanup_free_ char *config = text_format("%s/r1.conf", folder);
    static const struct {
        const char *bytes;
        size_t length;
        const char *says; // NULL = it is fine
    } cases[] = {
        {"router ospf\n", 12, NULL},
        {"\xc3\xa9\n", 3, NULL},
        {"\xff\n", 2, "is not UTF-8 text"},
        {"a\0b\n", 4, "is not UTF-8 text"},
        {NULL, 0, "No such file or directory"},
    };
    static const char text[] =
        "name: x\nrouters: { r1: { daemon: bird, config: r1.conf } }\n"
        "networks: { NET0: { router: r1 } }\ntraffic: { lengths: [64], rates: { pps: [1000] } }\n";
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        _cleanup_error_ struct error err = ERROR_INIT;
        _cleanup_scenario_ struct scenario *s = NULL;
        (void)unlink(config);
        if (cases[i].bytes != NULL) {
            assert_int_equal(file_replace(config, cases[i].bytes, cases[i].length, NULL), 0);
        }
        int rc = scenario_read(path, CPUS, &s, &err);
        if (cases[i].says == NULL) {
            assert_int_equal(rc, 0);
            continue;
        }
        assert_int_equal(err.exit_status, EXIT_INPUT);
        assert_non_null(strstr(err.text, "x.yaml:2:40: config: "));
        assert_non_null(strstr(err.text, cases[i].says));
    }
    (void)unlink(config);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void test_auto_scenario(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s = read_good("scenarios/scenario-1-auto.yaml");
    _cleanup_free_ double *pps = NULL;
    assert_int_equal(s->traffic.rates.kind, RATES_AUTO);
    assert_int_equal(s->traffic.rates.auto_points, 26);
    assert_int_equal(s->traffic.duration_ns, 2000000000);
    assert_int_equal(scenario_rates(&s->traffic, 64, &pps), 0);
}

// Another engine brings its own idea of lengths, unless the file has one; and its limits.
static void test_engine_in_place_of_the_files(void **state)
{
    (void)state;
    struct scenario *scenario = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(
        scenario_read_for("scenarios/scenario-1.yaml", "iperf3", CPUS, &scenario, &err), 0);
    assert_string_equal(scenario->traffic.engine, "iperf3");
    assert_int_equal(scenario->traffic.length_layer, LENGTH_PAYLOAD);
    scenario_free(scenario);
    assert_int_equal(
        scenario_read_for("scenarios/scenario-1-iperf.yaml", "packet", CPUS, &scenario, &err), 0);
    assert_int_equal(scenario->traffic.length_layer, LENGTH_IP);
    scenario_free(scenario);
    assert_int_equal(scenario_read_for("scenarios/scenario-1.yaml", "ipref", CPUS, &scenario, &err),
                     -EINVAL);
    assert_string_equal(err.text,
                        "no traffic engine is called \"ipref\"; expected one of auto packet xdp "
                        "iperf iperf3 tcp; did you mean \"iperf\"?");
    error_clear(&err);
    static const char *const files[] = {"iperf", "iperf3"};
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof path, "scenarios/scenario-1-%s.yaml", files[i]);
        _cleanup_scenario_ struct scenario *s = read_good(path);
        assert_string_equal(s->traffic.engine, files[i]);
        assert_int_equal(s->traffic.length_layer, LENGTH_PAYLOAD);
        assert_int_equal(s->traffic.length_count, 3);
    }
    assert_int_equal(scenario_engine("iperf")->payload_min, 16);
    assert_null(scenario_engine("iperf2"));
}

static void test_defaults(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s = parse_good(MINIMAL);
    assert_null(s->file);
    assert_string_equal(s->platform, "netns");
    assert_int_equal(s->topology_count, 3);
    assert_int_equal(s->host.cpus, 1);
    assert_int_equal(s->host.allocation.weight, SCENARIO_WEIGHT);
    assert_int_equal(s->host.allocation.cap, 0);
    assert_int_equal(s->routers[0].allocation.weight, SCENARIO_WEIGHT);
    assert_int_equal(s->routers[0].allocation.cap, 0);
    assert_int_equal(s->routers[0].memory_bytes, 0);
    assert_string_equal(s->traffic.engine, "auto");
    assert_int_equal(s->traffic.length_layer, LENGTH_IP);
    assert_int_equal(s->traffic.duration_ns, 15000000000);
    assert_int_equal(s->traffic.repeats, 1);
    assert_null(s->networks[0].source_nic);
    assert_null(s->networks[0].sink_nic);
    assert_int_equal(ip_v4_number(&s->networks[0].source.address), 0xc6120002);
}

// A file that gives everything, in JSON's form too: YAML includes it.
static void test_everything_given(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s = parse_good(
        "{\"name\": \"all_1.2\", \"platform\": \"netns\", \"topologies\": [\"dedicated\", "
        "\"bridged\"], \"host\": {\"cpus\": 2, \"weight\": 65535, \"cap\": 0},\n"
        "\"routers\": {\"a\": {\"weight\": 1, \"cap\": 0, \"memory\": \"1 GiB\"}, \"unused\": {}},"
        "\n\"networks\": {\"N\": {\"router\": \"a\", \"addresses\": {\"source\": \"10.0.0.2/30\", "
        "\"ingress\": \"10.0.0.1/30\", \"egress\": \"10.0.0.5/30\", \"sink\": \"10.0.0.6/30\"}}},\n"
        "\"links\": {\"N\": {\"source\": \"eth0.100\", \"ingress\": \"eth1\"}},\n"
        "\"traffic\": {\"engine\": \"packet\", \"lengths\": [1400, 28], \"length_layer\": "
        "\"payload\", \"rates\": {\"pps\": [5000, 1.5]}, \"duration\": \"1.5 min\", "
        "\"repeats\": 100}}");
    assert_string_equal(s->name, "all_1.2");
    assert_int_equal(s->topology_count, 2);
    assert_int_equal(s->topologies[0], TOPOLOGY_BRIDGED);
    assert_int_equal(s->topologies[1], TOPOLOGY_DEDICATED);
    assert_int_equal(s->host.cpus, 2);
    assert_int_equal(s->host.allocation.weight, 65535);
    assert_int_equal(s->router_count, 2);
    assert_int_equal(s->routers[0].allocation.weight, 1);
    assert_int_equal(s->routers[0].memory_bytes, 1 << 30);
    assert_int_equal(ip_v4_number(&s->networks[0].source.address), 0x0a000002);
    assert_int_equal(s->networks[0].ingress.prefix, 30);
    assert_int_equal(ip_v4_number(&s->networks[0].egress.address), 0x0a000005);
    assert_int_equal(ip_v4_number(&s->networks[0].sink.address), 0x0a000006);
    assert_string_equal(s->networks[0].source_nic, "eth0.100");
    assert_string_equal(s->networks[0].ingress_nic, "eth1");
    assert_null(s->networks[0].egress_nic);
    assert_null(s->networks[0].sink_nic);
    assert_int_equal(s->traffic.length_layer, LENGTH_PAYLOAD);
    assert_int_equal(s->traffic.lengths[0], 1400);
    assert_int_equal(s->traffic.duration_ns, 90000000000);
    assert_int_equal(s->traffic.repeats, 100);
    _cleanup_free_ double *pps = NULL;
    assert_int_equal(scenario_rates(&s->traffic, 1400, &pps), 2);
    assert_near(pps[0], 5000.0);
    assert_near(pps[1], 1.5);
}

static void test_links_leave_out_direct(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s =
        parse_good(MINIMAL "links: { NET0: { egress: eth1, sink: eth2 } }\n");
    assert_int_equal(s->topology_count, 2);
    assert_int_equal(s->topologies[0], TOPOLOGY_BRIDGED);
    assert_int_equal(s->topologies[1], TOPOLOGY_DEDICATED);
    assert_null(s->networks[0].source_nic);
    assert_string_equal(s->networks[0].sink_nic, "eth2");
}

// A byte order mark, other scripts in comments, quotes, Windows' line ends, tabs that don't indent.
static void test_text_forms(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s =
        parse_good("\xef\xbb\xbf# Prova d’un encaminador: 日本語, 🙂\r\n---\r\n"
                   "\"name\":\t'x-1' # é\r\n'routers': { \"r1\": , r2: null, r3: ~ }\r\n"
                   "networks:\r\n  'NET0' : {\"router\":\"r3\"}\r\n# µ\r\n"
                   "traffic: { duration: 20000 µs , lengths: [ 64 ], rates: { auto: \"3\" } }\r\n");
    assert_int_equal(s->traffic.duration_ns, 20000000);
    assert_string_equal(s->name, "x-1");
    assert_string_equal(s->routers[0].name, "r1");
    assert_int_equal(s->networks[0].router, 2);
}

// A path over several networks may go through one router.
static void test_router_of_two_networks(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s =
        parse_good("name: x\nrouters: { r1: }\nnetworks: { B: { router: r1 }, A: { router: r1 } }\n"
                   "traffic: { lengths: [64], rates: { auto: 3 } }\n");
    assert_string_equal(s->networks[0].name, "B");
    assert_int_equal(s->networks[1].router, 0);
}

// Both ends of a range are included though steps of decimal fractions don't add up in binary.
static void test_range_ends(void **state)
{
    (void)state;
    static const struct {
        double from, to, step;
        size_t count;
    } cases[] = {
        {1e6, 101e6, 4e6, 26},      {1e6, 100e6, 4e6, 25},           {5e6, 5e6, 1e6, 1},
        {0.1e6, 0.3e6, 0.1e6, 3},   {0.7e6, 1.3e6, 0.2e6, 4},        {1e5, 1e9, 1e5, 10000},
        {1e6, 1.9999e6, 1e6, 1},    {1.1e3, 11e3, 1.1e3, 10},        {1, 10000, 1, 10000},
        {1e11, 1e12, 1e11 / 3, 28}, {0.1e6, 1000.0e6, 0.1e6, 10000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        _cleanup_free_ double *pps = NULL;
        struct scenario_traffic traffic = {.rates = {.kind = RATES_RANGE,
                                                     .from_bps = cases[i].from,
                                                     .to_bps = cases[i].to,
                                                     .step_bps = cases[i].step}};
        size_t count = scenario_rates(&traffic, 125, &pps);
        assert_int_equal(count, cases[i].count);
        assert_near(pps[0], cases[i].from / 1000.0);
        assert_true(pps[count - 1] <= cases[i].to / 1000.0 * (1 + 1e-9));
    }
}

static void test_conversions(void **state)
{
    (void)state;
    enum topology topology = TOPOLOGY_COUNT;
    assert_int_equal(scenario_ip_length(64, LENGTH_IP, 4), 64);
    assert_int_equal(scenario_ip_length(64, LENGTH_PAYLOAD, 4), 92);
    assert_int_equal(scenario_ip_length(64, LENGTH_FRAME, 4), 46);
    assert_int_equal(scenario_ip_length(10, LENGTH_FRAME, 4), 0);
    assert_int_equal(scenario_ip_length(64, LENGTH_IP, 6), 64);
    assert_int_equal(scenario_ip_length(64, LENGTH_PAYLOAD, 6), 112);
    assert_int_equal(scenario_ip_length(94, LENGTH_FRAME, 6), 76);
    assert_near(scenario_pps(12e6, 1500), 1000.0);
    for (enum topology each = 0; each < TOPOLOGY_COUNT; each++) {
        assert_int_equal(topology_from_name(topology_name(each), &topology), 0);
        assert_int_equal(topology, each);
    }
    assert_int_equal(topology_from_name("star", &topology), -EINVAL);
    assert_int_equal(topology_from_name("", &topology), -EINVAL);
    assert_int_equal(topology, TOPOLOGY_DEDICATED);
    assert_string_equal(length_layer_name(LENGTH_IP), "ip");
    assert_string_equal(length_layer_name(LENGTH_PAYLOAD), "payload");
    assert_string_equal(length_layer_name(LENGTH_FRAME), "frame");
}

static void check_text(const struct schema_row *row, const char *text)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    union {
        struct profile_rate rate;
        struct length_draft length;
        uint64_t number;
        char *text;
    } value = {0};
    if (row->type == NULL || text == NULL) {
        return;
    }
    if (row->type->parse(row, text, &value, &err) < 0) {
        fail_msg("%s: %s", row->key, err.text);
    }
    if (row->type == &type_choice_name || row->type == &type_platform) {
        free(value.text);
    }
}

static void check_texts(const struct schema_row *row)
{
    check_text(row, row->min);
    check_text(row, row->max);
    if (row->kind == SCHEMA_VALUE) {
        check_text(row, row->fallback);
    }
}

// The scan that keeps explicit keys from libfyaml leaves other question marks alone.
static void test_question_marks_in_text_are_read(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s =
        parse_good("name: x # why ? that's why\n"
                   "# ? no key\n"
                   "platform: qemu:///system\n"
                   "routers: { r1: { image: \"what ? a: 'b.img\" } }\n"
                   "networks: { NET0: { router: 'r1' } } # '? b\n"
                   "links: { NET0: { source: a?, ingress: ?b } }\n"
                   "traffic: { lengths: [64], rates: { auto: 5 } }\n");
    assert_string_equal(s->routers[0].image, "what ? a: 'b.img");
    assert_string_equal(s->networks[0].source_nic, "a?");
    assert_string_equal(s->networks[0].ingress_nic, "?b");
}

// Rows must be fit for documentation, and their fallbacks and ranges readable.
static void check_rows(const struct schema_row *rows)
{
    for (; rows->key != NULL; rows++) {
        assert_non_null(rows->help);
        assert_false(rows->required && rows->fallback != NULL);
        bool nested =
            rows->kind == SCHEMA_GROUP || rows->kind == SCHEMA_ROWS || rows->kind == SCHEMA_NAMED;
        assert_true(nested == (rows->rows != NULL));
        assert_true(nested == (rows->type == NULL));
        if (rows->rows != NULL) {
            check_rows(rows->rows);
        } else {
            check_texts(rows);
        }
    }
}

static void test_schema_rows(void **state)
{
    (void)state;
    check_rows(schema_scenario);
}

int main(void)
{
    catalogue_use(&machine_catalogue);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_study_scenario_1),
        cmocka_unit_test(test_study_scenario_2),
        cmocka_unit_test(test_routing_daemons),
        cmocka_unit_test(test_config_that_is_none),
        cmocka_unit_test(test_auto_scenario),
        cmocka_unit_test(test_engine_in_place_of_the_files),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_everything_given),
        cmocka_unit_test(test_links_leave_out_direct),
        cmocka_unit_test(test_text_forms),
        cmocka_unit_test(test_router_of_two_networks),
        cmocka_unit_test(test_range_ends),
        cmocka_unit_test(test_conversions),
        cmocka_unit_test(test_question_marks_in_text_are_read),
        cmocka_unit_test(test_schema_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
