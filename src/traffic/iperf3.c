// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/iperf3 — the engine "iperf3": UDP by iperf 3.x with JSON reports of both sides. Called by
 * measure/ through engine.h.
 *
 * Behaviour of 3.12, found by experiment: parameters and reports are exchanged over a TCP
 * connection on the same path as the datagrams. When the source is done, the sink stops reading at
 * once and never counts the datagrams left in its socket. Durations are whole seconds (a fraction
 * is cut off, and 0 means for ever).
 */
#include "traffic/pair.h"

static void source_arguments(const struct pair_trial *trial, struct pair_arguments *list)
{
    pair_argument(list, "-u");
    pair_source(trial, "0", 0, list);
    pair_argument(list, "-i"); // no interim reports
    pair_argument(list, "0");
    pair_argument(list, "-J");
}

static int read_report(const struct pair_trial *trial, const struct child_output *text, bool sender,
                       struct iperf_report *ret, struct error *err)
{
    const struct iperf3_test test = {IPERF3_UDP, trial->payload, sender};
    return iperf3_json_parse(text->text, text->length, &test, ret, err);
}

static const struct pair_program iperf3 = {
    .name = "iperf3",
    .engine = "iperf3",
    .first_port = 5201,
    .table = "tcp",
    .transport = PAIR_UDP,
    .sink_ends = true,
    .sink = pair_iperf3_sink,
    .source = source_arguments,
    .read = read_report,
    .version_first = {3, 11},
    .version_last = {3, 99},
};

const struct engine_ops engine_iperf3 = {
    .program = &iperf3,
    .check = pair_check,
    .version = pair_version,
    .source = &pair_source_half,
    .sink = &pair_sink_half,
};
