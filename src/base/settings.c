// SPDX-License-Identifier: GPL-3.0-or-later
// base/settings — see settings.h.
#include "base/settings.h"

#include <stdlib.h>

#include "base/text.h"

static _Thread_local const struct settings *used;

void settings_add(struct settings *settings, const char *name, const char *value)
{
    settings->rows = memory_resize(settings->rows, settings->count + 1, sizeof *settings->rows);
    settings->rows[settings->count++] =
        (struct setting){name, value == NULL ? NULL : text_copy(value)};
}

void settings_clear(struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        free(settings->rows[i].value);
    }
    free(settings->rows);
    *settings = (struct settings){0};
}

void settings_use(const struct settings *settings)
{
    used = settings;
}

const char *setting_get(const char *name)
{
    const char *value = used == NULL ? getenv(name) : NULL;
    for (size_t i = 0; used != NULL && i < used->count; i++) {
        if (text_equal(used->rows[i].name, name)) {
            value = used->rows[i].value;
        }
    }
    return value == NULL || *value == '\0' ? NULL : value;
}
