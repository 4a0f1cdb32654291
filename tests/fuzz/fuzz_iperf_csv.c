// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Fuzzer of the parser of iperf's CSV line: an accepted line must be consistent, and a refused one
 * writes no result. Seeds, real lines among them, are in corpus/iperf_csv/.
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct iperf_report untouched = {.packets = 77, .lost = 77};
    struct iperf_report report = untouched;
    struct error err = ERROR_INIT;
    char *text = strndup((const char *)data, size);
    (void)iperf_csv_is_whole(text == NULL ? "" : text);
    free(text);
    if (iperf_csv_parse((const char *)data, size, 64, &report, &err) < 0) {
        ENSURE(err.text != NULL && memcmp(&report, &untouched, sizeof report) == 0);
        error_clear(&err);
        return 0;
    }
    ENSURE(err.text == NULL);
    ENSURE(isfinite(report.seconds) && report.seconds >= 0.0);
    ENSURE(report.packets <= 1ULL << 53);
    if (report.counted) {
        ENSURE(report.lost <= report.total && report.total > 0);
        ENSURE(isfinite(report.jitter_ns) && report.jitter_ns >= 0.0);
    }
    return 0;
}
