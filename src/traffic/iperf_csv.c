// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/iperf_csv — see iperf_report.h: a line of iperf 2's -y C.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "traffic/iperf_report.h"

#define LINE_MAX_LENGTH 512U
#define FIELDS_SENT     9U
#define FIELDS_COUNTED  14U
#define COUNT_MAX       (1ULL << 53) // what a double still holds exactly

enum field {
    TIME_STAMP,
    SOURCE,
    SOURCE_PORT,
    SINK,
    SINK_PORT,
    ID,
    INTERVAL,
    BYTES,
    BIT_RATE,
    JITTER,
    LOST,
    TOTAL,
    PERCENT,
    OUT_OF_ORDER
};

static const char *const names[FIELDS_COUNTED] = {
    "time stamp", "source", "source port", "sink", "sink port", "id",      "interval",
    "bytes",      "rate",   "jitter",      "lost", "total",     "percent", "out of order"};

struct line {
    char text[LINE_MAX_LENGTH + 1]; // each field ended by NUL
    char *fields[FIELDS_COUNTED];
    size_t count;
};

// Cuts a line into its fields. False if it is not a line of so many printable ones.
static bool split(const char *text, size_t length, struct line *ret)
{
    if (length > 0 && text[length - 1] == '\n') {
        length--;
    }
    if (length == 0 || length > LINE_MAX_LENGTH) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            return false;
        }
    }
    memcpy(ret->text, text, length);
    ret->text[length] = '\0';
    ret->count = 0;
    for (char *at = ret->text; at != NULL;) {
        if (ret->count == FIELDS_COUNTED) {
            return false;
        }
        ret->fields[ret->count++] = at;
        at = strchr(at, ',');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return ret->count == FIELDS_SENT || ret->count == FIELDS_COUNTED;
}

static int wrong(const struct line *line, enum field field, struct error *err)
{
    (void)fail(err, 0, "iperf's report has \"%.40s\" for %s", line->fields[field], names[field]);
    return -EBADMSG;
}

// Digits only: no sign, no blank, no exponent.
static bool read_count(const char *text, uint64_t max, uint64_t *ret)
{
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 18 || text[length] != '\0') {
        return false;
    }
    *ret = strtoull(text, NULL, 10);
    return *ret <= max;
}

// Digits with at most one point among them, as %f prints.
static bool read_decimal(const char *text, double *ret)
{
    size_t whole = strspn(text, "0123456789");
    size_t part = text[whole] == '.' ? 1 + strspn(text + whole + 1, "0123456789") : 0;
    if (whole == 0 || whole > 15 || part == 1 || text[whole + part] != '\0') {
        return false;
    }
    *ret = strtod(text, NULL);
    return isfinite(*ret);
}

static bool read_interval(char *text, double *ret_from, double *ret_to)
{
    char *dash = strchr(text, '-');
    if (dash == NULL) {
        return false;
    }
    *dash = '\0';
    bool good = read_decimal(text, ret_from) && read_decimal(dash + 1, ret_to);
    *dash = '-';
    return good && *ret_from <= *ret_to;
}

// The duration to the microsecond, by way of the rate: the interval has one decimal.
static int read_duration(struct line *line, uint64_t bytes, struct iperf_report *report,
                         struct error *err)
{
    double from = 0.0;
    double to = 0.0;
    uint64_t rate = 0;
    if (!read_interval(line->fields[INTERVAL], &from, &to)) {
        return wrong(line, INTERVAL, err);
    }
    if (!read_count(line->fields[BIT_RATE], COUNT_MAX, &rate)) {
        return wrong(line, BIT_RATE, err);
    }
    report->seconds = to - from;
    if (rate > 0 && bytes > 0) {
        double exact = 8.0 * (double)bytes / (double)rate;
        // Of no more than a few packets iperf takes the time otherwise: then the interval does.
        bool agrees = fabs(exact - report->seconds) <= 0.06 + 0.01 * report->seconds;
        if (!agrees && report->packets > 10) {
            return wrong(line, BIT_RATE, err);
        }
        report->seconds = agrees ? exact : report->seconds;
    }
    return 0;
}

static int read_counts(const struct line *line, struct iperf_report *report, struct error *err)
{
    double jitter_ms = 0.0;
    double percent = 0.0;
    if (!read_decimal(line->fields[JITTER], &jitter_ms)) {
        return wrong(line, JITTER, err);
    }
    if (!read_count(line->fields[TOTAL], COUNT_MAX, &report->total) || report->total == 0) {
        return wrong(line, TOTAL, err);
    }
    if (!read_count(line->fields[LOST], report->total, &report->lost)) {
        return wrong(line, LOST, err);
    }
    double ratio = 100.0 * (double)report->lost / (double)report->total;
    if (!read_decimal(line->fields[PERCENT], &percent) || fabs(percent - ratio) > 0.002) {
        return wrong(line, PERCENT, err);
    }
    if (!read_count(line->fields[OUT_OF_ORDER], COUNT_MAX, &report->reordered)) {
        return wrong(line, OUT_OF_ORDER, err);
    }
    report->jitter_ns = 1e6 * jitter_ms;
    report->counted = true;
    return 0;
}

int iperf_csv_parse(const char *line, size_t length, unsigned payload, struct iperf_report *ret,
                    struct error *err)
{
    struct line fields = {.count = 0};
    if (!split(line, length, &fields)) {
        (void)fail(err, 0, "iperf's report is not a line of %u or %u fields: \"%.*s\"", FIELDS_SENT,
                   FIELDS_COUNTED, length < 80 ? (int)length : 80, line);
        return -EBADMSG;
    }
    struct iperf_report report = {.end_repeated = true};
    uint64_t bytes = 0;
    for (size_t i = 0; i < 2; i++) {
        enum field field = i == 0 ? SOURCE_PORT : SINK_PORT;
        uint64_t port = 0;
        if (!read_count(fields.fields[field], UINT16_MAX, &port)) {
            return wrong(&fields, field, err);
        }
        report.ports[i] = (uint16_t)port;
    }
    if (!read_count(fields.fields[BYTES], COUNT_MAX, &bytes) || bytes % payload != 0) {
        return wrong(&fields, BYTES, err);
    }
    report.packets = bytes / payload;
    int rc = read_duration(&fields, bytes, &report, err);
    // A sender knows of no losses and says so by a total of -1.
    if (rc == 0 && fields.count == FIELDS_COUNTED && !text_equal(fields.fields[TOTAL], "-1")) {
        rc = read_counts(&fields, &report, err);
    }
    if (rc == 0) {
        *ret = report;
    }
    return rc;
}
