// SPDX-License-Identifier: GPL-3.0-or-later
// linux/tree — removes a directory with its contents and its mounts. Used by testbed/.
#ifndef VRBENCH_LINUX_TREE_H
#define VRBENCH_LINUX_TREE_H

#include <stddef.h>

#include "base/error.h"

// Detaches every mount on `path` itself (lazily). Returns their number.
unsigned tree_unmount(const char *path);

// Removes the directory `path` and everything below it. Symbolic links are removed, not followed.
// Mounts below it are detached (lazily) and keep their contents. A missing path is fine.
// ret_entries (may be NULL) gets the number of removed entries.
int tree_remove(const char *path, size_t *ret_entries, struct error *err);

#endif
