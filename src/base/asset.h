// SPDX-License-Identifier: GPL-3.0-or-later
// base/asset — files that the build puts inside the program (scripts/embed), in tables that end
// with a row without a name.
#ifndef VRBENCH_BASE_ASSET_H
#define VRBENCH_BASE_ASSET_H

#include <stddef.h>

struct asset {
    const char *name; // of the file, without its folder
    const char *begin, *end;
};

#endif
