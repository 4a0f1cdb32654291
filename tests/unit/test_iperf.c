// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of traffic/iperf_csv, iperf3_json and pair — reports that iperf 2.1.8 and iperf3 3.12
 * really printed (also seeds of the fuzzers), and the same with something wrong in them, none of
 * which may be believed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "traffic/pair.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define CORPUS "tests/fuzz/corpus/"

extern const struct engine_ops engine_iperf, engine_iperf3; // rows of traffic/engine.c

static char *sample(const char *name)
{
    _cleanup_free_ char *path = text_format(CORPUS "%s", name);
    char *text = NULL;
    assert_int_equal(file_read(path, 1 << 20, &text, NULL, NULL), 0);
    return text;
}

// A copy of `text` with the first `from` in place of which `to` stands.
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (at == NULL) {
        fail_msg("no %s in the sample", from);
        return NULL;
    }
    return text_format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

// ---- iperf's CSV

static void test_csv_of_source(void **state)
{
    (void)state;
    struct iperf_report report;
    _cleanup_free_ char *text = sample("iperf_csv/source");
    assert_int_equal(iperf_csv_parse(text, strlen(text), 64, &report, NULL), 0);
    assert_int_equal(report.packets, 202);
    assert_int_equal(report.ports[0], 46870);
    assert_int_equal(report.ports[1], 5001);
    assert_false(report.counted);
    // By bytes and rate, which is exacter than "0.0-0.2".
    assert_true(report.seconds > 0.20109 && report.seconds < 0.20110);
    // What older ones print ends with the rate.
    _cleanup_free_ char *old = sample("iperf_csv/old-source");
    assert_int_equal(iperf_csv_parse(old, strlen(old), 64, &report, NULL), 0);
    assert_int_equal(report.packets, 30000);
    assert_true(report.seconds == 15.0 && !report.counted);
}

static void test_csv_of_sink(void **state)
{
    (void)state;
    struct iperf_report report;
    _cleanup_free_ char *good = sample("iperf_csv/sink");
    assert_int_equal(iperf_csv_parse(good, strlen(good), 64, &report, NULL), 0);
    assert_true(report.counted);
    assert_int_equal(report.total, 202);
    assert_int_equal(report.lost, 0);
    assert_true(report.jitter_ns == 3000.0);
    _cleanup_free_ char *lossy = sample("iperf_csv/lossy");
    assert_int_equal(iperf_csv_parse(lossy, strlen(lossy), 64, &report, NULL), 0);
    assert_int_equal(report.total, 81123);
    assert_int_equal(report.lost, 37121);
    assert_int_equal(report.packets, 81123 - 37121);
}

struct csv_case {
    const char *from, *to, *told;
};

