// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/layer — private layers over folders of this computer, in the mount namespace of a first
 * process: what is written there is seen in that namespace only, and disappears with it.
 *
 * A layer is an overlay file system whose changes are in memory. Called by machine/ for routers
 * that share the file system of this computer.
 */
#ifndef VRBENCH_LINUX_LAYER_H
#define VRBENCH_LINUX_LAYER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

// Returns the deepest existing folder above a path, resolved, which the caller frees. NULL if that
// is the root directory, which cannot get a layer.
char *layer_folder(const char *path);

// Makes the layers that files at `paths` need, in the mount namespace and root directory of process
// `first`. That namespace must not be the caller's, and its mounts must not propagate to the
// caller's. Files that are mounted below a folder with a layer are hidden. -ENOENT if a path has no
// folder; exit status 3 if the kernel has no overlay.
int layer_make(pid_t first, const char *const *paths, size_t count, struct error *err);

#endif
