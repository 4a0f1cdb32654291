// SPDX-License-Identifier: GPL-3.0-or-later
// search/book — the trials of a throughput search by load, as one network saw them. Called by
// throughput.c and the rules that choose loads.
#ifndef VRBENCH_SEARCH_BOOK_H
#define VRBENCH_SEARCH_BOOK_H

#include "search/goal.h"

struct book_load {
    double pps;
    struct goal_trial *trials;
    size_t count;
};

struct book_entry {
    double pps, loss_ratio;
};

struct book {
    struct book_load *loads; // ascending
    size_t count;
    struct book_entry *entries; // all trials in the order in which they were made
    size_t trials;
};

void book_add(struct book *book, double pps, const struct goal_trial *trial);
void book_clear(struct book *book);
// The entry of a load, or NULL.
const struct book_load *book_find(const struct book *book, double pps);

// Relevant bounds of RFC 9971: the smallest upper bound, and the largest lower bound below it.
// Without an upper bound, the largest lower bound. NULL = none.
struct book_bounds {
    const struct book_load *lower, *upper;
};
struct book_bounds book_bounds(const struct book *book, const struct search_goal *goal);

#endif
