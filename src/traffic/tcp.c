// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/tcp — the engine "tcp": one TCP connection per network by iperf 3.x, for its goodput,
 * retransmissions and round-trip times. Called by measure/ through engine.h.
 *
 * The length of packets is that of full segments: -M sets TCP_MAXSEG, from which Linux subtracts
 * its option of time stamps (tcp(7)). Round-trip times are TCP's estimates (tcpi_rtt), which iperf3
 * reads at the end of each interval; the report has the interval's figures, too, so that a long
 * trial has longer ones.
 */
#include "traffic/pair.h"

#define INTERVALS_MOST 100.0
#define INTERVAL_LEAST 0.1 // s; the limits of iperf3's -i
#define INTERVAL_MOST  60.0
#define TIME_STAMPS    12U // bytes of the option

static void sink_arguments(const struct pair_trial *trial, struct pair_arguments *list)
{
    pair_iperf3_sink(trial, list);
    pair_argument(list, "-i"); // no interim reports
    pair_argument(list, "0");
}

static void source_arguments(const struct pair_trial *trial, struct pair_arguments *list)
{
    double interval = trial->seconds / INTERVALS_MOST;
    interval = interval < INTERVAL_LEAST ? INTERVAL_LEAST : interval;
    interval = interval > INTERVAL_MOST ? INTERVAL_MOST : interval;
    pair_source(trial, "0", 0, list);
    pair_argument(list, "-M");
    pair_argument(list, "%u", trial->payload + TIME_STAMPS);
    pair_argument(list, "-i");
    pair_argument(list, "%.1f", interval);
    pair_argument(list, "-J");
}

static int read_report(const struct pair_trial *trial, const struct child_output *text, bool sender,
                       struct iperf_report *ret, struct error *err)
{
    const struct iperf3_test test = {IPERF3_TCP, trial->block, sender};
    return iperf3_json_parse(text->text, text->length, &test, ret, err);
}

static const struct pair_program tcp = {
    .name = "iperf3",
    .engine = "tcp",
    .transport = PAIR_TCP,
    .first_port = 5201,
    .table = "tcp",
    .sink_ends = true,
    .sink = sink_arguments,
    .source = source_arguments,
    .read = read_report,
    .version_first = {3, 11},
    .version_last = {3, 99},
};

const struct engine_ops engine_tcp = {
    .program = &tcp,
    .check = pair_check,
    .version = pair_version,
    .source = &pair_source_half,
    .sink = &pair_sink_half,
};
