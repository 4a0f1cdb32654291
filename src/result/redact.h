// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/redact — taking passwords out of what is kept of a run. Everybody may read a run's folder;
 * scenarios, routing daemons' configurations and domains' files may hold secrets.
 */
#ifndef VRBENCH_RESULT_REDACT_H
#define VRBENCH_RESULT_REDACT_H

#include <jansson.h>

#define REDACTED "(redacted)"

// A copy of a text in which the value of every password, secret, passphrase and authentication key
// (YAML, xm and xl files, BIRD, FRR) is replaced by REDACTED.
char *redact_text(const char *text);
// A copy of a JSON value with every string in it redacted.
json_t *redact_json(const json_t *json);

#endif
