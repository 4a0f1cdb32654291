// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/expect — see expect.h. An expectation is, word by word:
 *
 *     FIGURE >=|<= NUMBER UNIT [at NUMBER UNIT] [in TOPOLOGY] [for LENGTH bytes]
 */
#include "scenario/expect.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"
#include "scenario/parts.h"

#define RATE_MOST    1e9
#define PERCENT_MOST 1e6
#define WORD_MOST    40 // bytes of a word

struct reader {
    const char *text;
    size_t at;    // of the next character
    size_t start; // of the last word
    char word[WORD_MOST + 1];
    struct error *err;
};

static const struct {
    const char *words[2];
    enum expect_figure figure;
} figures[] = {
    {{"throughput", NULL}, EXPECT_THROUGHPUT},
    {{"pdr", NULL}, EXPECT_PDR},
    {{"max", NULL}, EXPECT_MAX},
    {{"loss", NULL}, EXPECT_LOSS},
    {{"host", "cpu"}, EXPECT_HOST_CPU},
    {{"router", "cpu"}, EXPECT_ROUTER_CPU},
};

static const struct {
    const char *name;
    double factor;
} rate_units[] = {{"pps", 1}, {"packets/s", 1}, {"kpps", 1e3}, {"Mpps", 1e6}};

bool expect_is_rate(enum expect_figure figure)
{
    return figure == EXPECT_THROUGHPUT || figure == EXPECT_PDR || figure == EXPECT_MAX;
}

// Reads the next word; a number ends where its unit begins, with or without a blank. False at the
// end.
static bool next_word(struct reader *reader)
{
    const char *text = reader->text;
    while (text[reader->at] == ' ') {
        reader->at++;
    }
    reader->start = reader->at;
    bool number = isdigit((unsigned char)text[reader->at]) != 0;
    size_t length = 0;
    for (; text[reader->at] != '\0' && text[reader->at] != ' '; reader->at++) {
        char next = text[reader->at];
        if (number && !isdigit((unsigned char)next) && next != '.') {
            break;
        }
        if (length < WORD_MOST) {
            reader->word[length++] = next;
        }
    }
    reader->word[length] = '\0';
    return length > 0;
}

static int fail_word(const struct reader *reader, const char *expected)
{
    if (reader->word[0] == '\0') {
        return fail_input(reader->err, "expected %s at the end", expected);
    }
    return fail_input(reader->err, "expected %s, not \"%s\"", expected, reader->word);
}

static int read_figure(struct reader *reader, enum expect_figure *ret)
{
    (void)next_word(reader);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        if (!text_equal(reader->word, figures[i].words[0])) {
            continue;
        }
        if (figures[i].words[1] != NULL) {
            (void)next_word(reader);
            if (!text_equal(reader->word, figures[i].words[1])) {
                return fail_word(reader, figures[i].words[1]);
            }
        }
        *ret = figures[i].figure;
        return 0;
    }
    return fail_word(reader, "throughput, pdr, max, loss, host cpu or router cpu");
}

static int read_number(struct reader *reader, double most, double *ret)
{
    (void)next_word(reader);
    return parse_number(reader->word, 0.0, most, ret, NULL) == 0 ? 0
                                                                 : fail_word(reader, "a number");
}

static int read_rate(struct reader *reader, double *ret)
{
    double value = 0;
    int rc = read_number(reader, RATE_MOST, &value);
    if (rc < 0) {
        return rc;
    }
    (void)next_word(reader);
    for (size_t i = 0; i < sizeof rate_units / sizeof rate_units[0]; i++) {
        if (text_equal(reader->word, rate_units[i].name)) {
            *ret = value * rate_units[i].factor;
            return 0;
        }
    }
    return fail_word(reader, "pps, kpps, Mpps or packets/s");
}

static int read_percent(struct reader *reader, double *ret)
{
    int rc = read_number(reader, PERCENT_MOST, ret);
    if (rc < 0) {
        return rc;
    }
    (void)next_word(reader);
    return text_equal(reader->word, "%") ? 0 : fail_word(reader, "%");
}

static int read_length(struct reader *reader, unsigned *ret)
{
    uint64_t length = 0;
    (void)next_word(reader);
    if (parse_integer(reader->word, 1, SCENARIO_LENGTH_MAX + 18, &length, NULL) < 0) {
        return fail_word(reader, "a length in bytes");
    }
    *ret = (unsigned)length;
    (void)next_word(reader);
    return text_equal(reader->word, "bytes") ? 0 : fail_word(reader, "bytes");
}

