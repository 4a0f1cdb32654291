// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/store — a run's folder: points.jsonl (one JSON object a point, synced as soon as it is
 * measured) and run.json (rewritten whole, never half). The format is docs/results.md.
 */
#ifndef VRBENCH_RESULT_STORE_H
#define VRBENCH_RESULT_STORE_H

#include <jansson.h>

#include "result/result.h"

struct store; // an open run folder

// Whether store_open() would take the folder, by a look that changes nothing. ret_run gets
// run.json, or NULL if there is none; the caller json_decref()s it.
int store_check(const char *folder, bool resume, json_t **ret_run, struct error *err);
// Makes the folder (and parents) for a new run. An existing folder with a run.json is refused
// (exit status 2) unless `resume`; with `resume`, its points are read into `ret_points`: a torn
// last line (the machine died while writing) is cut off the file. ret_run gets run.json as it
// was (NULL for a new run); the caller json_decref()s it.
int store_open(const char *folder, bool resume, struct store **ret, struct point_list *ret_points,
               json_t **ret_run, struct error *err);
const char *store_folder(const struct store *store);
// Appends a point and syncs it to disk. On failure (disk full) what was there before is as it was.
int store_append(struct store *store, const struct point *point, struct error *err);
// Writes run.json, without the passwords that are in it (redact.h).
int store_write_run(struct store *store, const json_t *run, struct error *err);
void store_close(struct store *store);

// Reads the points of a folder without opening it for writing.
int store_read_points(const char *folder, struct point_list *ret, struct error *err);
// Reads run.json of a folder; the caller json_decref()s it.
int store_read_run(const char *folder, json_t **ret, struct error *err);

// A point as a JSON object of the contract's form, and back. point_from_json() is strict: what is
// missing, of the wrong type or contradictory is an error that names the key.
json_t *point_to_json(const struct point *point);
int point_from_json(const json_t *json, struct point *ret, struct error *err);

#endif
