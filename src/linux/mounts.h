// SPDX-License-Identifier: GPL-3.0-or-later
// linux/mounts — finds a mounted file system. Safe in every thread, as getmntent(3) is not.
#ifndef VRBENCH_LINUX_MOUNTS_H
#define VRBENCH_LINUX_MOUNTS_H

#include <stdbool.h>

// Returns the mount point, as a new string, of the first file system of this type that has the
// mount option, if `option` is not NULL, and that `accepts` accepts, if not NULL. NULL if none is
// mounted.
char *mounts_find(const char *type, const char *option, bool (*accepts)(const char *mount_point));

#endif