static void test_csv_not_believed(void **state)
{
    (void)state;
    static const struct csv_case cases[] = {
        {"37121", "-5", "\"-5\" for lost"},
        {"37121", "81124", "\"81124\" for lost"},
        {"37121,81123,45.759", "37121,0,0.000", "\"0\" for total"},
        {"81123", "-2", "\"-2\" for total"},
        {"45.759", "nan", "\"nan\" for percent"},
        {"45.759", "-nan", "\"-nan\" for percent"},
        {"45.759", "45.700", "\"45.700\" for percent"},
        {"0.000,37121", "nan,37121", "\"nan\" for jitter"},
        {"0.000,37121", "-0.100,37121", "\"-0.100\" for jitter"},
        {"0.000,37121", "1e3,37121", "\"1e3\" for jitter"},
        {",0\n", ",-1\n", "\"-1\" for out of order"},
        {",0\n", ",0x\n", "\"0x\" for out of order"},
        {"2816128", "2816129", "\"2816129\" for bytes"},
        {"2816128", "", "\"\" for bytes"},
        {"2816128", "99999999999999999999", "for bytes"},
        {"75100001", "7510000", "\"7510000\" for rate"},
        {"75100001", "inf", "\"inf\" for rate"},
        {"0.0-0.3", "0.3-0.0", "\"0.3-0.0\" for interval"},
        {"0.0-0.3", "0.3", "\"0.3\" for interval"},
        {"5001", "65536", "\"65536\" for sink port"},
        {"52200", " 52200", "\" 52200\" for source port"},
        {",0\n", "\n", "not a line of 9 or 14 fields"},
        {",0\n", ",0,0\n", "not a line of 9 or 14 fields"},
        {",0\n", ",0,0\nand more\n", "not a line of 9 or 14 fields"},
        {",0\n", ",\x01\n", "not a line of 9 or 14 fields"},
    };
    _cleanup_free_ char *lossy = sample("iperf_csv/lossy");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = ERROR_INIT;
        struct iperf_report report = {.packets = 77};
        _cleanup_free_ char *text = replaced(lossy, cases[i].from, cases[i].to);
        assert_int_equal(iperf_csv_parse(text, strlen(text), 64, &report, &err), -EBADMSG);
        assert_non_null(strstr(err.text, cases[i].told));
        assert_int_equal(report.packets, 77);
        error_clear(&err);
    }
    static const char *const files[] = {"iperf_csv/garbage", "iperf_csv/nan",
                                        "iperf_csv/empty-fields"};
    for (size_t i = 0; i < 3; i++) {
        struct iperf_report report;
        _cleanup_free_ char *text = sample(files[i]);
        assert_int_equal(iperf_csv_parse(text, strlen(text), 1, &report, NULL), -EBADMSG);
    }
    struct iperf_report report;
    assert_int_equal(iperf_csv_parse("", 0, 64, &report, NULL), -EBADMSG);
    for (size_t cut = 0; cut + 14 < strlen(lossy); cut++) {
        if (iperf_csv_parse(lossy, cut, 64, &report, NULL) == 0) {
            assert_false(report.counted); // cut behind the rate: a source's line
        }
    }
}

