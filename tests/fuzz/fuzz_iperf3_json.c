// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Fuzzer of the parser of iperf3's JSON document, by UDP and TCP, as source and as sink: an
 * accepted document must be consistent, and a refused one writes no result. Seeds, real documents
 * among them, are in corpus/iperf3_json/.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "traffic/iperf_report.h"

#define ENSURE(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ensure_sense(const uint8_t *data, size_t size, const struct iperf3_test *test)
{
    static const struct iperf_report untouched = {.packets = 77, .lost = 77};
    struct iperf_report report = untouched;
    struct error err = ERROR_INIT;
    if (iperf3_json_parse((const char *)data, size, test, &report, &err) < 0) {
        ENSURE(err.text != NULL && memcmp(&report, &untouched, sizeof report) == 0);
        error_clear(&err);
        return;
    }
    ENSURE(err.text == NULL && report.counted == !test->sender);
    ENSURE(isfinite(report.seconds) && report.seconds >= 0.0);
    if (report.counted) {
        ENSURE(report.lost <= report.total);
        ENSURE(isfinite(report.jitter_ns) && report.jitter_ns >= 0.0);
    }
    ENSURE(report.tcp.rtt_min_ns <= report.tcp.rtt_mean_ns);
    ENSURE(report.tcp.rtt_mean_ns <= report.tcp.rtt_max_ns);
    ENSURE(memchr(report.tcp.congestion, '\0', sizeof report.tcp.congestion) != NULL);
    ENSURE(test->protocol == IPERF3_UDP || report.seconds > 0.0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int sender = 0; sender < 2; sender++) {
        const struct iperf3_test udp = {IPERF3_UDP, 64, sender == 1};
        const struct iperf3_test tcp = {IPERF3_TCP, 1448, sender == 1};
        ensure_sense(data, size, &udp);
        ensure_sense(data, size, &tcp);
    }
    return 0;
}
