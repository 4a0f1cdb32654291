// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of claim 12: verdicts on made-up losses with equal weights and under control.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "study/claims.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define TRIALS 5U

static struct study_run runs[] = {{.name = "shares-static"}, {.name = "shares-moved"}};
static const struct study_results results = {.runs = runs, .run_count = 2, .dut_cpus = 1};

static int tear_down(void **state)
{
    (void)state;
    point_list_clear(&runs[0].points);
    point_list_clear(&runs[1].points);
    runs[1].lacking = NULL;
    return 0;
}

// Trials in which the first network loses from `least` to `most`, and the second one nearly all.
static void put(struct study_run *run, double least, double most)
{
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        const double loss = least + (most - least) * trial / (TRIALS - 1);
        struct point point = {.topology = text_copy("dedicated"),
                              .length = 64,
                              .repeat = trial,
                              .requested_pps = 60000,
                              .valid = true,
                              .networks = memory_new_array(struct network_result, 2),
                              .network_count = 2};
        for (size_t i = 0; i < 2; i++) {
            const uint64_t lost = (uint64_t)((i == 0 ? loss : 0.9) * 1e6);
            point.networks[i] = (struct network_result){.name = text_format("NET%zu", i),
                                                        .tx = 1000000,
                                                        .rx = 1000000 - lost,
                                                        .lost = lost};
        }
        point_make_labels(&point);
        point_list_add(&run->points, &point);
    }
}

static void expect(enum claim_verdict verdict, const char *why)
{
    struct claim_result result;
    claim_judge(&claims[11], &results, &result);
    if (result.verdict != verdict || strstr(result.why, why) == NULL) {
        fail_msg("%s, not %s: %s", claim_verdict_name(result.verdict), claim_verdict_name(verdict),
                 result.why);
    }
    claim_result_clear(&result);
}

static void contract_that_only_control_keeps_confirms_it(void **state)
{
    (void)state;
    put(&runs[0], 0.24, 0.33);
    put(&runs[1], 0.0, 0.002);
    expect(CLAIM_CONFIRMED, "within the contract");
}

static void contract_that_control_breaks_refutes_it(void **state)
{
    (void)state;
    put(&runs[0], 0.24, 0.33);
    put(&runs[1], 0.02, 0.05);
    expect(CLAIM_REFUTED, "Under control 2.00 to 5.00 % are lost, more than the contract allows");
}

static void contract_that_equal_weights_keep_decides_nothing(void **state)
{
    (void)state;
    put(&runs[0], 0.0, 0.001);
    put(&runs[1], 0.0, 0.001);
    expect(CLAIM_UNDECIDED, "they may keep the contract");
}

static void losses_across_the_border_decide_nothing(void **state)
{
    (void)state;
    put(&runs[0], 0.24, 0.33);
    put(&runs[1], 0.001, 0.03);
    expect(CLAIM_UNDECIDED, "vary across what the contract allows");
}

static void run_that_is_missing_decides_nothing(void **state)
{
    (void)state;
    put(&runs[0], 0.24, 0.33);
    expect(CLAIM_UNDECIDED, "shares-moved was not run");
    runs[1].lacking = "its routers have 500 rules";
    expect(CLAIM_UNDECIDED, "shares-moved could not be run: its routers have 500 rules");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(contract_that_only_control_keeps_confirms_it, tear_down),
        cmocka_unit_test_teardown(contract_that_control_breaks_refutes_it, tear_down),
        cmocka_unit_test_teardown(contract_that_equal_weights_keep_decides_nothing, tear_down),
        cmocka_unit_test_teardown(losses_across_the_border_decide_nothing, tear_down),
        cmocka_unit_test_teardown(run_that_is_missing_decides_nothing, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
