// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/compare_found — the bounds of two searches give verdicts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "machine/catalogue.h"
#include "report/compare.h"
#include "report/compare_verdict.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_points.h"

#define ROW(of, subject, goal, more)                                                               \
    "{\"of\":\"" of "\",\"topology\":\"bridged\",\"length\":64," subject ",\"goal\":\"" goal       \
    "\",\"regular\":true," more "}"
#define NET0              "\"network\":\"NET0\""
#define RATE(low, high)   "\"relevant_lower_pps\":" low ",\"relevant_upper_pps\":" high
#define BOUNDS(low, high) "{\"low\":" low ",\"high\":" high "}"

static const struct trial trials[] = {
    {.topology = "bridged", .length = 64, .tx = 1000, .host = 20, .router = 10},
    {.topology = "bridged", .length = 64, .step = 1, .tx = 2000, .lost = 9, .router = 10},
};

static struct comparison *compare_searches(const char *first, const char *other)
{
    struct comparison *comparison = memory_new(1, sizeof *comparison);
    comparison->sides = memory_new_array(struct compare_side, 2);
    comparison->side_count = 2;
    for (size_t i = 0; i < 2; i++) {
        struct compare_side *side = &comparison->sides[i];
        side->label = text_copy(i == 0 ? "before" : "after");
        side->folder = text_copy(side->label);
        side->points = make(trials, sizeof trials / sizeof trials[0]);
        json_t *rows = json_loads(i == 0 ? first : other, 0, NULL);
        assert_non_null(rows);
        side->run = json_pack("{s:o}", "search", rows);
    }
    compare_conclude(comparison);
    return comparison;
}

static const struct compare_verdict *find(const struct comparison *comparison, const char *name)
{
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        if (text_equal(comparison->verdicts[i].name, name)) {
            return &comparison->verdicts[i];
        }
    }
    fail_msg("no verdict \"%s\"", name);
    return NULL;
}

static void assert_word(const char *first, const char *other, const char *word)
{
    struct comparison *comparison = compare_searches(first, other);
    const struct compare_verdict *verdict = find(comparison, "NET0, goal 0");
    assert_string_equal(compare_verdict_word(verdict->word), word);
    comparison_free(comparison);
}

#define FOUND(low, high) "[" ROW("rate", NET0, "0", RATE(low, high)) "]"

static void test_words_of_rates(void **state)
{
    (void)state;
    const char *first = FOUND("100000", "100500");
    assert_word(first, FOUND("110000", "110500"), "better");
    assert_word(first, FOUND("90000", "90500"), "worse");
    assert_word(first, FOUND("100200", "100700"), "same");
    assert_word(first, FOUND("101000", "101500"), "same"); // within the margin of two builds
    assert_word(first, FOUND("90000", "110000"), "can't tell");
    // A bound that is lacking: the tester was the limit, or every load lost packets.
    const char *above = "[" ROW("rate", NET0, "0", "\"relevant_lower_pps\":120000") "]";
    const char *below = "[" ROW("rate", NET0, "0", "\"relevant_upper_pps\":50000") "]";
    assert_word(first, above, "better");
    assert_word(first, below, "worse");
    assert_word(above, first, "worse");
    assert_word(above, above, "can't tell");
}

static void test_worse_by(void **state)
{
    (void)state;
    struct comparison *comparison =
        compare_searches(FOUND("100000", "100500"), FOUND("80000", "90000"));
    const struct compare_verdict *verdict = find(comparison, "NET0, goal 0");
    double by = compare_worse_by(verdict);
    assert_true(by > 0.0999 && by < 0.1001); // 90,000 of at least 100,000
    assert_true(verdict->ratio.low > 0.796 && verdict->ratio.low < 0.7961);
    // Rates of the trials, which are the searches' choice, have no verdict.
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        assert_false(text_equal(comparison->verdicts[i].key, "throughput_pps"));
        assert_false(text_equal(comparison->verdicts[i].key, "max_pps"));
    }
    comparison_free(comparison);
}

// Rows of repeated searches: bounds 500 packets/s apart, from `base` on, 300 further each time.
// With `irregular`, so many of the last ones are irregular.
static char *repeated(unsigned base, unsigned count, unsigned irregular)
{
    char *text = text_copy("");
    for (unsigned i = 0; i < count; i++) {
        unsigned low = base + 300 * i;
        char *longer = text_format(
            "%s%s{\"of\":\"rate\",\"topology\":\"bridged\",\"length\":64,\"network\":\"NET0\","
            "\"goal\":\"0\",\"regular\":%s,\"repeat\":%u,\"relevant_lower_pps\":%u,"
            "\"relevant_upper_pps\":%u}",
            text, i == 0 ? "[" : ",", i + irregular < count ? "true" : "false", i, low, low + 500);
        free(text);
        text = longer;
    }
    char *rows = text_format("%s]", text);
    free(text);
    return rows;
}

