// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/reproduction — the folder of a reproduction: reproduce.json and the folders of its runs
 * below it (docs/report.md has the format). Called by page*.c, figures.c and cli/.
 */
#ifndef VRBENCH_REPORT_REPRODUCTION_H
#define VRBENCH_REPORT_REPRODUCTION_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

// Reads and checks reproduce.json; *ret is NULL if the folder has none. The caller json_decref()s
// it.
int reproduction_read(const char *folder, json_t **ret, struct error *err);
// The folders of all runs: those of a reproduction that exist by now, or the folder itself. Frees
// nothing of the caller's; the array and its texts are the caller's (folders_free).
int reproduction_run_folders(const char *folder, char ***ret, size_t *ret_count, struct error *err);
void folders_free(char **folders, size_t count);

#endif
