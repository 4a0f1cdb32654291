// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of measure/forms — what a trial's load requests of each network, and its intervals of time.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "measure/forms.h"
#include "measure/slots.h"
#include "scenario/profile.h"

#include <cmocka.h>

#include "made_up_trial.h"

#define near(got, wanted) assert_true(fabs((got) - (wanted)) < 0.01)

static void receive_all(const struct forms *forms, struct lab *lab)
{
    for (size_t i = 0; i < forms->path_count; i++) {
        lab->counts[i].tx = lab->counts[i].rx =
            forms->bounds[i * (forms->slot_count + 1) + forms->slot_count];
        for (size_t k = 0; k < forms->slot_count; k++) {
            lab->counts[i].within[k] = slot_sent(&forms->bounds[i * (forms->slot_count + 1)],
                                                 forms->slot_count, k, lab->counts[i].tx);
        }
    }
}

// Makes the forms of a load, whose packets all arrive, and fills the lab's point with them.
static struct forms forms_of(struct lab *lab, const struct load *load)
{
    struct forms forms;
    struct traffic_request request = {.pps = load->pps, .duration_ns = load->duration_ns};
    forms_make(lab->plan, load, load->duration_ns, true, &forms);
    forms_request(&forms, &request, lab->counts);
    receive_all(&forms, lab);
    assert_true(forms_agree(&forms, lab->counts));
    forms_fill(&forms, lab->plan, lab->counts, &lab->point);
    return forms;
}

// 1,000 packets/s for a second, then 200 for another: the tester is not short of a load of 1,000.
static void test_dropping_load_requests_its_mean(void **state)
{
    (void)state;
    struct lab *lab = open_lab(two_routers, TOPOLOGY_DEDICATED);
    const struct load load = {.use = LOAD_PROBE,
                              .length = 64,
                              .pps = 1000.0,
                              .duration_ns = 2 * NS_PER_S,
                              .drop_ns = NS_PER_S,
                              .drop_pps = 200.0};
    _cleanup_forms_ struct forms forms = forms_of(lab, &load);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(lab->counts[i].tx, 1200);
        assert_true(lab->point.networks[i].has_requested);
        near(lab->point.networks[i].requested_pps, 600.0);
    }
    close_lab(lab);
}

static void test_constant_load_requests_no_other(void **state)
{
    (void)state;
    struct lab *lab = open_lab(two_routers, TOPOLOGY_DEDICATED);
    const struct load load = {
        .use = LOAD_POINT, .length = 64, .pps = 1000.0, .duration_ns = NS_PER_S};
    _cleanup_forms_ struct forms forms = forms_of(lab, &load);
    assert_false(lab->point.networks[0].has_requested || lab->point.networks[1].has_requested);
    close_lab(lab);
}

// A minute of a profile with two steps that take 10 ns, in a trial of 400 ms: each interval that is
// left has a length, and their counts sum to those of the network.
static void test_close_times_leave_no_empty_interval(void **state)
{
    (void)state;
    static const char phases[] =
        "name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1 } }\n"
        "traffic: { lengths: [64], profile: { phases: [{ for: 40 s, rate: 3000 }] } }\n";
    static const char close_times[] = "0 3000\n40 3000\n40.00000001 6000\n60 6000\n60.00000001 0\n";
    struct lab *lab = open_lab(phases, TOPOLOGY_DEDICATED);
    struct scenario_profile *profile = &lab->scenario->traffic.profile;
    struct scenario_problems problems = {NULL, 0};
    free(profile->knots);
    assert_int_equal(profile_parse(close_times, strlen(close_times), &profile->knots,
                                   &profile->knot_count, &problems),
                     0);
    const struct load load = {
        .use = LOAD_POINT, .length = 64, .pps = 4000.0, .duration_ns = 400 * NS_PER_MS};
    _cleanup_forms_ struct forms forms = forms_of(lab, &load);
    uint64_t tx = 0;
    uint64_t unsent = 0;
    assert_int_equal(lab->point.interval_count, 2);
    for (size_t i = 0; i < lab->point.interval_count; i++) {
        const struct interval_result *interval = &lab->point.intervals[i];
        near(interval->from_s, i == 0 ? 0.0 : 0.267);
        near(interval->to_s, i == 0 ? 0.267 : 0.4);
        assert_true(interval->to_s > interval->from_s);
        tx += interval->networks[0].tx;
        unsent += interval->networks[0].unsent;
        assert_int_equal(interval->networks[0].lost, 0);
    }
    assert_int_equal(tx, 1600);
    assert_int_equal(unsent, 0);
    close_lab(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dropping_load_requests_its_mean),
        cmocka_unit_test(test_constant_load_requests_no_other),
        cmocka_unit_test(test_close_times_leave_no_empty_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
