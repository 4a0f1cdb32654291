// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/iperf_csv — see iperf_report.h: parses a line of iperf 2's -y C.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "traffic/iperf_report.h"

#define LINE_MAX_LENGTH 512U
#define COLUMNS_MAX     40U
#define HEAD            "time,srcaddress," // start of a head line
#define FIELDS_SENT     9U
#define COUNT_MAX       (1ULL << 53) // largest integer that a double represents exactly

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
    OUT_OF_ORDER,
    FIELDS_COUNTED,
};

static const char *const names[FIELDS_COUNTED] = {
    "time stamp", "source", "source port", "sink", "sink port", "id",      "interval",
    "bytes",      "rate",   "jitter",      "lost", "total",     "percent", "out of order"};

// The columns of those fields below a head line of iperf 2.2; the interval has two columns.
static const char *const columns[FIELDS_COUNTED] = {
    "time",  "srcaddress", "srcport", "dstaddr", "dstport",   "transferid", NULL,
    "bytes", "speed",      "jitter",  "errors",  "datagrams", "errpercent", "outoforder"};

// Texts between commas.
struct cut {
    char text[LINE_MAX_LENGTH + 1]; // each ends with NUL
    char *items[COLUMNS_MAX];
    size_t count;
};

struct line {
    struct cut cut;
    const char *fields[FIELDS_COUNTED];
    size_t count;
    const char *from, *to; // the interval, if it has two columns
    bool with_trip_times;  // the interval is then the sink's reading of a stamp that may be absent
};

// Splits a line at its commas. False if it is not one line of printable characters.
static bool cut_line(const char *text, size_t length, struct cut *ret)
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
        if (ret->count == COLUMNS_MAX) {
            return false;
        }
        ret->items[ret->count++] = at;
        at = strchr(at, ',');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return true;
}

static bool split_line(const char *text, size_t length, struct line *ret)
{
    if (!cut_line(text, length, &ret->cut) ||
        (ret->cut.count != FIELDS_SENT && ret->cut.count != FIELDS_COUNTED)) {
        return false;
    }
    ret->count = ret->cut.count;
    for (size_t i = 0; i < ret->count; i++) {
        ret->fields[i] = ret->cut.items[i];
    }
    return true;
}

static const char *find_column(const struct cut *head, const struct cut *line, const char *name)
{
    for (size_t i = 0; i < head->count; i++) {
        if (text_equal(head->items[i], name)) {
            return line->items[i];
        }
    }
    return NULL;
}

// Parses a line below a head line with at least the columns above.
static bool split_headed(const char *text, size_t length, struct line *ret)
{
    struct cut head;
    const char *end = memchr(text, '\n', length);
    if (end == NULL || !cut_line(text, (size_t)(end - text), &head) ||
        !cut_line(end + 1, length - (size_t)(end + 1 - text), &ret->cut) ||
        head.count != ret->cut.count) {
        return false;
    }
    for (size_t i = 0; i < FIELDS_COUNTED; i++) {
        ret->fields[i] = find_column(&head, &ret->cut, columns[i]);
        if (columns[i] != NULL && ret->fields[i] == NULL) {
            return false;
        }
    }
    ret->count = FIELDS_COUNTED;
    ret->from = find_column(&head, &ret->cut, "istart");
    ret->to = find_column(&head, &ret->cut, "iend");
    ret->fields[INTERVAL] = ret->to;
    ret->with_trip_times = find_column(&head, &ret->cut, "ttavg") != NULL;
    return ret->from != NULL && ret->to != NULL;
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

static bool read_interval(const struct line *line, double *ret_from, double *ret_to)
{
    if (line->from != NULL) {
        return read_decimal(line->from, ret_from) && read_decimal(line->to, ret_to) &&
               *ret_from <= *ret_to;
    }
    _cleanup_free_ char *text = text_copy(line->fields[INTERVAL]);
    char *dash = strchr(text, '-');
    if (dash == NULL) {
        return false;
    }
    *dash = '\0';
    return read_decimal(text, ret_from) && read_decimal(dash + 1, ret_to) && *ret_from <= *ret_to;
}

// The duration to the microsecond, computed from the rate, because the interval has one decimal
// only.
static int read_duration(const struct line *line, uint64_t bytes, struct iperf_report *report,
                         struct error *err)
{
    double from = 0.0;
    double to = 0.0;
    uint64_t rate = 0;
    if (line->with_trip_times) {
        return 0;
    }
    if (!read_interval(line, &from, &to)) {
        return wrong(line, INTERVAL, err);
    }
    if (!read_count(line->fields[BIT_RATE], COUNT_MAX, &rate)) {
        return wrong(line, BIT_RATE, err);
    }
    report->seconds = to - from;
    if (rate > 0 && bytes > 0) {
        double exact = 8.0 * (double)bytes / (double)rate;
        // For very few packets iperf measures the time differently: then the interval is used.
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

bool iperf_csv_is_whole(const char *text)
{
    const char *end = strchr(text, '\n');
    return end != NULL && (!text_starts(text, HEAD) || strchr(end + 1, '\n') != NULL);
}

// The length of the first report: one line, or two if the first is a head line.
static size_t report_length(const char *text, size_t length)
{
    const char *end = memchr(text, '\n', length);
    if (end != NULL && length > strlen(HEAD) && memcmp(text, HEAD, strlen(HEAD)) == 0) {
        end = memchr(end + 1, '\n', length - (size_t)(end + 1 - text));
    }
    return end == NULL ? length : (size_t)(end - text);
}

int iperf_csv_parse(const char *text, size_t length, unsigned payload, struct iperf_report *ret,
                    struct error *err)
{
    struct line fields = {.count = 0};
    size_t report_end = report_length(text, length);
    bool headed = length > strlen(HEAD) && memcmp(text, HEAD, strlen(HEAD)) == 0;
    if (headed && !split_headed(text, report_end, &fields)) {
        (void)fail(err, 0,
                   "iperf's report is not a line below a head line with the columns srcport, "
                   "dstport, istart, iend, bytes, speed, jitter, errors, datagrams, errpercent "
                   "and outoforder");
        return -EBADMSG;
    }
    if (!headed && !split_line(text, report_end, &fields)) {
        (void)fail(err, 0, "iperf's report is not a line of %u or %u fields: \"%.*s\"", FIELDS_SENT,
                   (unsigned)FIELDS_COUNTED, report_end < 80 ? (int)report_end : 80, text);
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
    // A sender does not know losses and reports a total of -1.
    if (rc == 0 && fields.count == FIELDS_COUNTED && !text_equal(fields.fields[TOTAL], "-1")) {
        rc = read_counts(&fields, &report, err);
    }
    if (rc == 0) {
        *ret = report;
    }
    return rc;
}
