// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/package — Debian packages fetched by apt, into a cache of our own and without being
 * installed. apt checks what it fetches, and what is there already, by its signed lists. Called by
 * build.c.
 */
#ifndef VRBENCH_IMAGE_PACKAGE_H
#define VRBENCH_IMAGE_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct package {
    char *name, *version;
    char *file; // path of the *.deb
};

// Where packages are kept: /var/cache/vrbench for root, else below $XDG_CACHE_HOME or ~/.cache.
char *package_cache_folder(void);

// Fetches a package. Of one that only depends on another whose name starts with `through` ("" =
// none), that one is taken. `name` may be a file *.deb, which is then used as it is.
int package_fetch(const char *name, const char *through, struct package *ret, struct error *err);
void package_clear(struct package *package);

// A package and those that it needs, in the order in which they were named.
struct package_list {
    struct package *items;
    size_t count;
};

// Fetches a package and all that it depends on, and these depend on, whose names `follow` takes; of
// alternatives the first.
int package_fetch_all(const char *name, bool (*follow)(const char *name), struct package_list *ret,
                      struct error *err);
void package_list_clear(struct package_list *list);

// In the text of `apt-cache show`, the value of a field of the first stanza; NULL = it has none.
// The caller frees it.
char *package_field(const char *text, const char *field);
// Takes the next package's name, of alternatives the first, out of a Depends field; moves on. NULL
// = no more. The caller frees it.
char *package_next_depends(const char **at);
// The first package of a Depends field whose name starts with `start`; NULL = none. The caller
// frees it.
char *package_depends(const char *depends, const char *start);

#define _cleanup_package_      __attribute__((cleanup(package_clear)))
#define _cleanup_package_list_ __attribute__((cleanup(package_list_clear)))

#endif
