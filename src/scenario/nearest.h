// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/nearest — finds the known word that a misspelt word resembles. Used within scenario/
// only.
#ifndef VRBENCH_SCENARIO_NEAREST_H
#define VRBENCH_SCENARIO_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX 32 // longest word for which a spelling is suggested, in bytes

// Number of letters to insert, delete or replace to turn `word` into `known`; SIZE_MAX if they are
// too many for a misspelling. `known` has at most NEAREST_MAX bytes.
size_t nearest_distance(const char *word, const char *known);

#endif
