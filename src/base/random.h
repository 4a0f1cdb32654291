// SPDX-License-Identifier: GPL-3.0-or-later
// base/random — repeatable pseudo-random numbers, for shuffled loads, resampling and simulated
// cases.
#ifndef VRBENCH_BASE_RANDOM_H
#define VRBENCH_BASE_RANDOM_H

#include <stdint.h>

// The next number of SplitMix64 (Steele, Lea and Flood 2014). `*state` begins with a seed.
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
    return mixed ^ mixed >> 31;
}

#endif
