// SPDX-License-Identifier: GPL-3.0-or-later
// image/folders — folders of root's and of a user's, folders removed whole, and tools run in them.
// Used within image/.
#ifndef VRBENCH_IMAGE_FOLDERS_H
#define VRBENCH_IMAGE_FOLDERS_H

#include "base/error.h"

// `for_root`, or for others $VARIABLE/name or ~/below_home/name. The caller frees it.
char *folder_for_user(const char *for_root, const char *variable, const char *below_home,
                      const char *name);
// rm -r, never through a symbolic link. What isn't there is fine.
int folder_remove(const char *path, struct error *err);

// Runs a program of a Debian package to its end, in `folder` (NULL = the caller's), and gives what
// it printed (`ret_output` may be NULL). An exit status other than 0 is an error (-EIO) with its
// last line.
int run_tool(const char *program, const char *package, const char *const *argv, const char *folder,
             char **ret_output, struct error *err);
// The same for a program of which the path is known.
int run_file(const char *path, const char *const *argv, const char *folder, char **ret_output,
             struct error *err);

#endif
