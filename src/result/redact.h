// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/redact — removes passwords from the stored results of a run. A run's folder is readable by
 * all users, while scenarios, configurations of routing daemons and domain files may contain
 * secrets.
 */
#ifndef VRBENCH_RESULT_REDACT_H
#define VRBENCH_RESULT_REDACT_H

#include <jansson.h>

#define REDACTED "(redacted)"

// Returns a copy of a text in which the value of every password, secret, passphrase and
// authentication key (YAML, xm and xl files, BIRD, FRR) is replaced by REDACTED. The caller frees
// it.
char *redact_text(const char *text);
// Returns a copy of a JSON value in which every string is redacted.
json_t *redact_json(const json_t *json);

#endif
