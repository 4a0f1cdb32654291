// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/schema_types — parsers of the scalar types, built on base/units.
 *
 * Called by the walk in schema_read.c through the types named in the rows of schema.c.
 */
#include "scenario/schema.h"

#include "scenario/catalogue.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/units.h"
#include "scenario/draft.h"
#include "scenario/mix.h"
#include "scenario/profile.h"
#include "scenario/startup.h"

static int parse_whole_number(const struct schema_row *row, const char *text, void *slot,
                              struct error *err)
{
    uint64_t min = 0;
    uint64_t max = 0;
    uint64_t value = 0;
    if (parse_integer(row->min, 0, UINT32_MAX, &min, err) < 0 ||
        parse_integer(row->max, 0, UINT32_MAX, &max, err) < 0 ||
        parse_integer(text, min, max, &value, err) < 0) {
        return -EINVAL;
    }
    *(unsigned *)slot = (unsigned)value;
    return 0;
}

// Reports a figure outside its row's range.
static int fail_range(const struct schema_row *row, const char *text, struct error *err)
{
    return fail_input(err, "expected %s from %s to %s, not \"%.60s\"", row->type->name, row->min,
                      row->max, text);
}

static int parse_decimal_number(const struct schema_row *row, const char *text, void *slot,
                                struct error *err)
{
    const double any = 1e300;
    double min = 0.0;
    double max = 0.0;
    double value = 0.0;
    if (parse_number(row->min, 0.0, any, &min, err) < 0 ||
        parse_number(row->max, 0.0, any, &max, err) < 0) {
        return -EINVAL;
    }
    if (parse_number(text, 0.0, any, &value, NULL) < 0 || value < min || value > max) {
        return fail_range(row, text, err);
    }
    *(double *)slot = value;
    return 0;
}

// A number of packets/s, or "max".
static int parse_load(const struct schema_row *row, const char *text, void *slot, struct error *err)
{
    if (text_equal(text, "max")) {
        *(double *)slot = 0.0;
        return 0;
    }
    return parse_decimal_number(row, text, slot, err);
}

// Appends the row's range to the parser's error.
static int add_range(const struct schema_row *row, struct error *err)
{
    _cleanup_error_ struct error reported = ERROR_INIT;
    if (err == NULL) {
        return -EINVAL;
    }
    error_move(&reported, err);
    return fail_input(err, "%s; the range is %s to %s", reported.text, row->min, row->max);
}

static int parse_ranged(const struct schema_row *row, const char *text, uint64_t *ret,
                        int (*parse)(const char *, uint64_t *, struct error *), struct error *err)
{
    uint64_t min = 0;
    uint64_t max = 0;
    uint64_t value = 0;
    if (parse(row->min, &min, err) < 0 || parse(row->max, &max, err) < 0) {
        return -EINVAL;
    }
    if (parse(text, &value, err) < 0) {
        return add_range(row, err);
    }
    if (value < min || value > max) {
        return fail_range(row, text, err);
    }
    *ret = value;
    return 0;
}

static int parse_row_duration(const struct schema_row *row, const char *text, void *slot,
                              struct error *err)
{
    return parse_ranged(row, text, slot, parse_duration, err);
}

static int parse_row_size(const struct schema_row *row, const char *text, void *slot,
                          struct error *err)
{
    return parse_ranged(row, text, slot, parse_size, err);
}

static int parse_row_bit_rate(const struct schema_row *row, const char *text, void *slot,
                              struct error *err)
{
    double min = 0.0;
    double max = 0.0;
    double value = 0.0;
    if (parse_bit_rate(row->min, &min, err) < 0 || parse_bit_rate(row->max, &max, err) < 0) {
        return -EINVAL;
    }
    if (parse_bit_rate(text, &value, err) < 0) {
        return add_range(row, err);
    }
    if (value < min || value > max) {
        return fail_range(row, text, err);
    }
    *(double *)slot = value;
    return 0;
}

static int parse_name(const struct schema_row *row, const char *text, void *slot, struct error *err)
{
    size_t most = row->name_max != 0 ? row->name_max : row->limit; // of a list, limit is another
    if (!text_is_safe_name(text, most)) {
        return fail_input(err,
                          "expected a name of 1 to %zu letters A-Z a-z, digits, \"_\", \"-\" or "
                          "\".\", not starting with \"-\" or \".\"; not \"%.80s\"",
                          most, text);
    }
    *(char **)slot = text_copy(text);
    return 0;
}

// Accepts the names that the kernel accepts (dev_valid_name), except "%", because "%d" makes the
// kernel choose a number.
static int parse_nic(const struct schema_row *row, const char *text, void *slot, struct error *err)
{
    size_t length = strlen(text);
    bool good = length >= 1 && length <= row->limit && !text_equal(text, ".") &&
                !text_equal(text, "..") && strpbrk(text, "/:%") == NULL;
    for (size_t i = 0; good && i < length; i++) {
        good = isgraph((unsigned char)text[i]) && (unsigned char)text[i] < 0x80;
    }
    if (!good) {
        return fail_input(err,
                          "expected an interface's name such as \"eth1\", 1 to %zu characters "
                          "without blanks, \"/\", \":\" or \"%%\"; not \"%.60s\"",
                          row->limit, text);
    }
    if (text_equal(text, "lo")) {
        return fail_input(err, "expected an interface with a cable; \"lo\" has none");
    }
    *(char **)slot = text_copy(text);
    return 0;
}

