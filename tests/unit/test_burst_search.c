// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Tests of search/burst — searches for the longest burst that simulated devices with a buffer
 * carry: the guarantees of docs/search.md as properties over many seeds (SEARCH_SEEDS, default 25).
 *
 * Runs beside others: it computes only.
 */
#include "simulated_device.h"

#include "search/burst.h"

#define RATE 500000.0

// A buffer of some frames, which varies from trial to trial, and a forwarding rate.
struct buffer {
    struct device noise;
    unsigned networks;
    double frames[NETWORKS], forwards_pps, jitter;
    double disturbed; // probability of a trial that the machine disturbs: it loses half
    double slow;      // probability of a burst that is sent over so long that nothing is lost
    unsigned trials;
};

static struct buffer buffer_make(uint64_t seed)
{
    struct buffer buffer = {.noise = device_make(seed), .networks = 1};
    double frames = exp(log(100.0) + log(200.0) * draw_uniform(&buffer.noise));
    buffer.forwards_pps = 0.7 * RATE * draw_uniform(&buffer.noise);
    for (size_t i = 0; i < NETWORKS; i++) {
        buffer.frames[i] = frames * (1.0 + 0.01 * (double)i);
    }
    return buffer;
}

static struct outcome buffer_carry(struct buffer *buffer, const struct load *load,
                                   struct network_outcome networks[NETWORKS])
{
    struct outcome outcome = {.kind = OUTCOME_GOOD,
                              .networks = networks,
                              .network_count = buffer->networks,
                              .sending_ns = load->duration_ns};
    double seconds = (double)load->duration_ns / (double)NS_PER_S;
    bool disturbed = draw_uniform(&buffer->noise) < buffer->disturbed;
    bool slow = draw_uniform(&buffer->noise) < buffer->slow;
    buffer->trials++;
    assert_true(load->pps == RATE && load->each == NULL && load->use == LOAD_PROBE);
    for (size_t i = 0; i < buffer->networks; i++) {
        double sent = round(load->pps * seconds);
        double room = buffer->frames[i] * (1.0 + buffer->jitter * draw_normal(&buffer->noise));
        double lost = fmax(0.0, floor(sent - room - buffer->forwards_pps * seconds));
        networks[i].tx = (uint64_t)sent;
        networks[i].lost = (uint64_t)(slow ? 0.0 : disturbed ? sent / 2.0 : lost);
        outcome.tx += networks[i].tx;
        outcome.lost += networks[i].lost;
    }
    outcome.sending_ns *= slow ? 5 : 1;
    outcome.kind = disturbed ? OUTCOME_DISTURBED : OUTCOME_GOOD;
    return outcome;
}

static struct search *search_bursts(struct buffer *buffer)
{
    double throughput[NETWORKS] = {buffer->forwards_pps, buffer->forwards_pps, (double)NAN};
    use_goals("0", NULL);
    const struct burst_spec spec = {.length = 64,
                                    .goals = goals,
                                    .goal_count = goal_count,
                                    .network_count = buffer->networks,
                                    .pps = RATE,
                                    .throughput_pps = throughput};
    struct search *search = burst_search_new(&spec);
    struct load load;
    while (search_next(search, &load)) {
        assert_true(buffer->trials < 400);
        struct network_outcome networks[NETWORKS];
        struct outcome outcome = buffer_carry(buffer, &load, networks);
        (void)search_tell(search, &load, &outcome);
    }
    return search;
}

// The longest burst that a buffer carries, and whether a result holds it.
static double truth_of(const struct buffer *buffer, size_t network)
{
    return buffer->frames[network] / (1.0 - buffer->forwards_pps / RATE);
}

static bool burst_holds(const struct buffer *buffer, const struct burst_result *result,
                        double truth)
{
    double room =
        buffer->jitter * truth + 2.0; // the next frame, which a whole number of them hides
    return result->end == THROUGHPUT_REGULAR && result->carried <= truth + room &&
           result->lost >= truth - room && result->lost <= result->carried * 1.03 + 2.0;
}

