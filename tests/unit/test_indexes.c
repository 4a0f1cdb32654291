// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/indexes — each index from points whose index follows from a line of arithmetic.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/headline.h"
#include "report/indexes.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_points.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct index_value *find(const struct index_value *items, size_t count,
                                      const char *key, const char *subject)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(items[i].kind->key, key) &&
            (subject == NULL ? items[i].subject == NULL : text_equal(items[i].subject, subject))) {
            return &items[i];
        }
    }
    return NULL;
}

static void assert_index(const struct index_value *items, size_t count, const char *key,
                         const char *subject, double value)
{
    const struct index_value *item = find(items, count, key, subject);
    if (item == NULL) {
        fail_msg("%s: no such index", key);
    }
    if (fabs(item->value - value) > 1e-6 * fabs(value)) {
        fail_msg("%s: %.9g, not %.9g", key, item->value, value);
    }
}

// The knee is at 2,000 packets/s; at 3,000, 1 % is lost, at 5,000 half.
static const struct trial knee[] = {
    {.topology = "bridged", .length = 64, .step = 0, .tx = 1000, .host = 30, .router = 12.5},
    {.topology = "bridged", .length = 64, .step = 1, .tx = 2000, .host = 60, .router = 25},
    {.topology = "bridged",
     .length = 64,
     .step = 2,
     .tx = 3000,
     .lost = 30,
     .host = 70,
     .router = 30},
    {.topology = "bridged",
     .length = 64,
     .step = 4,
     .tx = 5000,
     .lost = 2500,
     .host = 72,
     .router = 28},
};

static void indexes_follow_from_the_points(void **state)
{
    (void)state;
    struct point_list list = make(knee, COUNT(knee));
    for (size_t i = 0; i < list.count; i++) { // the router is capped, and given 30 and 28 %
        list.items[i].cpu[1].cap = 29;
    }
    _cleanup_free_ struct index_value *items = NULL;
    size_t count = indexes_compute(&list, &items);
    assert_index(items, count, "throughput", "NET0", 2000);
    assert_true(find(items, count, "throughput", "NET0")->high == 3000);
    assert_index(items, count, "partial_drop_rate", "NET0", 2000);
    assert_index(items, count, "highest_rate", "NET0", 2970);
    assert_false(find(items, count, "highest_rate", "NET0")->at_least);
    assert_index(items, count, "router_cost", "r1t3", 25e7 / 2000);
    assert_index(items, count, "host_cost", NULL, 60e7 / 2000);
    assert_index(items, count, "host_share", NULL, 100.0 * 60 / 85);
    // Twice the knee is 4,000, halfway between 2,970 and 2,500 received.
    assert_index(items, count, "overload_robustness", NULL, 100.0 * 2735 / 2970);
    assert_index(items, count, "delay_half_p50", "NET0", 2);
    assert_index(items, count, "delay_ninety_p99", "NET0", 3);
    assert_index(items, count, "memory", "r1t3", 64);
    assert_true(fabs(find(items, count, "cap_error", "r1t3")->value) == 1.0);
    assert_null(find(items, count, "fairness", NULL));
    point_list_clear(&list);
}

// Indexes that the points do not determine are absent.
static void unknown_indexes_are_absent(void **state)
{
    (void)state;
    struct point_list list = make(knee, 2); // nothing is lost: no knee, no overload
    _cleanup_free_ struct index_value *items = NULL;
    size_t count = indexes_compute(&list, &items);
    assert_true(find(items, count, "throughput", "NET0")->at_least);
    assert_true(find(items, count, "highest_rate", "NET0")->at_least);
    assert_null(find(items, count, "overload_robustness", NULL));
    assert_null(find(items, count, "cap_error", "r1t3"));
    assert_null(find(items, count, "start_time", "r1t3"));
    point_list_clear(&list);
    free(steal_pointer(&items));
    struct trial invalid = knee[0];
    invalid.why_invalid = "disturbed";
    list = make(&invalid, 1);
    count = indexes_compute(&list, &items);
    assert_null(find(items, count, "throughput", "NET0"));
    point_list_clear(&list);
}

// Two networks; the second offers a quarter of the first one's load and loses a tenth of it.
static void two_networks_share(void **state)
{
    (void)state;
    static const struct trial overload = {
        .topology = "bridged", .length = 64, .networks = 2, .tx = 4000, .lost = 2000};
    struct point_list list = make(&overload, 1);
    struct network_result *small = &list.items[0].networks[1];
    small->tx = 1000;
    small->rx = 900;
    small->lost = 100;
    small->offered_pps = 1000;
    small->forwarded_pps = 900;
    _cleanup_free_ struct index_value *items = NULL;
    size_t count = indexes_compute(&list, &items);
    assert_index(items, count, "fairness", NULL, 1.4 * 1.4 / (2 * (0.25 + 0.81)));
    assert_index(items, count, "isolation", "NET1", 90);
    point_list_clear(&list);
}

// Programs get the key, the unit and the direction of each index.
static void rows_name_what_they_are(void **state)
{
    (void)state;
    struct point_list list = make(knee, COUNT(knee));
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(&list, &sweeps);
    json_t *rows = indexes_to_json(sweeps, count);
    sweeps_free(sweeps, count);
    assert_true(json_array_size(rows) > 5);
    const json_t *first = json_array_get(rows, 0);
    assert_string_equal(json_string_value(json_object_get(first, "index")), "throughput");
    assert_string_equal(json_string_value(json_object_get(first, "unit")), "packets/s");
    assert_string_equal(json_string_value(json_object_get(first, "better")), "higher");
    assert_true(json_number_value(json_object_get(first, "high")) == 3000);
    json_decref(rows);
    point_list_clear(&list);
}

// A network with a load of its own has no index and no row of the summary; the other keeps its own.
static void fixed_loads_have_no_bounds(void **state)
{
    (void)state;
    struct point_list list = make(two_routers, COUNT(two_routers));
    for (size_t i = 0; i < list.count; i++) {
        list.items[i].networks[0].fixed_load = true;
    }
    json_t *summary = headlines_to_json(&list);
    size_t at;
    const json_t *row = NULL;
    json_array_foreach(summary, at, row)
    {
        assert_string_equal(json_string_value(json_object_get(row, "network")), "NET1");
    }
    assert_int_equal(at, 2);
    json_decref(summary);
    _cleanup_free_ struct index_value *items = NULL;
    size_t count = indexes_compute(&list, &items);
    assert_null(find(items, count, "throughput", "NET0"));
    assert_non_null(find(items, count, "throughput", "NET1"));
    point_list_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indexes_follow_from_the_points),
        cmocka_unit_test(unknown_indexes_are_absent),
        cmocka_unit_test(two_networks_share),
        cmocka_unit_test(rows_name_what_they_are),
        cmocka_unit_test(fixed_loads_have_no_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
