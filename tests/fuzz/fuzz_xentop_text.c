// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_xentop_text — any bytes as what xentop printed. What is accepted has distinct names, and
// what is made of it is such text as xen-stats writes.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "face/xentop_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct xentop *xentop)
{
    struct xen_stats stats;
    struct xen_stats again;
    struct error err = ERROR_INIT;
    if (xentop->count == 0 || xentop->iterations == 0) {
        abort();
    }
    if (xentop_stats(xentop, &stats, &err) < 0) {
        if (err.text == NULL) {
            abort();
        }
        error_clear(&err);
        return;
    }
    char *text = xen_stats_text(&stats);
    if (xen_stats_parse(text, &again, NULL) < 0 || again.count != xentop->count) {
        abort();
    }
    xen_stats_clear(&again);
    xen_stats_clear(&stats);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_copy_bytes((const char *)data, size);
    struct xentop xentop;
    struct error err = ERROR_INIT;
    if (xentop_text_parse(text, &xentop, &err) == 0) {
        check(&xentop);
        xentop_clear(&xentop);
    } else if (err.text == NULL || err.text[0] == '\0') {
        abort(); // refused without a reason
    }
    error_clear(&err);
    free(text);
    return 0;
}
