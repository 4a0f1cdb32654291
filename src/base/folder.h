// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/folder — opens and makes the folders of output files, which other users may be able to write
 * to.
 *
 * Root follows a symbolic link on the path only if the link belongs to root, to the user who called
 * sudo(8) or, in a user namespace, to a user without a name in that namespace. Any other link is an
 * error, because a user could have planted it to redirect root. Other users follow every link: the
 * kernel checks their rights.
 *
 * What root makes in a folder of a user belongs to the folder's owner. In a folder that is writable
 * for all (/tmp) it belongs to the user who called sudo.
 */
#ifndef VRBENCH_BASE_FOLDER_H
#define VRBENCH_BASE_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

// Makes a folder and its missing parents, and returns its descriptor (O_PATH).
int folder_make(const char *path, struct error *err);
// Makes a new folder named `stem`, or stem-2, stem-3 … if that name exists. Returns its name, which
// the caller frees.
int folder_make_new(const char *stem, char **ret_path, struct error *err);
// Opens the folder that contains the file `path`. `ret_name` points at the file's name inside
// `path`. Fails with ENOENT or EISDIR if `path` cannot name a file.
int folder_of(const char *path, const char **ret_name, struct error *err);
// Removes a folder with its content, never through a symbolic link. A missing folder is fine.
int folder_remove(const char *path, struct error *err);

// Whether a link of this owner is followed, by the rule above.
bool folder_trusts(uid_t owner);
// Sets the owner of a file or folder just made in `folder` (both are descriptors), by the rule
// above.
void folder_give(int folder, int made);

#endif
