// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/send_list — the lines and sums of `vrbench send`.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/send_list.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

static struct cpu_result cpu[] = {
    {.name = (char *)"host", .percent = 31.25},
    {.name = (char *)"r1", .percent = 10.0},
    {.name = (char *)"r2", .percent = 20.5},
    {.name = (char *)"tester", .percent = 90.0},
};
static struct drop_result drops[] = {
    {.where = (char *)"r1:eth0 receive ring", .count = 1500},
    {.where = (char *)"host:br0", .count = 1},
};
static struct network_result network = {
    .name = (char *)"NET0",
    .tx = 100000,
    .rx = 98499,
    .lost = 1501,
    .delay_ns = {.measured = true, .p50 = 12340, .p99 = 1234560},
};

static struct point lossy_point(void)
{
    return (struct point){.topology = (char *)"bridged",
                          .networks = &network,
                          .network_count = 1,
                          .cpu = cpu,
                          .cpu_count = 4,
                          .drops = drops,
                          .drop_count = 2,
                          .duration_s = 1.0,
                          .valid = true};
}

static void a_line_has_the_losses_below_it(void **state)
{
    (void)state;
    struct point point = lossy_point();
    _cleanup_free_ char *head = send_head_text();
    _cleanup_free_ char *line = send_line_text(&point, 7, 1.0);
    assert_string_equal(
        line, "     7   100,000     98,499    1,501   1.501     12.3  1,234.6    31.2    30.5\n"
              "           1,500 lost at r1:eth0 receive ring\n"
              "               1 lost at host:br0\n");
    assert_string_equal(
        head, "                                        Lost Delay us Delay us    Host Routers\n"
              "Second      Sent   Received     Lost       %      p50      p99   CPU %   CPU %\n");
}

static void long_delays_fit_the_columns(void **state)
{
    (void)state;
    struct network_result slow = {
        .tx = 400, .rx = 400, .delay_ns = {.measured = true, .p50 = 45088800, .p99 = 644635400}};
    struct point point = lossy_point();
    point.networks = &slow;
    point.drop_count = 0;
    point.valid = false;
    _cleanup_free_ char *line = send_line_text(&point, 2, 0.2);
    assert_string_equal(
        line, "   0.4       400        400        0       0   45,089  644,635    31.2    30.5!\n");
}

static void a_rare_loss_does_not_read_as_none(void **state)
{
    (void)state;
    struct network_result rare = {.tx = 1000000, .rx = 999999, .lost = 1, .unsent = 5};
    struct point point = lossy_point();
    point.networks = &rare;
    point.drop_count = 0;
    point.valid = false;
    _cleanup_free_ char *line = send_line_text(&point, 5, 0.5);
    assert_string_equal(
        line, "   2.5 1,000,000    999,999        1  <0.001        -        -    31.2    30.5!\n"
              "               5 not sent: the tester is at its limit\n");
}

static void an_interval_without_figures_has_its_reason(void **state)
{
    (void)state;
    struct point point = {.why_invalid = (char *)"a router died: r1", .duration_s = 1.0};
    struct send_total total = {0};
    _cleanup_free_ char *line = send_line_text(&point, 1, 1.0);
    assert_string_equal(line, "     1 a router died: r1\n");
    send_total_add(&total, &point);
    assert_int_equal(total.sent, 0);
    assert_int_equal(total.invalid, 1);
    assert_true(total.seconds == 0.0);
    send_total_clear(&total);
}

static void totals_sum_intervals_and_places(void **state)
{
    (void)state;
    struct send_total total = {0};
    struct point point = lossy_point();
    send_total_add(&total, &point);
    point.drop_count = 1;
    drops[0].count = 1501;
    point.valid = false;
    point.why_invalid = (char *)"background load: other programs used about 60 % of a measurement "
                                "CPU; the tester was the limit";
    send_total_add(&total, &point);
    drops[0].count = 1500;
    _cleanup_free_ char *text = send_total_text(&total);
    assert_string_equal(
        text, "\n Total   200,000    196,998    3,002   1.501\n"
              "           3,001 lost at r1:eth0 receive ring\n"
              "               1 lost at host:br0\n"
              "100,000 pps sent, 98,499 pps received over 2.0 s\n"
              "! 1 of 2 intervals are not valid measurements; the latest: background load:\n"
              "other programs used about 60 % of a measurement CPU; the tester was the limit\n");
    json_t *json = send_total_json(&total);
    json_t *sums = json_object_get(json, "total");
    assert_int_equal(json_integer_value(json_object_get(sums, "tx")), 200000);
    assert_int_equal(json_integer_value(json_object_get(sums, "lost")), 3002);
    assert_int_equal(json_array_size(json_object_get(sums, "drops")), 2);
    json_decref(json);
    send_total_clear(&total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_the_losses_below_it),
        cmocka_unit_test(long_delays_fit_the_columns),
        cmocka_unit_test(a_rare_loss_does_not_read_as_none),
        cmocka_unit_test(an_interval_without_figures_has_its_reason),
        cmocka_unit_test(totals_sum_intervals_and_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
