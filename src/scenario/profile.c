// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/profile — see profile.h. Called by read.c, schema_types.c and users of scenario.h.
#include "scenario/profile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"

#define NS_PER_SECOND 1e9

int profile_parse_rate(const char *text, struct profile_rate *ret, struct error *err)
{
    struct profile_rate rate = {.given = true};
    if (parse_number(text, 0.0, PROFILE_RATE_MAX, &rate.value, NULL) < 0) {
        rate.in_bits = true;
        if (parse_bit_rate(text, &rate.value, NULL) < 0) {
            return fail_input(err,
                              "expected packets/s from 0 to %.0f, or a bit rate such as "
                              "5 Mbit/s, not \"%.60s\"",
                              PROFILE_RATE_MAX, text);
        }
    }
    *ret = rate;
    return 0;
}

double scenario_profile_pps(const struct profile_rate *rate, double length)
{
    return rate->in_bits ? scenario_pps(rate->value, length) : rate->value;
}

double scenario_profile_mean(const struct scenario_profile *profile, double length)
{
    double packets = 0.0;
    if (profile->knot_count == 0) {
        return 0.0;
    }
    for (size_t i = 1; i < profile->knot_count; i++) {
        const struct profile_knot *knot = &profile->knots[i];
        packets += (double)(knot->at_ns - knot[-1].at_ns) / NS_PER_SECOND *
                   (scenario_profile_pps(&knot->rate, length) +
                    scenario_profile_pps(&knot[-1].rate, length)) /
                   2.0;
    }
    return packets * NS_PER_SECOND / (double)profile->knots[profile->knot_count - 1].at_ns;
}

size_t scenario_profile_intervals(const struct scenario_profile *profile, uint64_t **ret_ns)
{
    if (profile->knot_count == 0) {
        *ret_ns = NULL;
        return 0;
    }
    uint64_t end = profile->knots[profile->knot_count - 1].at_ns;
    uint64_t step = profile->interval_ns;
    size_t most = step > 0 ? (end + step - 1) / step : profile->knot_count;
    uint64_t *bounds = memory_new_array(uint64_t, most + 1);
    size_t count = 0;
    for (size_t i = 1; step > 0 && i <= most; i++) {
        bounds[++count] = i * step < end ? i * step : end;
    }
    for (size_t i = 0; step == 0 && i < profile->knot_count; i++) {
        if (profile->knots[i].at_ns > bounds[count]) {
            bounds[++count] = profile->knots[i].at_ns;
        }
    }
    *ret_ns = bounds;
    return count;
}

// ---- phases

struct knot_list {
    struct profile_knot *items;
    size_t count;
    uint64_t end_ns;
};

// Appends a piece of the profile; false if there are too many.
static bool add_piece(struct knot_list *list, uint64_t length_ns, const struct profile_rate *from,
                      const struct profile_rate *to)
{
    if (length_ns == 0) {
        return true;
    }
    if (list->count + 2 > PROFILE_KNOTS_MAX) {
        return false;
    }
    list->items[list->count++] = (struct profile_knot){list->end_ns, *from};
    list->end_ns += length_ns;
    list->items[list->count++] = (struct profile_knot){list->end_ns, *to};
    return true;
}

static bool add_phase(struct knot_list *list, const struct profile_phase *phase)
{
    if (!phase->burst.given || phase->every_ns == 0) {
        return add_piece(list, phase->for_ns, &phase->rate,
                         phase->to.given ? &phase->to : &phase->rate);
    }
    for (uint64_t at = 0; at < phase->for_ns; at += phase->every_ns) {
        uint64_t left = phase->for_ns - at;
        uint64_t whole = phase->every_ns < left ? phase->every_ns : left;
        uint64_t burst = phase->lasting_ns < whole ? phase->lasting_ns : whole;
        if (!add_piece(list, burst, &phase->burst, &phase->burst) ||
            !add_piece(list, whole - burst, &phase->rate, &phase->rate)) {
            return false;
        }
    }
    return true;
}

struct profile_knot *profile_of_phases(const struct profile_phase *phases, size_t count,
                                       size_t *ret_count)
{
    struct knot_list list = {.items = memory_new_array(struct profile_knot, PROFILE_KNOTS_MAX)};
    for (size_t i = 0; i < count; i++) {
        if (!add_phase(&list, &phases[i])) {
            free(list.items);
            return NULL;
        }
    }
    *ret_count = list.count;
    return list.items;
}