// iperf 2.2 heads a sink's line by the names of its columns. Where it reads an interval from stamps
// that the datagrams do not have, the interval is nothing.
static void test_csv_headed(void **state)
{
    (void)state;
    struct iperf_report report;
    _cleanup_free_ char *sink = sample("iperf_csv/lossy-2.2");
    assert_int_equal(iperf_csv_parse(sink, strlen(sink), 64, &report, NULL), 0);
    assert_true(report.counted);
    assert_int_equal(report.total, 1002);
    assert_int_equal(report.lost, 100);
    assert_int_equal(report.packets, 902);
    assert_int_equal(report.reordered, 17);
    assert_int_equal(report.ports[0], 57365);
    assert_int_equal(report.ports[1], 5001);
    assert_true(report.seconds == 0.0);
    _cleanup_free_ char *read = sample("iperf_csv/read-2.2");
    assert_int_equal(iperf_csv_parse(read, strlen(read), 64, &report, NULL), 0);
    assert_true(report.counted && report.seconds > 1.0 && report.seconds < 1.01);
    _cleanup_free_ char *source = sample("iperf_csv/source-2.2");
    assert_int_equal(iperf_csv_parse(source, strlen(source), 64, &report, NULL), 0);
    assert_int_equal(report.packets, 1002);
    assert_false(report.counted);
    // The end of a line is the end of the report.
    assert_true(iperf_csv_is_whole(sink) && iperf_csv_is_whole(source));
    for (size_t cut = 1; cut < strlen(sink); cut++) {
        _cleanup_free_ char *part = text_copy_bytes(sink, cut);
        assert_false(iperf_csv_is_whole(part));
    }
    static const struct csv_case cases[] = {
        {",outoforder,", ",reordered,", "below a head line"},
        {",errors,", ",", "below a head line"},
        {",17,", ",17,0,", "below a head line"},
        {"57728", "57729", "\"57729\" for bytes"},
        {"9.980", "8.980", "\"8.980\" for percent"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = ERROR_INIT;
        _cleanup_free_ char *text = replaced(sink, cases[i].from, cases[i].to);
        assert_int_equal(iperf_csv_parse(text, strlen(text), 64, &report, &err), -EBADMSG);
        assert_non_null(strstr(err.text, cases[i].told));
        error_clear(&err);
    }
}

static void test_versions(void **state)
{
    (void)state;
    char version[PAIR_VERSION] = "";
    assert_true(pair_version_find("iperf version 2.2.1 (4 Nov 2024) pthreads\n", version));
    assert_string_equal(version, "2.2.1");
    assert_true(pair_version_find("iperf 3.12 (cJSON 1.7.15)\n", version));
    assert_string_equal(version, "3.12");
    assert_false(pair_version_find("out of order\n", version));
    assert_false(pair_version_find("iperf version two\n", version));
    assert_false(pair_version_find("iperf 2\n", version));
    assert_false(pair_version_find("", version));
    static const char *const known[] = {"2.0.13", "2.1.8", "2.2.1", "2.2"};
    static const char *const others[] = {"1.7.0", "2.3.0", "3.12", "10.0"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(pair_version_known(engine_iperf.program, known[i]));
        assert_false(pair_version_known(engine_iperf.program, others[i]));
    }
    static const char *const read[] = {"3.11", "3.12", "3.18"};
    static const char *const refused[] = {"3.10.1", "3.9", "2.1.8"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(pair_version_known(engine_iperf3.program, read[i]));
        assert_false(pair_version_known(engine_iperf3.program, refused[i]));
    }
}

// ---- iperf3's JSON

static int parse_json(const char *text, enum iperf3_protocol protocol, unsigned length, bool sender,
                      struct iperf_report *ret, struct error *err)
{
    const struct iperf3_test test = {protocol, length, sender};
    return iperf3_json_parse(text, strlen(text), &test, ret, err);
}

static void test_json(void **state)
{
    (void)state;
    struct iperf_report report;
    _cleanup_free_ char *source = sample("iperf3_json/source-lossy");
    assert_int_equal(parse_json(source, IPERF3_UDP, 64, true, &report, NULL), 0);
    assert_int_equal(report.packets, 143078);
    assert_false(report.counted);
    assert_true(report.seconds == 1.000011);
    assert_int_equal(report.ports[0], 55723);
    _cleanup_free_ char *sink = sample("iperf3_json/sink-lossy");
    assert_int_equal(parse_json(sink, IPERF3_UDP, 64, false, &report, NULL), 0);
    assert_true(report.counted);
    assert_int_equal(report.total, 143069);
    assert_int_equal(report.lost, 56343);
    assert_int_equal(report.packets, 143069 - 56343);
    assert_int_equal(report.ports[0], 5201);
    assert_true(report.jitter_ns > 5238.5 && report.jitter_ns < 5238.6);
}

struct json_case {
    bool sender;
    const char *from, *to, *told;
};

static void test_json_not_believed(void **state)
{
    (void)state;
#define RECEIVED                                                                                   \
    "\"sum_received\":{\"start\":0,\"end\":1.000053,\"seconds\":1.000053,\"bytes\":5550464"
#define LOST                                                                                       \
    "\"lost_packets\":56343,\"packets\":143069,\"lost_percent\":39.3816969434329,\"sender\":"      \
    "false},\"cpu"
    static const struct json_case cases[] = {
        {false, "\"sum_received\"", "\"sum\"", "no whole number for bytes"},
        {false, RECEIVED, "\"sum_received\":{\"seconds\":1,\"bytes\":5550465",
         "not a multiple of 64"},
        {false, RECEIVED, "\"sum_received\":{\"seconds\":-1,\"bytes\":64", "-1 for seconds"},
        {false, LOST, "\"lost_packets\":143070,\"packets\":143069},\"cpu", "143070 lost of 143069"},
        {false, LOST, "\"lost_packets\":-3,\"packets\":143069},\"cpu", "-3 for lost_packets"},
        {false, LOST, "\"lost_packets\":1.5,\"packets\":143069},\"cpu", "number for lost_packets"},
        {false, LOST, "\"lost_packets\":0,\"packets\":143068},\"cpu", "143069 of the stream"},
        {false, LOST, "\"lost_packets\":nan,\"packets\":143069},\"cpu", "is not JSON"},
        {false, "\"out_of_order\":0,", "", "no whole number for out_of_order"},
        {false, "\"protocol\":\"UDP\"", "\"protocol\":\"TCP\"", "a test by TCP"},
        {false, "\"num_streams\":1", "\"num_streams\":2", "2 streams"},
        {false, "\"blksize\":64", "\"blksize\":65", "of 65 bytes"},
        {false, "{\"start\"", "{\"error\":\"the client has\\u0007 terminated\",\"start\"",
         "is an error: the client has  terminated"},
        {true, "\"sum_sent\":{\"start\":0,\"end\":1.000011,\"seconds\":1.000011,\"bytes\":9156992,",
         "\"sum_sent\":{\"seconds\":1,\"bytes\":64,", "but the bytes of 1"},
        {true, "\"sum_sent\"", "\"sum_set\"", "no whole number for bytes"},
    };
    _cleanup_free_ char *source = sample("iperf3_json/source-lossy");
    _cleanup_free_ char *sink = sample("iperf3_json/sink-lossy");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = ERROR_INIT;
        struct iperf_report report = {.packets = 77};
        bool sender = cases[i].sender;
        _cleanup_free_ char *text = replaced(sender ? source : sink, cases[i].from, cases[i].to);
        assert_int_equal(parse_json(text, IPERF3_UDP, 64, sender, &report, &err), -EBADMSG);
        if (strstr(err.text, cases[i].told) == NULL) {
            fail_msg("case %zu: \"%s\" has no \"%s\"", i, err.text, cases[i].told);
        }
        assert_int_equal(report.packets, 77);
        error_clear(&err);
    }
    struct iperf_report report;
    for (size_t cut = 0; cut < strlen(sink) - 1; cut++) {
        const struct iperf3_test test = {IPERF3_UDP, 64, false};
        assert_int_equal(iperf3_json_parse(sink, cut, &test, &report, NULL), -EBADMSG);
    }
    // The sink's document is refused as a source's, and the reverse.
    assert_int_equal(parse_json(sink, IPERF3_UDP, 64, true, &report, NULL), 0);
    assert_int_equal(report.packets, 0);
}

