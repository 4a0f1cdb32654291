// SPDX-License-Identifier: GPL-3.0-or-later
// image/folders — default folders for root and for other users, and running tools in folders. Used
// within image/.
#ifndef VRBENCH_IMAGE_FOLDERS_H
#define VRBENCH_IMAGE_FOLDERS_H

#include "base/error.h"

// Returns `for_root` for root, for other users $VARIABLE/name or ~/below_home/name. The caller
// frees it.
char *folder_for_user(const char *for_root, const char *variable, const char *below_home,
                      const char *name);

// Runs a program of a Debian package to its end in `folder` (NULL = the caller's); `ret_output`
// (may be NULL) gets its output. An exit status other than 0 is an error (-EIO) with the last line
// of the output.
int run_tool(const char *program, const char *package, const char *const *argv, const char *folder,
             char **ret_output, struct error *err);
// The same for a program given by path.
int run_file(const char *path, const char *const *argv, const char *folder, char **ret_output,
             struct error *err);

#endif