static struct compare_verdict judge_repeated(unsigned first_base, unsigned first_count,
                                             unsigned base, unsigned count, unsigned irregular)
{
    char *first = repeated(first_base, first_count, 0);
    char *other = repeated(base, count, irregular);
    struct comparison *comparison = compare_searches(first, other);
    size_t found = 0;
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        found += comparison->verdicts[i].figure == JUDGED_FOUND;
    }
    assert_int_equal(found, 1); // one verdict for all repeats
    struct compare_verdict verdict = *find(comparison, "NET0, goal 0");
    bool warned = false;
    for (size_t i = 0; i < comparison->warnings.count; i++) {
        warned = warned || strstr(comparison->warnings.items[i], "results are irregular") != NULL;
    }
    assert_true(warned == (irregular > 0));
    comparison_free(comparison);
    free(first);
    free(other);
    return verdict;
}

// Searches of both in alternation: each is a value that is known up to its bounds.
static void test_repeated_searches(void **state)
{
    (void)state;
    struct compare_verdict verdict = judge_repeated(100000, 7, 120000, 7, 0);
    assert_int_equal(verdict.word, WORD_BETTER);
    assert_int_equal(verdict.values, 7);
    assert_int_equal(verdict.needed, 0);
    assert_true(verdict.ratio.low > 1.16 && verdict.ratio.low < 1.2);
    assert_true(verdict.ratio.high > 1.2 && verdict.ratio.high < 1.23);
    assert_true(verdict.first.low > 100899 && verdict.first.low < 100901); // the median
    assert_int_equal(judge_repeated(100000, 7, 90000, 7, 0).word, WORD_WORSE);
    assert_int_equal(judge_repeated(100000, 7, 100000, 7, 0).word, WORD_SAME);
}

// Too few regular results decide nothing, however far apart they are.
static void test_few_repeated_searches(void **state)
{
    (void)state;
    struct compare_verdict verdict = judge_repeated(100000, 3, 200000, 3, 0);
    assert_int_equal(verdict.word, WORD_UNDECIDED);
    assert_int_equal(verdict.needed, 4);
    verdict = judge_repeated(100000, 4, 200000, 4, 2);
    assert_int_equal(verdict.values, 2);
    assert_int_equal(verdict.word, WORD_UNDECIDED);
    verdict = judge_repeated(100000, 5, 200000, 5, 1);
    assert_int_equal(verdict.values, 4);
    assert_int_equal(verdict.word, WORD_BETTER);
}

// A smaller cap is better, a longer burst is.
static void test_caps_and_bursts(void **state)
{
    (void)state;
    static const char first[] = "[" ROW(
        "cap", "\"router\":\"r1\"", "0",
        "\"at_pps\":20000,\"cap_percent\":" BOUNDS(
            "29", "30")) "," ROW("burst", NET0, "0",
                                 "\"at_pps\":5e5,\"burst_frames\":" BOUNDS("250", "256")) "]";
    static const char other[] = "[" ROW(
        "cap", "\"router\":\"r1\"", "0",
        "\"at_pps\":20000,\"cap_percent\":" BOUNDS(
            "34", "35")) "," ROW("burst", NET0, "0",
                                 "\"at_pps\":5e5,\"burst_frames\":" BOUNDS("500", "512")) "]";
    struct comparison *comparison = compare_searches(first, other);
    assert_int_equal(find(comparison, "cap of r1, goal 0")->word, WORD_WORSE);
    assert_true(compare_worse_by(find(comparison, "cap of r1, goal 0")) > 0.13);
    assert_int_equal(find(comparison, "burst of NET0, goal 0")->word, WORD_BETTER);
    comparison_free(comparison);
}

// What can't be compared is named: an irregular result, a goal that one side lacks, another load.
static void test_what_is_not_decided(void **state)
{
    (void)state;
    static const char irregular[] =
        "[{\"of\":\"rate\",\"topology\":\"bridged\",\"length\":64," NET0
        ",\"goal\":\"0\",\"regular\":false," RATE("50000", "50500") "}]";
    struct comparison *comparison = compare_searches(FOUND("100000", "100500"), irregular);
    assert_int_equal(find(comparison, "NET0, goal 0")->word, WORD_UNDECIDED);
    assert_true(comparison->warnings.count > 0);
    assert_non_null(strstr(comparison->warnings.items[0], "the result of after is irregular"));
    comparison_free(comparison);
    comparison =
        compare_searches(FOUND("100000", "100500"),
                         "[" ROW("rate", NET0, "0.5%", RATE("100000", "100500")) ",7,{\"of\":9}]");
    bool named = false;
    for (size_t i = 0; i < comparison->not_compared.count; i++) {
        named = named || strstr(comparison->not_compared.items[i],
                                "NET0, goal 0: not searched for in after") != NULL;
    }
    assert_true(named);
    comparison_free(comparison);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_rates),    cmocka_unit_test(test_worse_by),
        cmocka_unit_test(test_repeated_searches), cmocka_unit_test(test_few_repeated_searches),
        cmocka_unit_test(test_caps_and_bursts),   cmocka_unit_test(test_what_is_not_decided),
    };
    catalogue_use(&machine_catalogue);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
