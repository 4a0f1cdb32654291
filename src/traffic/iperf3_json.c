// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/iperf3_json — see iperf_report.h: parses the document of iperf3 -J.
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "traffic/iperf_report.h"

#define COUNT_MAX (1LL << 53)

__attribute__((format(printf, 2, 3))) static int wrong(struct error *err, const char *format, ...)
{
    va_list list;
    char text[200];
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    for (char *at = text; *at != '\0'; at++) {
        *at = *at >= ' ' && *at <= '~' ? *at : ' ';
    }
    (void)fail(err, 0, "iperf3's report %s", text);
    return -EBADMSG;
}

static int get_count(const json_t *object, const char *name, uint64_t *ret, struct error *err)
{
    const json_t *value = json_object_get(object, name);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value)) {
        return wrong(err, "has no whole number for %s", name);
    }
    if (number < 0 || number > COUNT_MAX) {
        return wrong(err, "has %lld for %s", (long long)number, name);
    }
    *ret = (uint64_t)number;
    return 0;
}

static int get_real(const json_t *object, const char *name, double *ret, struct error *err)
{
    const json_t *value = json_object_get(object, name);
    double number = json_number_value(value);
    if (!json_is_number(value)) {
        return wrong(err, "has no number for %s", name);
    }
    if (!(number >= 0.0) || !isfinite(number)) {
        return wrong(err, "has %g for %s", number, name);
    }
    *ret = number;
    return 0;
}

// Checks that the test in the report is the one that was requested.
static int check_start(const json_t *root, unsigned payload, struct iperf_report *report,
                       struct error *err)
{
    const json_t *start = json_object_get(root, "start");
    const json_t *test = json_object_get(start, "test_start");
    const json_t *connected = json_array_get(json_object_get(start, "connected"), 0);
    const char *protocol = json_string_value(json_object_get(test, "protocol"));
    uint64_t streams = 0;
    uint64_t length = 0;
    uint64_t ports[2] = {0, 0};
    if (!text_equal(protocol, "UDP")) {
        return wrong(err, "is of a test by %.20s, not UDP", protocol == NULL ? "?" : protocol);
    }
    int rc = get_count(test, "num_streams", &streams, err);
    rc = rc == 0 ? get_count(test, "blksize", &length, err) : rc;
    rc = rc == 0 ? get_count(connected, "local_port", &ports[0], err) : rc;
    rc = rc == 0 ? get_count(connected, "remote_port", &ports[1], err) : rc;
    if (rc < 0) {
        return rc;
    }
    if (streams != 1 || length != payload || ports[0] > UINT16_MAX || ports[1] > UINT16_MAX) {
        return wrong(err, "is of %llu streams of %llu bytes, not of one of %u",
                     (unsigned long long)streams, (unsigned long long)length, payload);
    }
    report->ports[0] = (uint16_t)ports[0];
    report->ports[1] = (uint16_t)ports[1];
    return 0;
}

static int read_sum(const json_t *sum, unsigned payload, struct iperf_report *report,
                    struct error *err)
{
    uint64_t bytes = 0;
    int rc = get_count(sum, "bytes", &bytes, err);
    rc = rc == 0 ? get_count(sum, "packets", &report->total, err) : rc;
    rc = rc == 0 ? get_real(sum, "seconds", &report->seconds, err) : rc;
    if (rc == 0 && bytes % payload != 0) {
        rc = wrong(err, "has %llu bytes, not a multiple of %u", (unsigned long long)bytes, payload);
    }
    report->packets = bytes / payload;
    return rc;
}

static int read_received(const json_t *sum, const json_t *stream, struct iperf_report *report,
                         struct error *err)
{
    double jitter_ms = 0.0;
    uint64_t packets = 0;
    int rc = get_count(sum, "lost_packets", &report->lost, err);
    rc = rc == 0 ? get_count(stream, "packets", &packets, err) : rc;
    rc = rc == 0 ? get_count(stream, "out_of_order", &report->reordered, err) : rc;
    rc = rc == 0 ? get_real(sum, "jitter_ms", &jitter_ms, err) : rc;
    if (rc < 0) {
        return rc;
    }
    if (packets != report->total || report->lost > report->total) {
        return wrong(err, "has %llu lost of %llu packets, %llu of the stream",
                     (unsigned long long)report->lost, (unsigned long long)report->total,
                     (unsigned long long)packets);
    }
    report->jitter_ns = 1e6 * jitter_ms;
    report->counted = true;
    return 0;
}

static int read_document(const json_t *root, unsigned payload, bool sender,
                         struct iperf_report *report, struct error *err)
{
    const json_t *error = json_object_get(root, "error");
    if (error != NULL) {
        return wrong(err, "is an error: %.150s",
                     json_is_string(error) ? json_string_value(error) : "?");
    }
    int rc = check_start(root, payload, report, err);
    if (rc < 0) {
        return rc;
    }
    const json_t *end = json_object_get(root, "end");
    const json_t *streams = json_object_get(end, "streams");
    const json_t *stream = json_object_get(json_array_get(streams, 0), "udp");
    if (json_array_size(streams) != 1 || !json_is_object(stream)) {
        return wrong(err, "has %zu streams at its end, not one", json_array_size(streams));
    }
    const json_t *sum = json_object_get(end, sender ? "sum_sent" : "sum_received");
    rc = read_sum(sum, payload, report, err);
    if (rc < 0 || !sender) {
        return rc < 0 ? rc : read_received(sum, stream, report, err);
    }
    if (report->packets != report->total) {
        return wrong(err, "has %llu packets of %u bytes sent, but the bytes of %llu",
                     (unsigned long long)report->total, payload,
                     (unsigned long long)report->packets);
    }
    report->total = 0;
    return 0;
}

int iperf3_json_parse(const char *text, size_t length, unsigned payload, bool sender,
                      struct iperf_report *ret, struct error *err)
{
    json_error_t where;
    // Not JSON_REJECT_DUPLICATES: iperf3 3.12 writes target_bitrate twice.
    json_t *root = json_loadb(text, length, 0, &where);
    if (root == NULL) {
        return wrong(err, "is not JSON: %.100s (line %d) in \"%.*s\"", where.text, where.line,
                     length < 60 ? (int)length : 60, text);
    }
    struct iperf_report report = {.counted = false};
    int rc = read_document(root, payload, sender, &report, err);
    json_decref(root);
    if (rc == 0) {
        *ret = report;
    }
    return rc;
}