static int parse_path(const struct schema_row *row, const char *text, void *slot, struct error *err)
{
    bool good = *text != '\0' && strlen(text) <= row->limit;
    for (const char *at = text; good && *at != '\0'; at++) {
        good = iscntrl((unsigned char)*at) == 0;
    }
    if (!good) {
        return fail_input(err, "expected the path of a file, 1 to %zu bytes", row->limit);
    }
    *(char **)slot = text_copy(text);
    return 0;
}

static int parse_phrase(const struct schema_row *row, const char *text, void *slot,
                        struct error *err)
{
    if (*text == '\0' || strlen(text) > row->limit) {
        return fail_input(err, "expected a text of 1 to %zu bytes", row->limit);
    }
    *(char **)slot = text_copy(text);
    return 0;
}

static int parse_command(const struct schema_row *row, const char *text, void *slot,
                         struct error *err)
{
    (void)row;
    char **words = NULL;
    int rc = startup_split(text, &words, err);
    if (rc == 0) {
        startup_words_free(words);
        *(char **)slot = text_copy(text);
    }
    return rc;
}

static int parse_address(const struct schema_row *row, const char *text, void *slot,
                         struct error *err)
{
    (void)row;
    return parse_ip_prefix(text, slot, err);
}

static int parse_ip_version(const struct schema_row *row, const char *text, void *slot,
                            struct error *err)
{
    (void)row;
    if (!text_equal(text, "4") && !text_equal(text, "6")) {
        return fail_input(err, "expected the IP version 4 or 6, not \"%.60s\"", text);
    }
    *(unsigned *)slot = text[0] == '6' ? 6 : 4;
    return 0;
}

static int parse_platform(const struct schema_row *row, const char *text, void *slot,
                          struct error *err)
{
    (void)row;
    if (catalogue_platform(text) == NULL) {
        return fail_input(err, "expected %s, not \"%.60s\"", catalogue_platforms_expected(), text);
    }
    *(char **)slot = text_copy(text);
    return 0;
}

static int find_choice(const struct schema_row *row, const char *text, struct error *err)
{
    char list[128] = "";
    struct nearest nearest = {.word = text};
    for (int i = 0; row->choices[i] != NULL; i++) {
        nearest_consider(&nearest, row->choices[i]);
        if (text_equal(row->choices[i], text)) {
            return i;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
    }
    if (row->choices[1] == NULL) {
        return fail_input(err, "this version has only %s, not \"%.60s\"", list, text);
    }
    _cleanup_free_ char *question = nearest_question(&nearest);
    return fail_input(err, "expected one of %s, not \"%.60s\"%s", list, text, question);
}

static int parse_choice(const struct schema_row *row, const char *text, void *slot,
                        struct error *err)
{
    int choice = find_choice(row, text, err);
    if (choice < 0) {
        return choice;
    }
    *(unsigned *)slot = (unsigned)choice;
    return 0;
}

static int parse_rate(const struct schema_row *row, const char *text, void *slot, struct error *err)
{
    (void)row;
    return profile_parse_rate(text, slot, err);
}

static int parse_row_ratio(const struct schema_row *row, const char *text, void *slot,
                           struct error *err)
{
    double max = 1.0;
    double value = 0.0;
    if (row->max != NULL && parse_ratio(row->max, &max, err) < 0) {
        return -EINVAL;
    }
    if (parse_ratio(text, &value, err) < 0) {
        return -EINVAL;
    }
    if (value > max) {
        return fail_input(err, "expected a ratio of at most %s, not \"%.60s\"", row->max, text);
    }
    *(double *)slot = value;
    return 0;
}

static int parse_length(const struct schema_row *row, const char *text, void *slot,
                        struct error *err)
{
    struct length_draft length = {.length = 0};
    uint64_t min = 0;
    uint64_t max = 0;
    int rc;
    if (!mix_is_meant(text)) {
        rc = parse_whole_number(row, text, &length.length, err);
    } else if ((rc = parse_integer(row->min, 0, UINT32_MAX, &min, err)) == 0 &&
               (rc = parse_integer(row->max, 0, UINT32_MAX, &max, err)) == 0) {
        rc = mix_parse(text, (unsigned)min, (unsigned)max, &length.mix, err);
    }
    if (rc < 0) {
        return rc;
    }
    memcpy(slot, &length, sizeof length);
    return 0;
}

static int parse_choice_name(const struct schema_row *row, const char *text, void *slot,
                             struct error *err)
{
    int choice = find_choice(row, text, err);
    if (choice < 0) {
        return choice;
    }
    *(char **)slot = text_copy(text);
    return 0;
}

const struct schema_type type_whole_number = {"a whole number", parse_whole_number};
const struct schema_type type_number = {"a number", parse_decimal_number};
const struct schema_type type_load = {"a number", parse_load};
const struct schema_type type_duration = {"a duration", parse_row_duration};
const struct schema_type type_bit_rate = {"a bit rate", parse_row_bit_rate};
const struct schema_type type_size = {"a size", parse_row_size};
const struct schema_type type_name = {"a name", parse_name};
const struct schema_type type_nic = {"an interface's name", parse_nic};
const struct schema_type type_path = {"the path of a file", parse_path};
const struct schema_type type_phrase = {"a text", parse_phrase};
const struct schema_type type_command = {"a command", parse_command};
const struct schema_type type_platform = {"a word", parse_platform};
const struct schema_type type_address = {"an address with its prefix length", parse_address};
const struct schema_type type_ip_version = {"an IP version", parse_ip_version};
const struct schema_type type_length = {"a length", parse_length};
const struct schema_type type_rate = {"a rate", parse_rate};
const struct schema_type type_ratio = {"a ratio", parse_row_ratio};
const struct schema_type type_choice = {"a word", parse_choice};
const struct schema_type type_choice_name = {"a word", parse_choice_name};
