// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/iperf3_json — see iperf_report.h: parses the document of iperf3 -J.
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
static int check_start(const json_t *root, const struct iperf3_test *asked,
                       struct iperf_report *report, struct error *err)
{
    static const char *const protocols[] = {[IPERF3_UDP] = "UDP", [IPERF3_TCP] = "TCP"};
    const json_t *start = json_object_get(root, "start");
    const json_t *test = json_object_get(start, "test_start");
    const json_t *connected = json_array_get(json_object_get(start, "connected"), 0);
    const char *protocol = json_string_value(json_object_get(test, "protocol"));
    uint64_t streams = 0;
    uint64_t length = 0;
    uint64_t ports[2] = {0, 0};
    if (!text_equal(protocol, protocols[asked->protocol])) {
        return wrong(err, "is of a test by %.20s, not %s", protocol == NULL ? "?" : protocol,
                     protocols[asked->protocol]);
    }
    int rc = get_count(test, "num_streams", &streams, err);
    rc = rc == 0 ? get_count(test, "blksize", &length, err) : rc;
    rc = rc == 0 ? get_count(connected, "local_port", &ports[0], err) : rc;
    rc = rc == 0 ? get_count(connected, "remote_port", &ports[1], err) : rc;
    if (rc < 0) {
        return rc;
    }
    if (streams != 1 || length != asked->length || ports[0] > UINT16_MAX || ports[1] > UINT16_MAX) {
        return wrong(err, "is of %llu streams of %llu bytes, not of one of %u",
                     (unsigned long long)streams, (unsigned long long)length, asked->length);
    }
    report->ports[0] = (uint16_t)ports[0];
    report->ports[1] = (uint16_t)ports[1];
    return 0;
}

static int read_bytes(const json_t *sum, struct iperf_report *report, struct error *err)
{
    int rc = get_count(sum, "bytes", &report->bytes, err);
    return rc == 0 ? get_real(sum, "seconds", &report->seconds, err) : rc;
}

static int read_datagrams(const json_t *sum, unsigned payload, struct iperf_report *report,
                          struct error *err)
{
    int rc = read_bytes(sum, report, err);
    rc = rc == 0 ? get_count(sum, "packets", &report->total, err) : rc;
    if (rc == 0 && report->bytes % payload != 0) {
        rc = wrong(err, "has %llu bytes, not a multiple of %u", (unsigned long long)report->bytes,
                   payload);
    }
    report->packets = report->bytes / payload;
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

static int read_udp(const json_t *end, const json_t *stream, const struct iperf3_test *test,
                    struct iperf_report *report, struct error *err)
{
    const json_t *datagrams = json_object_get(stream, "udp");
    if (!json_is_object(datagrams)) {
        return wrong(err, "has no UDP stream at its end");
    }
    const json_t *sum = json_object_get(end, test->sender ? "sum_sent" : "sum_received");
    int rc = read_datagrams(sum, test->length, report, err);
    if (rc < 0 || !test->sender) {
        return rc < 0 ? rc : read_received(sum, datagrams, report, err);
    }
    if (report->packets != report->total) {
        return wrong(err, "has %llu packets of %u bytes sent, but the bytes of %llu",
                     (unsigned long long)report->total, test->length,
                     (unsigned long long)report->packets);
    }
    report->total = 0;
    return 0;
}

// The sender's round-trip times, in us; a connection that received no acknowledgement has none.
static int read_rtt(const json_t *sender, struct iperf_sender *ret, struct error *err)
{
    uint64_t us[3] = {0, 0, 0};
    int rc = get_count(sender, "min_rtt", &us[0], err);
    rc = rc == 0 ? get_count(sender, "mean_rtt", &us[1], err) : rc;
    rc = rc == 0 ? get_count(sender, "max_rtt", &us[2], err) : rc;
    if (rc < 0) {
        return rc;
    }
    if (us[0] > us[1] || us[1] > us[2] || us[2] > UINT32_MAX) {
        return wrong(err, "has round-trip times of %llu, %llu and %llu us for min, mean and max",
                     (unsigned long long)us[0], (unsigned long long)us[1],
                     (unsigned long long)us[2]);
    }
    ret->has_rtt = us[2] > 0;
    ret->rtt_min_ns = 1000 * us[0];
    ret->rtt_mean_ns = 1000 * us[1];
    ret->rtt_max_ns = 1000 * us[2];
    return 0;
}

static int read_tcp(const json_t *end, const json_t *stream, bool sender,
                    struct iperf_report *report, struct error *err)
{
    int rc = read_bytes(json_object_get(end, sender ? "sum_sent" : "sum_received"), report, err);
    if (rc < 0) {
        return rc;
    }
    if (report->seconds <= 0.0) {
        return wrong(err, "has %g for seconds", report->seconds);
    }
    if (!sender) {
        report->counted = true;
        return 0;
    }
    const json_t *sent = json_object_get(stream, "sender");
    const char *congestion = json_string_value(json_object_get(end, "sender_tcp_congestion"));
    if ((rc = get_count(sent, "retransmits", &report->tcp.retransmits, err)) < 0 ||
        (rc = read_rtt(sent, &report->tcp, err)) < 0) {
        return rc;
    }
    if (congestion != NULL && text_is_safe_name(congestion, IPERF_CONGESTION - 1)) {
        memcpy(report->tcp.congestion, congestion, strlen(congestion));
    }
    return 0;
}

static int read_document(const json_t *root, const struct iperf3_test *test,
                         struct iperf_report *report, struct error *err)
{
    const json_t *error = json_object_get(root, "error");
    if (error != NULL) {
        return wrong(err, "is an error: %.150s",
                     json_is_string(error) ? json_string_value(error) : "?");
    }
    int rc = check_start(root, test, report, err);
    if (rc < 0) {
        return rc;
    }
    const json_t *end = json_object_get(root, "end");
    const json_t *streams = json_object_get(end, "streams");
    const json_t *stream = json_array_get(streams, 0);
    if (json_array_size(streams) != 1) {
        return wrong(err, "has %zu streams at its end, not one", json_array_size(streams));
    }
    return test->protocol == IPERF3_UDP ? read_udp(end, stream, test, report, err)
                                        : read_tcp(end, stream, test->sender, report, err);
}

int iperf3_json_parse(const char *text, size_t length, const struct iperf3_test *test,
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
    int rc = read_document(root, test, &report, err);
    json_decref(root);
    if (rc == 0) {
        *ret = report;
    }
    return rc;
}
