// SPDX-License-Identifier: GPL-3.0-or-later
// report/assets — files that the build puts inside the program (scripts/embed). Called by page.c.
#ifndef VRBENCH_REPORT_ASSETS_H
#define VRBENCH_REPORT_ASSETS_H

#include <stddef.h>

struct asset {
    const char *name; // of the file, without its folder
    const char *begin, *end;
};

extern const struct asset assets[]; // ends with a row without a name

#endif
