// SPDX-License-Identifier: GPL-3.0-or-later
// search/stability — a low load that every suitable machine carries without loss. Called by
// sweep.c.
#ifndef VRBENCH_SEARCH_STABILITY_H
#define VRBENCH_SEARCH_STABILITY_H

#include "search/search.h"

#define STABILITY_PPS 1000.0

// Makes a search that ends with the first trial without loss, or after several trials with loss.
struct search *stability_new(unsigned place, unsigned length);
// Whether a finished search had a trial without loss.
bool stability_is_given(const struct search *search);

#endif
