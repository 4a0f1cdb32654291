// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of advice/packing — packings compared with exhaustive search on random small problems,
 * bounds that hold, and a large problem whose steps are bounded.
 *
 * Runs beside others: it computes only.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "advice/packing.h"
#include "base/cleanup.h"
#include "base/text.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#if defined(__SANITIZE_ADDRESS__)
#define CASES 20
#define LARGE 100
#else
#define CASES 200
#define LARGE 1000
#endif
#define NEAR     1e-5
#define NEAR_ALL 0.02 // of the optimum

static uint64_t draws;

// A number from 0 to `below` - 1; always the same sequence.
static unsigned draw(unsigned below)
{
    draws = draws * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)((draws >> 33) % below);
}

static void draw_problem(uint64_t seed, size_t count, size_t hosts, size_t levels, bool prices,
                         struct pack_item *items, struct pack_problem *ret)
{
    draws = seed * 7919 + 1;
    *ret = (struct pack_problem){.items = items,
                                 .count = count,
                                 .levels = levels,
                                 .hosts = hosts,
                                 .cpu = 98.0,
                                 .whole = 100.0,
                                 .slots = {draw(4) == 0 ? 2 : count, draw(4)},
                                 .memory = draw(3) == 0 ? 300.0 : 0.0};
    const unsigned largest = 20 + draw(70);
    for (size_t i = 0; i < count; i++) {
        const double dedicated = 2.0 + draw(largest * 10) / 10.0;
        const double usable = draw(3) == 0 ? 0.5 + draw(50) / 100.0 : 1.0;
        items[i] = (struct pack_item){.cpu = {dedicated * (1.5 + draw(20) / 10.0), dedicated},
                                      .usable = {usable, draw(4) == 0 ? 0.8 : 1.0},
                                      .memory = ret->memory > 0.0 ? 16.0 * (1 + draw(8)) : 0.0,
                                      .value = prices ? 1.0 + draw(50) : 1.0,
                                      .level = draw((unsigned)levels)};
        items[i].allowed[PACK_BRIDGED] =
            draw(12) != 0 && items[i].cpu[PACK_BRIDGED] <= 98.0 * usable;
        items[i].allowed[PACK_DEDICATED] =
            ret->slots[PACK_DEDICATED] > 0 && draw(6) != 0 &&
            items[i].cpu[PACK_DEDICATED] <= 98.0 * items[i].usable[PACK_DEDICATED];
    }
}

// ---- exhaustive search

struct exhaustion {
    enum pack_aim aim;
    struct packing *now, *best;
};

static void keep_best(struct exhaustion *all)
{
    if (all->best == NULL || packing_compare(all->now, all->best, all->aim) > 0) {
        packing_free(all->best);
        all->best = packing_copy(all->now);
    }
}

static void exhaust_items(struct exhaustion *all, size_t item)
{
    const struct pack_problem *problem = all->now->problem;
    if (item == problem->count) {
        keep_best(all);
        return;
    }
    for (size_t h = 0; h < problem->hosts; h++) {
        if (packing_fits(all->now, item, h)) {
            packing_put(all->now, item, h);
            exhaust_items(all, item + 1);
            packing_take(all->now, item);
        }
    }
    exhaust_items(all, item + 1);
}

static struct packing *exhaust(const struct pack_problem *problem, enum pack_aim aim)
{
    struct exhaustion all = {.aim = aim, .best = NULL};
    for (size_t dedicated = 0; dedicated <= problem->hosts; dedicated++) {
        all.now = packing_new(problem);
        packing_set_modes(all.now, dedicated);
        exhaust_items(&all, 0);
        packing_free(all.now);
    }
    return all.best;
}

// ---- checks