static void test_json_of_tcp(void **state)
{
    (void)state;
    struct iperf_report report;
    _cleanup_free_ char *source = sample("iperf3_json/source-tcp-lossy");
    assert_int_equal(parse_json(source, IPERF3_TCP, 131768, true, &report, NULL), 0);
    assert_int_equal(report.bytes, 100275448);
    assert_true(report.seconds == 1.001609);
    assert_int_equal(report.tcp.retransmits, 741);
    assert_true(report.tcp.has_rtt);
    assert_int_equal(report.tcp.rtt_min_ns, 414000);
    assert_int_equal(report.tcp.rtt_mean_ns, 1365000);
    assert_int_equal(report.tcp.rtt_max_ns, 2316000);
    assert_string_equal(report.tcp.congestion, "bbr");
    assert_int_equal(report.ports[0], 57579);
    assert_false(report.counted);
    _cleanup_free_ char *sink = sample("iperf3_json/sink-tcp-lossy");
    assert_int_equal(parse_json(sink, IPERF3_TCP, 131768, false, &report, NULL), 0);
    assert_int_equal(report.bytes, 89470472);
    assert_true(report.seconds == 1.001697);
    assert_true(report.counted);
    assert_int_equal(report.tcp.retransmits, 0);
    _cleanup_free_ char *quiet = sample("iperf3_json/source-tcp");
    assert_int_equal(parse_json(quiet, IPERF3_TCP, 1448, true, &report, NULL), 0);
    assert_int_equal(report.bytes, 2497800);
    assert_int_equal(report.tcp.retransmits, 1);
}

