// SPDX-License-Identifier: GPL-3.0-or-later
// sampler/sample_json — a sample as JSON, to go from the process that owns testbeds to its clients.
// The format is private to one version of vrbench.
#ifndef VRBENCH_SAMPLER_SAMPLE_JSON_H
#define VRBENCH_SAMPLER_SAMPLE_JSON_H

#include <jansson.h>

#include "sampler/sample.h"

json_t *sample_to_json(const struct sample *sample);
// Adds the parties of `json` to a sample. Whatever is missing or of a wrong type counts as absent.
void sample_from_json(const json_t *json, struct sample *sample);

#endif
