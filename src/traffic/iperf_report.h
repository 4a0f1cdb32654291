// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/iperf_report — parses the reports of iperf and iperf3 strictly: any deviation from the
 * expected format is an error that quotes it.
 *
 * Called by traffic/iperf.c, iperf3.c and tcp.c; the text comes from another program and may have
 * any content.
 */
#ifndef VRBENCH_TRAFFIC_IPERF_REPORT_H
#define VRBENCH_TRAFFIC_IPERF_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define IPERF_CONGESTION 16U // longest name of a congestion control (TCP_CA_NAME_MAX)

// The sender's part of a report on a TCP connection.
struct iperf_sender {
    uint64_t retransmits; // segments
    // Of the round-trip times that TCP estimated (tcpi_rtt), one at the end of each interval.
    bool has_rtt;
    uint64_t rtt_min_ns, rtt_mean_ns, rtt_max_ns;
    char congestion[IPERF_CONGESTION]; // "cubic"; "" = not reported
};

// One side's report on one stream.
struct iperf_report {
    uint16_t ports[2]; // ports of the stream's two ends, in the order of the report
    uint64_t bytes;    // of payload that this side sent or read
    uint64_t packets;  // datagrams that this side sent or read
    double seconds;    // time from the first to the last; 0 = not in the report
    bool counted;      // the members below are set (receiver only)
    uint64_t total;    // datagrams up to the highest number seen
    uint64_t lost;     // those that did not arrive; at most `total`
    uint64_t reordered;
    double jitter_ns; // RFC 3550 §6.4.1
    // The last datagram may have been sent repeatedly, uncounted, under higher numbers.
    bool end_repeated;
    struct iperf_sender tcp; // of a test by TCP (sender only), which has no datagrams
};

/*
 * Parses the first report of iperf 2's `-y C`. iperf 2.0 and 2.1 print one line (ReportCSV.c and
 * Reports.c of iperf 2.1.8):
 *   0 time stamp  1 source address  2 its port  3 sink address  4 its port  5 id  6 from-to, s
 *   7 bytes  8 bit/s
 * and, unless a sender omits them or reports a total of -1:
 *   9 jitter, ms  10 lost  11 total  12 lost, percent  13 out of order
 * iperf 2.2 prints such a line, or a head line "time,srcaddress,…" and a line with those columns,
 * in which from and to are two (outputs of 2.2.1). With the columns of trip times, the sink reads
 * its interval from the datagrams, which have none if the source runs with -C: `seconds` is 0 then.
 *
 * `payload` is the length of the datagrams; the bytes must be a multiple of it. Returns -EBADMSG
 * for anything else: wrong number of fields, NaN, a negative number, more lost than sent, a
 * percentage that contradicts the counts, a duration that contradicts the rate.
 */
int iperf_csv_parse(const char *text, size_t length, unsigned payload, struct iperf_report *ret,
                    struct error *err);
// Whether a text contains a complete first report.
bool iperf_csv_is_whole(const char *text);

/*
 * Parses the document of iperf3 -J (iperf_api.c of iperf 3.12): start.test_start, end.streams and
 * end.sum_sent (`sender`) or end.sum_received (the server's, !`sender`). Returns -EBADMSG for a
 * document with an "error" (which is quoted), of another protocol or length, with several streams,
 * or with contradictory figures. `length` of the test is that of its datagrams, or by TCP that of
 * the program's writes.
 */
enum iperf3_protocol { IPERF3_UDP, IPERF3_TCP };
struct iperf3_test {
    enum iperf3_protocol protocol;
    unsigned length;
    bool sender;
};
int iperf3_json_parse(const char *text, size_t length, const struct iperf3_test *test,
                      struct iperf_report *ret, struct error *err);

#endif