static int read_topology(struct reader *reader, struct expectation *ret)
{
    (void)next_word(reader);
    if (topology_from_name(reader->word, &ret->topology) < 0) {
        return fail_word(reader, "direct, bridged or dedicated");
    }
    ret->has_topology = true;
    return 0;
}

static int read_condition(struct reader *reader, struct expectation *ret)
{
    if (text_equal(reader->word, "at") && !expect_is_rate(ret->figure) && ret->at_pps <= 0) {
        int rc = read_rate(reader, &ret->at_pps);
        return rc == 0 && ret->at_pps <= 0
                   ? fail_input(reader->err, "expected a rate above 0 after \"at\"")
                   : rc;
    }
    if (text_equal(reader->word, "in") && !ret->has_topology) {
        return read_topology(reader, ret);
    }
    if (text_equal(reader->word, "for") && ret->length == 0) {
        return read_length(reader, &ret->length);
    }
    return fail_word(reader, expect_is_rate(ret->figure) ? "\"in TOPOLOGY\" or \"for N bytes\""
                                                         : "\"at RATE\", \"in TOPOLOGY\" or \"for "
                                                           "N bytes\", each once");
}

static int read_all(struct reader *reader, struct expectation *ret)
{
    int rc = read_figure(reader, &ret->figure);
    if (rc < 0) {
        return rc;
    }
    (void)next_word(reader);
    ret->at_least = text_equal(reader->word, ">=");
    if (!ret->at_least && !text_equal(reader->word, "<=")) {
        return fail_word(reader, ">= or <=");
    }
    rc = expect_is_rate(ret->figure) ? read_rate(reader, &ret->value)
                                     : read_percent(reader, &ret->value);
    while (rc == 0 && next_word(reader)) {
        rc = read_condition(reader, ret);
    }
    return rc;
}

int expect_parse(const char *text, struct expectation *ret, size_t *ret_at, struct error *err)
{
    struct reader reader = {.text = text, .err = err};
    struct expectation read = {.text = NULL};
    int rc = read_all(&reader, &read);
    if (rc < 0) {
        *ret_at = reader.start;
        return rc;
    }
    read.text = ret->text;
    *ret = read;
    return 0;
}

static bool has_topology(const struct scenario *scenario, enum topology topology)
{
    for (size_t i = 0; i < scenario->topology_count; i++) {
        if (scenario->topologies[i] == topology) {
            return true;
        }
    }
    return false;
}

static bool has_length(const struct scenario *scenario, unsigned length)
{
    for (size_t i = 0; i < scenario->traffic.length_count; i++) {
        if (scenario->traffic.lengths[i] == length) {
            return true;
        }
    }
    return false;
}

// What of the scenario an expectation contradicts, or NULL.
static char *contradiction_of(const struct scenario *scenario,
                              const struct expectation *expectation)
{
    bool cpu = expectation->figure == EXPECT_HOST_CPU || expectation->figure == EXPECT_ROUTER_CPU;
    if (expectation->has_topology && !has_topology(scenario, expectation->topology)) {
        return text_format("expect: topology %s is not measured",
                           topology_name(expectation->topology));
    }
    if (cpu && expectation->has_topology && expectation->topology == TOPOLOGY_DIRECT) {
        return text_format("expect: topology direct has neither host nor router");
    }
    if (expectation->length != 0 && !has_length(scenario, expectation->length)) {
        return text_format("expect: length %u is not measured", expectation->length);
    }
    return NULL;
}

void expect_read(struct scenario *scenario, const struct yaml_node *root,
                 struct scenario_problems *problems)
{
    const struct yaml_node *list = yaml_child(root, "expect");
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        const struct yaml_node *node = list->children[i];
        struct expectation *expectation = &scenario->expectations[i];
        _cleanup_error_ struct error why = ERROR_INIT;
        size_t at = 0;
        if (expectation->text == NULL) {
            continue;
        }
        if (expect_parse(expectation->text, expectation, &at, &why) < 0) {
            const unsigned begin = node->column + (node->quote != '\0' ? 1U : 0U);
            problem_add(problems, node->line, begin + (unsigned)at,
                        text_format("expect: %s", why.text));
            continue;
        }
        char *wrong = contradiction_of(scenario, expectation);
        if (wrong != NULL) {
            problem_add(problems, node->line, node->column, wrong);
        }
    }
}
