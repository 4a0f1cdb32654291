// SPDX-License-Identifier: GPL-3.0-or-later
// search/stability — a low load that any machine fit to measure on carries without loss. Called by
// sweep.c.
#ifndef VRBENCH_SEARCH_STABILITY_H
#define VRBENCH_SEARCH_STABILITY_H

#include "search/search.h"

#define STABILITY_PPS 1000.0

// Ends with the first trial without loss, or after several with.
struct search *stability_new(unsigned place, unsigned length);
// Of a search that has ended: whether there was a trial without loss.
bool stability_is_given(const struct search *search);

#endif
