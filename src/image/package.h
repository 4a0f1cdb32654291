// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/package — fetches Debian packages with apt into a cache, without installing them. apt
 * verifies fetched and cached packages by its signed lists. Called by build.c.
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

// The package cache: /var/cache/vrbench for root, else a folder below $XDG_CACHE_HOME or ~/.cache.
// The caller frees it.
char *package_cache_folder(void);

// Fetches a package. If it only depends on a package whose name starts with `through` ("" = no such
// rule), that package is fetched instead. `name` may be the path of a *.deb file, which is then
// used as it is.
int package_fetch(const char *name, const char *through, struct package *ret, struct error *err);
void package_clear(struct package *package);

// A package and its dependencies, in the order in which they were found.
struct package_list {
    struct package *items;
    size_t count;
};

// Fetches a package and, recursively, its dependencies for whose names `follow` returns true; of
// alternatives the first.
int package_fetch_all(const char *name, bool (*follow)(const char *name), struct package_list *ret,
                      struct error *err);
void package_list_clear(struct package_list *list);

// Returns the value of a field in the first stanza of `apt-cache show` output; NULL if absent. The
// caller frees it.
char *package_field(const char *text, const char *field);
// Returns the next package name of a Depends field (of alternatives the first) and advances `at`;
// NULL = no more. The caller frees it.
char *package_next_depends(const char **at);
// Returns the first package of a Depends field whose name starts with `start`; NULL = none. The
// caller frees it.
char *package_depends(const char *depends, const char *start);

#define _cleanup_package_      __attribute__((cleanup(package_clear)))
#define _cleanup_package_list_ __attribute__((cleanup(package_list_clear)))

#endif
