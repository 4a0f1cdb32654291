// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/private_folder — a folder that nobody else can enter, for programs and libraries that write
 * files by name: gnuplot, libxlsxwriter, libzip. What they wrote is then put where it belongs.
 */
#ifndef VRBENCH_BASE_PRIVATE_FOLDER_H
#define VRBENCH_BASE_PRIVATE_FOLDER_H

#include "base/error.h"

// Makes one, empty, in $TMPDIR or /tmp; to be given to private_folder_discard().
int private_folder_make(char **ret_path, struct error *err);
// Copies the files in it to a folder, which is made, each as file_replace_passing() does.
int private_folder_publish(const char *from, const char *to, struct error *err);
// Removes it with the files in it, and frees its name. NULL is fine.
void private_folder_discard(char **path);

#define _cleanup_private_folder_ __attribute__((cleanup(private_folder_discard)))

#endif
