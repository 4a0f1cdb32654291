// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/catalogue — see catalogue.h.
#include "scenario/catalogue.h"

static bool take_any(const char *called)
{
    return *called != '\0';
}

static const struct catalogue_platform any_platform = {
    .name = "", .takes = take_any, .boots_images = true};
static const struct catalogue empty = {&any_platform, 1, "a platform"};
static const struct catalogue *used = &empty;

void catalogue_use(const struct catalogue *catalogue)
{
    used = catalogue;
}

const struct catalogue_platform *catalogue_platform(const char *called)
{
    for (size_t i = 0; i < used->platform_count; i++) {
        if (used->platforms[i].takes(called)) {
            return &used->platforms[i];
        }
    }
    return NULL;
}

const char *catalogue_platforms_expected(void)
{
    return used->platforms_expected;
}

void router_file_free(struct router_file *file)
{
    if (file != NULL) {
        file->kind->free(file);
    }
}
