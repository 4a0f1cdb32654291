// SPDX-License-Identifier: GPL-3.0-or-later
// platform/platform — the table of platforms. See platform.h.
#include "platform/platform.h"

#include <string.h>

static const struct platform_ops *const platforms[] = {&platform_netns};

const struct platform_ops *platform_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        if (strcmp(platforms[i]->name, name) == 0) {
            return platforms[i];
        }
    }
    return NULL;
}
