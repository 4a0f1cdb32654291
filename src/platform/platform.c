// SPDX-License-Identifier: GPL-3.0-or-later
// platform/platform — the table of platforms. See platform.h.
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

static const struct platform_ops *const platforms[] = {&platform_netns};

static const struct platform_ops *ops_of(const char *uri)
{
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        if (platforms[i]->takes(uri)) {
            return platforms[i];
        }
    }
    return NULL;
}

int platform_check(const char *uri, struct error *err)
{
    return ops_of(uri) != NULL
               ? 0
               : fail_input(err, "there is no platform \"%s\"; there is netns", uri);
}

int platform_open(const char *uri, struct platform **ret, struct error *err)
{
    int rc = platform_check(uri, err);
    if (rc == 0) {
        *ret = ops_of(uri)->open(uri);
    }
    return rc;
}

void platform_close(struct platform *platform)
{
    if (platform != NULL) {
        platform->ops->close(platform);
    }
}
