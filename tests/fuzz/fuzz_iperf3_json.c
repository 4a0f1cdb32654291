// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Fuzzer of the parser of iperf3's JSON document, as source and as sink: an accepted document must
 * be consistent, and a refused one writes no result. Seeds, real documents among them, are in
 * corpus/iperf3_json/.
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

static void ensure_sense(const uint8_t *data, size_t size, bool sender)
{
    static const struct iperf_report untouched = {.packets = 77, .lost = 77};
    struct iperf_report report = untouched;
    struct error err = ERROR_INIT;
    if (iperf3_json_parse((const char *)data, size, 64, sender, &report, &err) < 0) {
        ENSURE(err.text != NULL && memcmp(&report, &untouched, sizeof report) == 0);
        error_clear(&err);
        return;
    }
    ENSURE(err.text == NULL && report.counted == !sender);
    ENSURE(isfinite(report.seconds) && report.seconds >= 0.0);
    if (report.counted) {
        ENSURE(report.lost <= report.total);
        ENSURE(isfinite(report.jitter_ns) && report.jitter_ns >= 0.0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ensure_sense(data, size, false);
    ensure_sense(data, size, true);
    return 0;
}