// ---- files

struct profile_reading {
    struct profile_knot *knots;
    size_t count;
    struct scenario_problems *problems;
};

static void read_time(struct profile_reading *reading, const char *word, unsigned line,
                      unsigned column, uint64_t *ret)
{
    const struct profile_knot *last =
        reading->count == 0 ? NULL : &reading->knots[reading->count - 1];
    double seconds = 0.0;
    if (parse_number(word, 0.0, (double)PROFILE_LONGEST_NS / NS_PER_SECOND, &seconds, NULL) < 0) {
        problem_add(reading->problems, line, column,
                    text_format("expected a time in seconds from 0 to %.0f, not \"%.60s\"",
                                (double)PROFILE_LONGEST_NS / NS_PER_SECOND, word));
        return;
    }
    uint64_t ns = (uint64_t)llround(seconds * NS_PER_SECOND);
    if (last == NULL && ns != 0) {
        problem_add(reading->problems, line, column,
                    text_format("expected time 0 in the first line, not %.60s", word));
    } else if (last != NULL && ns < last->at_ns) {
        problem_add(
            reading->problems, line, column,
            text_format("expected a time not before that of the line before, not %.60s", word));
    } else if (reading->count >= 2 && ns == last->at_ns && ns == last[-1].at_ns) {
        problem_add(reading->problems, line, column,
                    text_format("time %.60s is listed three times: a jump has two rates, the one "
                                "before and the one after",
                                word));
    }
    *ret = ns;
}

// Reads a line whose text ends with a NUL.
static void read_line(struct profile_reading *reading, char *line, unsigned number)
{
    static const char blanks[] = " \t\r";
    char *comment = strchr(line, '#');
    if (comment != NULL) {
        *comment = '\0';
    }
    char *time = line + strspn(line, blanks);
    char *end = time + strcspn(time, " \t\r,");
    char *rate = end + strspn(end, " \t\r,");
    for (size_t length = strlen(rate); length > 0 && strchr(blanks, rate[length - 1]) != NULL;) {
        rate[--length] = '\0';
    }
    if (*time == '\0') {
        return;
    }
    if (*rate == '\0') {
        problem_add(reading->problems, number, (unsigned)(time - line) + 1,
                    text_format("expected a time in seconds and a rate"));
        return;
    }
    *end = '\0';
    _cleanup_error_ struct error err = ERROR_INIT;
    struct profile_knot knot = {0};
    read_time(reading, time, number, (unsigned)(time - line) + 1, &knot.at_ns);
    if (profile_parse_rate(rate, &knot.rate, &err) < 0) {
        problem_add(reading->problems, number, (unsigned)(rate - line) + 1, text_copy(err.text));
    }
    if (reading->count == PROFILE_KNOTS_MAX) {
        problem_add(reading->problems, number, 1,
                    text_format("more than %d times", PROFILE_KNOTS_MAX));
    }
    if (reading->count <= PROFILE_KNOTS_MAX) {
        reading->knots[reading->count++] = knot;
    }
}

int profile_parse(const char *text, size_t length, struct profile_knot **ret, size_t *ret_count,
                  struct scenario_problems *problems)
{
    _cleanup_free_ char *copy = text_copy_bytes(text, length);
    size_t lines = 1;
    for (size_t i = 0; i < length; i++) {
        lines += text[i] == '\n';
    }
    _cleanup_free_ struct profile_knot *knots = memory_new_array(
        struct profile_knot, lines < PROFILE_KNOTS_MAX ? lines : PROFILE_KNOTS_MAX + 1);
    struct profile_reading reading = {.knots = knots, .problems = problems};
    size_t before = problems->count;
    unsigned number = 0;
    if (memchr(text, '\0', length) != NULL) {
        problem_add(problems, 0, 0, text_format("expected text, not a file with NUL bytes"));
        return -EINVAL;
    }
    char *rest = copy;
    for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL;) {
        read_line(&reading, line, ++number);
    }
    uint64_t end = reading.count == 0 ? 0 : knots[reading.count - 1].at_ns;
    if (problems->count == before && (end < PROFILE_SHORTEST_NS || end > PROFILE_LONGEST_NS)) {
        problem_add(problems, number, 1,
                    text_format("expected times from 0 to an end between 0.01 and 3600 seconds"));
    }
    if (problems->count > before) {
        return -EINVAL;
    }
    *ret = steal_pointer(&knots);
    *ret_count = reading.count;
    return 0;
}