static void test_bursts_keep_their_guarantees(void **state)
{
    (void)state;
    static const double jitters[] = {0.0, 0.01, 0.03};
    size_t seeds = seeds_wanted();
    double *taken = memory_new_array(double, seeds);
    for (size_t d = 0; d < sizeof jitters / sizeof jitters[0]; d++) {
        size_t missed = 0;
        double trials = 0.0;
        for (size_t i = 0; i < seeds; i++) {
            struct buffer buffer = buffer_make(1 + i + 100000 * d);
            buffer.jitter = jitters[d];
            struct search *search = search_bursts(&buffer);
            struct burst_result result = burst_search_result(search, 0, 0);
            missed += !burst_holds(&buffer, &result, truth_of(&buffer, 0));
            trials += buffer.trials;
            search_free(search);
        }
        print_message("jitter %.0f %%: %.0f bursts in the mean, missed %zu of %zu\n",
                      100.0 * jitters[d], trials / (double)seeds, missed, seeds);
        double allowed = 0.01 * (double)seeds;
        assert_true((double)missed <= allowed + 3.0 * sqrt(allowed));
        assert_true(trials / (double)seeds <= 60.0);
    }
    free(taken);
}

static void test_several_networks_get_the_same_burst(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct buffer buffer = buffer_make(seed);
        buffer.networks = NETWORKS;
        struct search *search = search_bursts(&buffer);
        for (size_t n = 0; n < NETWORKS; n++) {
            struct burst_result result = burst_search_result(search, n, 0);
            assert_true(burst_holds(&buffer, &result, truth_of(&buffer, n)));
        }
        search_free(search);
    }
}

static void test_disturbed_and_slow_bursts_do_not_count(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct buffer buffer = buffer_make(seed);
        buffer.disturbed = 0.3;
        buffer.slow = 0.3;
        struct search *search = search_bursts(&buffer);
        struct burst_result result = burst_search_result(search, 0, 0);
        assert_true(burst_holds(&buffer, &result, truth_of(&buffer, 0)));
        search_free(search);
    }
}

static void test_ends_of_bursts_are_named(void **state)
{
    (void)state;
    struct buffer buffer = buffer_make(1);
    buffer.forwards_pps = 2.0 * RATE;
    struct search *search = search_bursts(&buffer);
    struct burst_result result = burst_search_result(search, 0, 0);
    assert_int_equal(result.end, THROUGHPUT_MAX_LOAD);
    assert_string_equal(burst_end_text(result.end), "longest burst carried");
    assert_true(result.carried == 2.0 * RATE && isnan(result.lost));
    search_free(search);
    buffer = buffer_make(1);
    buffer.frames[0] = 3.0;
    buffer.forwards_pps = 0.0;
    search = search_bursts(&buffer);
    result = burst_search_result(search, 0, 0);
    assert_int_equal(result.end, THROUGHPUT_MIN_LOAD);
    assert_string_equal(burst_end_text(result.end), "shortest burst lost packets");
    search_free(search);
    buffer = buffer_make(1);
    buffer.slow = 1.0;
    search = search_bursts(&buffer);
    assert_int_equal(burst_search_result(search, 0, 0).end, THROUGHPUT_TESTER_LIMIT);
    search_free(search);
}

// RFC 9004: a buffer of 1,000 frames at 100,000 frames/s; while the burst arrives, the device
// forwards a quarter of it.
static void test_buffer_time_is_corrected(void **state)
{
    (void)state;
    assert_true(fabs(burst_buffer_s(1000.0, 100000.0, 0.0) - 0.01) < 1e-12);
    assert_true(fabs(burst_buffer_s(1000.0, 100000.0, 25000.0) - 0.0075) < 1e-12);
    assert_true(isnan(burst_buffer_s(1000.0, 100000.0, 100000.0)));
    assert_true(isnan(burst_buffer_s(1000.0, 100000.0, (double)NAN)));
    assert_true(isnan(burst_buffer_s((double)NAN, 100000.0, 25000.0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bursts_keep_their_guarantees),
        cmocka_unit_test(test_several_networks_get_the_same_burst),
        cmocka_unit_test(test_disturbed_and_slow_bursts_do_not_count),
        cmocka_unit_test(test_ends_of_bursts_are_named),
        cmocka_unit_test(test_buffer_time_is_corrected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
