// SPDX-License-Identifier: GPL-3.0-or-later
// linux/tree — removal of a directory with whatever is in it and mounted on it. Used by testbed/.
#ifndef VRBENCH_LINUX_TREE_H
#define VRBENCH_LINUX_TREE_H

#include <stddef.h>

#include "base/error.h"

// Detaches every mount on `path` itself (lazily). Returns how many there were.
unsigned tree_unmount(const char *path);

// Removes the directory `path` and everything below it. Symbolic links are removed, not followed.
// What is mounted below it is detached (lazily), and the contents of such mounts stay. A path that
// does not exist is fine. ret_entries (may be NULL) gets the number of entries that were in it.
int tree_remove(const char *path, size_t *ret_entries, struct error *err);

#endif
