// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/private_folder — a temporary folder that no other user can enter, for programs and libraries
 * that write files by name (gnuplot, libxlsxwriter, libzip, snmpd). Files are published from there.
 */
#ifndef VRBENCH_BASE_PRIVATE_FOLDER_H
#define VRBENCH_BASE_PRIVATE_FOLDER_H

#include "base/error.h"

// Makes an empty folder in $TMPDIR or /tmp. The caller passes its path to private_folder_discard().
int private_folder_make(char **ret_path, struct error *err);
// Copies every file of folder `from` to folder `to` (made if missing), each as
// file_replace_passing() does.
int private_folder_publish(const char *from, const char *to, struct error *err);
// Removes the folder with all that it contains and frees the path. NULL is fine.
void private_folder_discard(char **path);

#define _cleanup_private_folder_ __attribute__((cleanup(private_folder_discard)))

#endif
