// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * sampler/sample_json — a sample as JSON, from the process that owns testbeds to its clients: one
 * line, {"failed": 0, "sample": {"parties": […], "began_ns", "left_out"}, "found"}.
 *
 * The format is private to one version of vrbench.
 */
#ifndef VRBENCH_SAMPLER_SAMPLE_JSON_H
#define VRBENCH_SAMPLER_SAMPLE_JSON_H

#include <jansson.h>

#include "sampler/sample.h"

// The line under construction: begun, then one party at a time, then ended with its newline. The
// caller frees the bytes.
struct sample_text {
    char *bytes;
    size_t length, room;
};
void sample_text_begin(struct sample_text *text);
void sample_text_add(void *text,
                     const struct sample_party *party); // The callback for sampler_visit().
// `found`: whether the requested testbed exists.
void sample_text_end(struct sample_text *text, uint64_t began_ns, const char *left_out, bool found);

// Adds the parties of the line's "sample". A missing member or one of a wrong type counts as
// absent.
void sample_from_json(const json_t *json, struct sample *sample);

#endif
