// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/package — Debian packages fetched by apt, into a cache of our own and without being
 * installed. apt checks what it fetches, and what is there already, by its signed lists. Called by
 * build.c.
 */
#ifndef VRBENCH_IMAGE_PACKAGE_H
#define VRBENCH_IMAGE_PACKAGE_H

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

// In the text of `apt-cache show`, the value of a field of the first stanza; NULL = it has none.
// The caller frees it.
char *package_field(const char *text, const char *field);
// The first package of a Depends field whose name starts with `start`; NULL = none. The caller
// frees it.
char *package_depends(const char *depends, const char *start);

#define _cleanup_package_ __attribute__((cleanup(package_clear)))

#endif