// The sums of a packing are those of its items, and no host holds more than it can.
static void assert_valid(const struct packing *packing)
{
    const struct pack_problem *problem = packing->problem;
    for (size_t h = 0; h < problem->hosts; h++) {
        const struct pack_host *host = &packing->hosts[h];
        double cpu = 0.0;
        double memory = 0.0;
        double usable = 1.0;
        size_t items = 0;
        for (size_t i = 0; i < problem->count; i++) {
            if (packing->place[i] == h) {
                assert_true(problem->items[i].allowed[host->mode]);
                cpu += problem->items[i].cpu[host->mode];
                usable = fmin(usable, problem->items[i].usable[host->mode]);
                memory += problem->items[i].memory;
                items++;
            }
        }
        assert_int_equal(items, host->items);
        assert_true(fabs(cpu - host->cpu) < NEAR && cpu <= problem->cpu * usable + NEAR);
        assert_true(fabs(usable - host->usable) < NEAR);
        assert_true(problem->memory <= 0.0 || memory <= problem->memory + NEAR);
        assert_true(items <= problem->slots[host->mode]);
    }
}

// bound >= optimum >= packing, and the packing is within 2 % of the optimum, level by level.
static void assert_near_optimum(uint64_t seed, const struct packing *found,
                                const struct packing *optimum, const struct pack_bound *bound,
                                enum pack_aim aim)
{
    for (size_t level = 0; level < found->problem->levels; level++) {
        const double value = packing_value(found, level);
        const double best = packing_value(optimum, level);
        if (value < best * (1.0 - NEAR_ALL) || bound->levels[level] < best - NEAR ||
            value > best + NEAR) {
            fail_msg("case %llu, level %zu: %g of %g, bound %g", (unsigned long long)seed, level,
                     value, best, bound->levels[level]);
        }
        if (value < best - NEAR) {
            return; // within 2 %, but what follows is that of another value
        }
    }
    const double figure = packing_aim(found, aim);
    const double best = packing_aim(optimum, aim);
    if (figure > best * (1.0 + NEAR_ALL) + NEAR || bound->aim > best * (1.0 + NEAR) + NEAR) {
        fail_msg("case %llu, aim %d: %g of %g, bound %g", (unsigned long long)seed, (int)aim,
                 figure, best, bound->aim);
    }
}

static void check_case(uint64_t seed)
{
    struct pack_item items[8];
    struct pack_problem problem;
    _cleanup_error_ struct error err = ERROR_INIT;
    const enum pack_aim aim = (enum pack_aim)(seed % 3);
    const size_t hosts = 1 + seed % 3;
    const size_t count = hosts == 3 ? 4 + seed % 3 : 4 + seed % 5;
    draw_problem(seed, count, hosts, 1 + seed / 3 % 3, seed % 2 == 0, items, &problem);
    _cleanup_packing_ struct packing *found = NULL;
    _cleanup_packing_ struct packing *again = NULL;
    struct pack_bound bound = {.levels = NULL};
    struct pack_bound bound_again = {.levels = NULL};
    if (pack_solve(&problem, aim, &found, &bound, &err) < 0) {
        fail_msg("case %llu: %s", (unsigned long long)seed, err.text);
    }
    assert_valid(found);
    _cleanup_packing_ struct packing *optimum = exhaust(&problem, aim);
    assert_near_optimum(seed, found, optimum, &bound, aim);
    assert_int_equal(pack_solve(&problem, aim, &again, &bound_again, &err), 0);
    assert_memory_equal(found->place, again->place, count * sizeof *found->place);
    free(bound.levels);
    free(bound_again.levels);
}

static void test_against_exhaustive_search(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        check_case(seed);
    }
}

// What the search does is bounded by its steps, whatever the machine: the test only ends.
static void test_large(void **state)
{
    (void)state;
    _cleanup_free_ struct pack_item *items = memory_new_array(struct pack_item, LARGE);
    for (unsigned levels = 1; levels <= 3; levels += 2) {
        struct pack_problem problem;
        _cleanup_error_ struct error err = ERROR_INIT;
        _cleanup_packing_ struct packing *found = NULL;
        struct pack_bound bound = {.levels = NULL};
        draw_problem(4242 + levels, LARGE, LARGE / 10, levels, true, items, &problem);
        problem.slots[PACK_DEDICATED] = 4;
        problem.memory = 0.0;
        if (pack_solve(&problem, PACK_AIM_CPU, &found, &bound, &err) < 0) {
            fail_msg("%s", err.text);
        }
        assert_valid(found);
        for (size_t level = 0; level < levels; level++) {
            const double value = packing_value(found, level);
            print_message("level %zu of %u: %g of at most %g\n", level, levels, value,
                          bound.levels[level]);
            assert_true(value <= bound.levels[level] + NEAR);
            assert_true(level > 0 || value >= 0.9 * bound.levels[level]);
        }
        free(bound.levels);
    }
}

