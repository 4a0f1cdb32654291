// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/settings — environment variables that change what a testbed is built of. A process that
 * works on the order of another one (owner/) uses that one's variables, each of its threads those
 * of its order, instead of its own environment.
 */
#ifndef VRBENCH_BASE_SETTINGS_H
#define VRBENCH_BASE_SETTINGS_H

#include <stddef.h>

struct setting {
    const char *name; // static
    char *value;      // NULL = not set
};

struct settings {
    struct setting *rows;
    size_t count;
};

void settings_add(struct settings *settings, const char *name, const char *value);
void settings_clear(struct settings *settings);

// The calling thread uses these from now on, and no longer the environment. They must outlive the
// use. NULL: the environment again.
void settings_use(const struct settings *settings);
// The value of a variable; NULL if it is not set, or empty.
const char *setting_get(const char *name);

#endif
