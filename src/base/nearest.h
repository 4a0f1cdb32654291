// SPDX-License-Identifier: GPL-3.0-or-later
// base/nearest — finds the known word that a misspelt word resembles. Called for unknown keys of
// files, and for unknown commands, options and values of the command line.
#ifndef VRBENCH_BASE_NEAREST_H
#define VRBENCH_BASE_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX 32 // longest word for which a spelling is suggested, in bytes

// Number of letters to insert, delete or replace, or of neighbours to exchange, to turn `word` into
// `known`; SIZE_MAX if they are too many for a misspelling.
size_t nearest_distance(const char *word, const char *known);

// A search among known words: starts with `word` only, gets each known word in turn.
struct nearest {
    const char *word;
    const char *best; // the known word that it resembles most; NULL = none so far
    size_t distance;  // of `best`
};
void nearest_consider(struct nearest *nearest, const char *known);
// "; did you mean "BEST"?", or "" if no word resembles it. The caller frees it.
char *nearest_question(const struct nearest *nearest);

#endif
