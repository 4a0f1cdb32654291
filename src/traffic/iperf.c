// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/iperf — the engine "iperf": iperf 2.x with the study's options, `iperf -c SINK -u -b RATE
 * -l LENGTH -t SECONDS -y C`. Called by measure/ through engine.h.
 *
 * Behaviour of 2.1.8, found by experiment: the client counts its last datagram like the others;
 * until the sink answers, it repeats it every 10 ms, uncounted, under the next number. The sink
 * ends with the first of these that it reads, and reports its number as the total. Without -C the
 * first datagram is 12 bytes longer than requested if LENGTH is short. The report is taken from the
 * sink's output, because only some versions include it in the client's CSV.
 */
#include "traffic/pair.h"

#include <errno.h>
#include <string.h>

#define AS_FAST_AS_IT_CAN "1000000000000" // bit/s; iperf refuses 0

static void sink_arguments(const struct pair_trial *trial, struct pair_arguments *list)
{
    pair_argument(list, "-s");
    pair_argument(list, "-u");
    pair_argument(list, "-B");
    pair_argument(list, "%s", trial->sink);
    pair_argument(list, "-p");
    pair_argument(list, "%u", trial->port);
    pair_argument(list, "-l"); // size of its reads; longer datagrams would be truncated
    pair_argument(list, "%u", trial->payload < 1500 ? 1500 : trial->payload);
    pair_argument(list, "-y");
    pair_argument(list, "C");
    if (trial->ipv6) {
        pair_argument(list, "-V");
    }
}

static void source_arguments(const struct pair_trial *trial, struct pair_arguments *list)
{
    pair_argument(list, "-u");
    pair_source(trial, AS_FAST_AS_IT_CAN, 2, list);
    pair_argument(list, "-y");
    pair_argument(list, "C");
    pair_argument(list, "-C");
    if (trial->ipv6) {
        pair_argument(list, "-V");
    }
}

// Parses the first report of the output. Clients of other versions may print the sink's report too.
static int read_report(const struct pair_trial *trial, const struct child_output *text, bool sender,
                       struct iperf_report *ret, struct error *err)
{
    struct iperf_report report;
    (void)sender;
    int rc = iperf_csv_parse(text->text, text->length, trial->payload, &report, err);
    if (rc < 0) {
        return rc;
    }
    if (report.ports[0] != trial->port && report.ports[1] != trial->port) {
        (void)fail(err, 0, "iperf's report is about ports %u and %u, not %u", report.ports[0],
                   report.ports[1], trial->port);
        return -EBADMSG;
    }
    *ret = report;
    return 0;
}

static const struct pair_program iperf = {
    .name = "iperf",
    .engine = "iperf",
    .first_port = 5001,
    .table = "udp",
    .transport = PAIR_UDP,
    .sink = sink_arguments,
    .source = source_arguments,
    .read = read_report,
    .is_whole = iperf_csv_is_whole,
    .version_first = {2, 0},
    .version_last = {2, 2},
};

const struct engine_ops engine_iperf = {
    .program = &iperf,
    .check = pair_check,
    .version = pair_version,
    .source = &pair_source_half,
    .sink = &pair_sink_half,
};
