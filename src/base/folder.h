// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/folder — entering and making the folders of files that are written, when others may have
 * write access to them.
 *
 * As root, a symbolic link on the way is followed only if it belongs to root, to the user who
 * called sudo(8) or, in a user namespace, to a user that has no name there. Any other link may have
 * been planted to lead root elsewhere, and is an error. Other users follow every link: the kernel
 * checks their rights.
 *
 * What root makes in a user's folder belongs to the folder's owner; in one that everybody may write
 * to (/tmp), to the user who called sudo.
 */
#ifndef VRBENCH_BASE_FOLDER_H
#define VRBENCH_BASE_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

// A descriptor of a folder (O_PATH). folder_make() makes it and those above that are missing.
int folder_open(const char *path, struct error *err);
int folder_make(const char *path, struct error *err);
// Makes a new folder: STEM, or STEM-2, STEM-3 … where that is there. Returns its name.
int folder_make_new(const char *stem, char **ret_path, struct error *err);
// The folder that a file is in, and the file's name in it, a part of `path`. ENOENT and EISDIR for
// what can't be a file's name.
int folder_of(const char *path, const char **ret_name, struct error *err);

// Whether a link of that owner is followed, by the rule above.
bool folder_trusts(uid_t owner);
// Gives what was just made in a folder, by its descriptor, to whom it belongs by the rule above.
void folder_give(int folder, int made);

#endif
