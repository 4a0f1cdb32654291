// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/nearest — which known word a misspelt one may be meant for. Used within scenario/ only.
#ifndef VRBENCH_SCENARIO_NEAREST_H
#define VRBENCH_SCENARIO_NEAREST_H

#include <stddef.h>

#define NEAREST_MAX 32 // bytes of a word that a spelling is suggested for

// Number of letters to insert, delete or replace to turn `word` into `known`, if these are few
// enough that it may be meant, else SIZE_MAX. `known` has at most NEAREST_MAX bytes.
size_t nearest_distance(const char *word, const char *known);

#endif
