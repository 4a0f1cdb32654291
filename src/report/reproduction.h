// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/reproduction — the folder of a reproduction: reproduce.json and the folders of its runs
 * (docs/report.md specifies the format). Called by page*.c, figures.c and cli/.
 */
#ifndef VRBENCH_REPORT_REPRODUCTION_H
#define VRBENCH_REPORT_REPRODUCTION_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"

// Reads and checks reproduce.json; *ret is NULL if the folder contains none. The caller calls
// json_decref().
int reproduction_read(const char *folder, json_t **ret, struct error *err);
// The existing folders of a reproduction's runs, or the folder itself if it is a run. The caller
// frees the array and its texts (folders_free).
int reproduction_run_folders(const char *folder, char ***ret, size_t *ret_count, struct error *err);
void folders_free(char **folders, size_t count);

#endif