// Two items of more than half a host do not share one, although their sum over all hosts fits.
static void test_halves(void **state)
{
    (void)state;
    struct pack_item items[5];
    for (size_t i = 0; i < 5; i++) {
        items[i] = (struct pack_item){
            .allowed = {true, false}, .cpu = {52.0, 26.0}, .usable = {1.0, 1.0}, .value = 1.0};
    }
    const struct pack_problem problem = {
        .items = items, .count = 5, .levels = 1, .hosts = 4, .cpu = 98.0, .slots = {5, 0}};
    _cleanup_packing_ struct packing *found = NULL;
    struct pack_bound bound = {.levels = NULL};
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(pack_solve(&problem, PACK_AIM_HOSTS, &found, &bound, &err), 0);
    assert_true(fabs(packing_value(found, 0) - 4.0) < NEAR);
    assert_true(fabs(bound.levels[0] - 4.0) < NEAR);
    assert_true(fabs(bound.aim - 4.0) < NEAR);
    free(bound.levels);
}

// A contract of the first level is kept, however many of the second it costs.
static void test_levels_come_first(void **state)
{
    (void)state;
    struct pack_item items[4];
    for (size_t i = 0; i < 4; i++) {
        items[i] = (struct pack_item){.allowed = {true, false},
                                      .cpu = {i == 0 ? 90.0 : 30.0, 1.0},
                                      .usable = {1.0, 1.0},
                                      .value = i == 0 ? 1.0 : 1000.0,
                                      .level = i == 0 ? 0 : 1};
    }
    const struct pack_problem problem = {
        .items = items, .count = 4, .levels = 2, .hosts = 1, .cpu = 98.0, .slots = {4, 0}};
    _cleanup_packing_ struct packing *found = NULL;
    struct pack_bound bound = {.levels = NULL};
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(pack_solve(&problem, PACK_AIM_CPU, &found, &bound, &err), 0);
    assert_int_equal(found->place[0], 0);
    assert_true(packing_value(found, 1) < NEAR);
    assert_true(bound.levels[1] < 1000.0);
    free(bound.levels);
}

// Two items that need as much CPU: the host with the stricter one has less left, so that a third
// item goes to the other host, although the CPU of both hosts is the same without it.
static void test_headroom_counts_what_is_usable(void **state)
{
    (void)state;
    struct pack_item items[3];
    for (size_t i = 0; i < 3; i++) {
        items[i] = (struct pack_item){.allowed = {true, false},
                                      .cpu = {i == 0 ? 20.0 : 30.0, 1.0},
                                      .usable = {i == 0 ? 0.6 : 1.0, 1.0},
                                      .value = 1.0};
    }
    const struct pack_problem problem = {.items = items,
                                         .count = 3,
                                         .levels = 1,
                                         .hosts = 2,
                                         .cpu = 98.0,
                                         .whole = 100.0,
                                         .slots = {3, 0}};
    _cleanup_packing_ struct packing *found = NULL;
    struct pack_bound bound = {.levels = NULL};
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(pack_solve(&problem, PACK_AIM_HEADROOM, &found, &bound, &err), 0);
    // 60 - 20 and 100 - 60 are left, not 60 - 50.
    assert_int_equal(found->place[1], found->place[2]);
    assert_true(found->place[0] != found->place[1]);
    assert_true(fabs(packing_aim(found, PACK_AIM_HEADROOM) - 60.0) < NEAR);
    assert_true(fabs(bound.aim - 60.0) < 1e-3); // GLPK takes 1 - 1e-5 for 1
    free(bound.levels);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_levels_come_first),
        cmocka_unit_test(test_headroom_counts_what_is_usable),
        cmocka_unit_test(test_against_exhaustive_search),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
