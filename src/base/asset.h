// SPDX-License-Identifier: GPL-3.0-or-later
// base/asset — files that scripts/embed compiles into the program. Each table of files ends with a
// row whose name is NULL.
#ifndef VRBENCH_BASE_ASSET_H
#define VRBENCH_BASE_ASSET_H

#include <stddef.h>

struct asset {
    const char *name; // file name without its folder
    const char *begin, *end;
};

#endif