static void test_json_of_tcp_not_believed(void **state)
{
    (void)state;
    static const struct json_case cases[] = {
        {true, "\"retransmits\":741,\"max_snd_cwnd\"", "\"max_snd_cwnd\"",
         "no whole number for retransmits"},
        {true, "\"retransmits\":741,\"max_snd_cwnd\"", "\"retransmits\":-1,\"max_snd_cwnd\"",
         "-1 for retransmits"},
        {true, "\"min_rtt\":414,\"mean_rtt\":1365,\"sender\"",
         "\"min_rtt\":1366,\"mean_rtt\":1365,\"sender\"",
         "round-trip times of 1366, 1365 and 2316"},
        {true, "\"mean_rtt\":1365,\"sender\"", "\"sender\"", "no whole number for mean_rtt"},
        {true, "\"protocol\":\"TCP\"", "\"protocol\":\"SCTP\"", "a test by SCTP, not TCP"},
        {true, "\"blksize\":131768", "\"blksize\":1", "of 1 bytes"},
        {false, "\"sum_received\":{\"start\":0,\"end\":1.001697,\"seconds\":1.001697",
         "\"sum_received\":{\"seconds\":0", "0 for seconds"},
        {false, "\"sum_received\"", "\"sum\"", "no whole number for bytes"},
        {false, "\"streams\":[{\"sender\"", "\"streams\":[{},{\"sender\"", "2 streams at its end"},
    };
    _cleanup_free_ char *source = sample("iperf3_json/source-tcp-lossy");
    _cleanup_free_ char *sink = sample("iperf3_json/sink-tcp-lossy");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = ERROR_INIT;
        struct iperf_report report = {.packets = 77};
        bool sender = cases[i].sender;
        _cleanup_free_ char *text = replaced(sender ? source : sink, cases[i].from, cases[i].to);
        assert_int_equal(parse_json(text, IPERF3_TCP, 131768, sender, &report, &err), -EBADMSG);
        if (strstr(err.text, cases[i].told) == NULL) {
            fail_msg("case %zu: \"%s\" has no \"%s\"", i, err.text, cases[i].told);
        }
        assert_int_equal(report.packets, 77);
        error_clear(&err);
    }
    struct iperf_report report;
    assert_int_equal(parse_json(source, IPERF3_UDP, 131768, true, &report, NULL), -EBADMSG);
}

// ---- both together

static int count_both(const struct traffic_request *asked, const struct iperf_report *sent,
                      const struct iperf_report *received, struct traffic_count *ret,
                      struct error *err)
{
    *ret = (struct traffic_count){0};
    pair_count_source(asked, sent, ret);
    return pair_count_sink(received, ret, err);
}

static const struct traffic_request request = {
    .ip_length = 92, .pps = 1000.0, .duration_ns = 1000000000};

static void test_count(void **state)
{
    (void)state;
    struct traffic_count count;
    struct iperf_report sent = {.packets = 990, .seconds = 1.001};
    struct iperf_report received = {.packets = 900,
                                    .counted = true,
                                    .total = 985,
                                    .lost = 85,
                                    .reordered = 3,
                                    .jitter_ns = 12.0};
    assert_int_equal(count_both(&request, &sent, &received, &count, NULL), 0);
    assert_int_equal(count.tx, 990);
    assert_int_equal(count.unsent, 10);
    assert_int_equal(count.rx, 900); // so 90 are lost: the last five the sink doesn't know of
    assert_int_equal(count.duplicated, 0);
    assert_int_equal(count.reordered, 3);
    assert_int_equal(count.sending_ns, 1001000000);
    assert_false(count.delay_measured);
    assert_true(count.jitter_measured && count.jitter_ns == 12.0);
    received.packets = 907; // copies
    sent.packets = 1003;
    sent.seconds = 0.9;
    assert_int_equal(count_both(&request, &sent, &received, &count, NULL), 0);
    assert_int_equal(count.duplicated, 7);
    assert_int_equal(count.unsent, 0);
    assert_int_equal(count.sending_ns, 1000000000); // a rate is over the time asked for at least
}

