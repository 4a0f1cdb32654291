// SPDX-License-Identifier: GPL-3.0-or-later
// search/book — see book.h.
#include "search/book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SAME_LOAD 1e-9 // relative difference

// Index of the first load that is not below `pps`.
static size_t book_place(const struct book *book, double pps)
{
    size_t at = 0;
    while (at < book->count && book->loads[at].pps < pps * (1.0 - SAME_LOAD)) {
        at++;
    }
    return at;
}

static bool is_load_at(const struct book *book, size_t at, double pps)
{
    return at < book->count && fabs(book->loads[at].pps - pps) <= pps * SAME_LOAD;
}

void book_add(struct book *book, double pps, const struct goal_trial *trial)
{
    size_t at = book_place(book, pps);
    if (!is_load_at(book, at, pps)) {
        book->loads = memory_resize(book->loads, book->count + 1, sizeof *book->loads);
        memmove(&book->loads[at + 1], &book->loads[at], (book->count - at) * sizeof *book->loads);
        book->loads[at] = (struct book_load){.pps = pps};
        book->count++;
    }
    struct book_load *load = &book->loads[at];
    load->trials = memory_resize(load->trials, load->count + 1, sizeof *load->trials);
    load->trials[load->count++] = *trial;
    book->entries = memory_resize(book->entries, book->trials + 1, sizeof *book->entries);
    book->entries[book->trials++] = (struct book_entry){pps, trial->loss_ratio};
}

void book_clear(struct book *book)
{
    for (size_t i = 0; i < book->count; i++) {
        free(book->loads[i].trials);
    }
    free(book->loads);
    free(book->entries);
    *book = (struct book){0};
}

const struct book_load *book_find(const struct book *book, double pps)
{
    size_t at = book_place(book, pps);
    return is_load_at(book, at, pps) ? &book->loads[at] : NULL;
}

struct book_bounds book_bounds(const struct book *book, const struct search_goal *goal)
{
    struct book_bounds bounds = {NULL, NULL};
    for (size_t i = 0; i < book->count && bounds.upper == NULL; i++) {
        const struct book_load *load = &book->loads[i];
        switch (goal_classify(goal, load->trials, load->count, NULL)) {
        case LOAD_LOWER_BOUND:
            bounds.lower = load;
            break;
        case LOAD_UPPER_BOUND:
            bounds.upper = load;
            break;
        case LOAD_UNDECIDED:
            break;
        }
    }
    return bounds;
}
