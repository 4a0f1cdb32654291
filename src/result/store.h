// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/store — a run's folder: points.jsonl (one JSON object a point, synced when the point is
 * measured) and run.json (always replaced as a whole). Format: docs/results.md.
 */
#ifndef VRBENCH_RESULT_STORE_H
#define VRBENCH_RESULT_STORE_H

#include <jansson.h>

#include "result/result.h"

struct store; // an open run folder

// Checks, without a change, whether store_open() would accept the folder. ret_run gets run.json, or
// NULL if there is none; the caller json_decref()s it.
int store_check(const char *folder, bool resume, json_t **ret_run, struct error *err);
// Makes the folder and its parents for a new run. A folder with a run.json is refused (exit status
// 2) unless `resume`. With `resume`, its points are read into `ret_points`; an incomplete last line
// (left by a crash) is cut off the file. ret_run gets the old run.json (NULL for a new run); the
// caller json_decref()s it.
int store_open(const char *folder, bool resume, struct store **ret, struct point_list *ret_points,
               json_t **ret_run, struct error *err);
const char *store_folder(const struct store *store);
// Appends a point and syncs it to disk. After a failure (disk full) the file is unchanged.
int store_append(struct store *store, const struct point *point, struct error *err);
// Moves the points that `is_aside` picks out from `points`, which are the store's, and from
// points.jsonl to the end of points.aside.jsonl. If vrbench is killed meanwhile, a point may be in
// both files, but never in none.
int store_set_aside(struct store *store, struct point_list *points,
                    bool (*is_aside)(const struct point *), struct error *err);
// Writes run.json without passwords (redact.h).
int store_write_run(struct store *store, const json_t *run, struct error *err);
void store_close(struct store *store);

// Reads the points of a folder without opening it for writing.
int store_read_points(const char *folder, struct point_list *ret, struct error *err);
// Reads run.json of a folder; the caller json_decref()s it.
int store_read_run(const char *folder, json_t **ret, struct error *err);

// Converts a point to JSON of the documented form, and back. point_from_json() reports a missing,
// mistyped or contradictory member as an error that names the key.
json_t *point_to_json(const struct point *point);
int point_from_json(const json_t *json, struct point *ret, struct error *err);

#endif