static void test_contradictions(void **state)
{
    (void)state;
    struct traffic_count count;
    const struct iperf_report sent = {.packets = 100, .seconds = 1};
    struct iperf_report received = {.packets = 100, .counted = true, .total = 101};
    struct error err = ERROR_INIT;
    assert_int_equal(count_both(&request, &sent, &received, &count, &err), -EBADMSG);
    assert_string_equal(err.text, "the sink counts 101 packets of 100 sent");
    error_clear(&err);
    received.total = 100;
    received.packets = 99;
    assert_int_equal(count_both(&request, &sent, &received, &count, NULL), -EBADMSG);
    received.packets = 100;
    received.counted = false;
    assert_int_equal(count_both(&request, &sent, &received, &count, NULL), -EBADMSG);
    received.counted = true;
    assert_int_equal(count_both(&request, &sent, &received, &count, NULL), 0);
}

// iperf's last datagram comes at the third time: numbers 100 and 101 are lost, 102 counts for 100.
static void test_repeated_end(void **state)
{
    (void)state;
    struct traffic_count count;
    struct iperf_report sent = {.packets = 100, .seconds = 1, .end_repeated = true};
    struct iperf_report received = {.packets = 95, .counted = true, .total = 102, .lost = 7};
    assert_int_equal(count_both(&request, &sent, &received, &count, NULL), 0);
    assert_int_equal(count.tx, 100);
    assert_int_equal(count.rx, 95);
    received.lost = 1; // but it can't have had 101 of 100
    received.packets = 101;
    assert_int_equal(count_both(&request, &sent, &received, &count, NULL), -EBADMSG);
    received = (struct iperf_report){.packets = 95, .counted = true, .total = 1102, .lost = 1007};
    assert_int_equal(count_both(&request, &sent, &received, &count, NULL), -EBADMSG);
    sent.end_repeated = false;
    received = (struct iperf_report){.packets = 95, .counted = true, .total = 102, .lost = 7};
    assert_int_equal(count_both(&request, &sent, &received, &count, NULL), -EBADMSG);
}

// A sink must not have read more than was sent. What TCP could not send of the load is unsent.
static void test_count_of_tcp(void **state)
{
    (void)state;
    struct traffic_count count = {0};
    struct iperf_report sent = {.bytes = 990 * 1448 + 1,
                                .seconds = 1.001,
                                .tcp = {.retransmits = 5,
                                        .has_rtt = true,
                                        .rtt_min_ns = 1000,
                                        .rtt_mean_ns = 2000,
                                        .rtt_max_ns = 4000,
                                        .congestion = "cubic"}};
    struct iperf_report received = {.bytes = 900 * 1448, .seconds = 2.0, .counted = true};
    pair_count_sender(&request, 1448, &sent, &count);
    assert_int_equal(pair_count_receiver(&received, &count, NULL), 0);
    assert_int_equal(count.unsent, 9); // whole packets
    assert_int_equal(count.sending_ns, 1001000000);
    assert_true(count.tcp.measured && count.tcp.has_rtt);
    assert_true(count.tcp.goodput_bps == 450 * 1448 * 8);
    assert_int_equal(count.tcp.retransmits, 5);
    assert_int_equal(count.tcp.rtt_mean, 2000);
    assert_string_equal(count.tcp.congestion, "cubic");
    assert_false(count.jitter_measured || count.delay_measured);
    received.bytes = sent.bytes + 1;
    assert_int_equal(pair_count_receiver(&received, &count, NULL), -EBADMSG);
    sent.bytes = 2000 * 1448;
    pair_count_sender(&request, 1448, &sent, &count);
    assert_int_equal(count.unsent, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_of_source),     cmocka_unit_test(test_csv_of_sink),
        cmocka_unit_test(test_csv_not_believed),  cmocka_unit_test(test_json),
        cmocka_unit_test(test_csv_headed),        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_json_not_believed), cmocka_unit_test(test_count),
        cmocka_unit_test(test_contradictions),    cmocka_unit_test(test_repeated_end),
        cmocka_unit_test(test_json_of_tcp),       cmocka_unit_test(test_json_of_tcp_not_believed),
        cmocka_unit_test(test_count_of_tcp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
