// SPDX-License-Identifier: GPL-3.0-or-later
// measure/rates — offered loads found from the machine, for `rates: { auto: N }`.
#ifndef VRBENCH_MEASURE_RATES_H
#define VRBENCH_MEASURE_RATES_H

#include "measure/trial.h"

#define RATES_BEYOND        1.25 // the last load, as a multiple of the highest that was carried
#define RATES_BEYOND_DIRECT 1.05 // the same in direct

// Finds where loss sets in for a length, by short trials: doubling the load until more than 1 % is
// lost or the tester can't follow (or halving it until that is no more), then halving the
// interval. Writes `count` loads, ascending and evenly spaced, of which the last lies beyond
// saturation; the caller frees them. `likely` is the last load of a length found before in the same
// topology, from which the search sets out: what is carried depends on packets much more than on
// bytes. 0 = none.
int rates_find(struct bench *bench, unsigned length, unsigned count, double likely,
               double **ret_pps, struct error *err);
// Of `count` loads keeps at most `most`, the first and the last among them. Returns how many.
size_t rates_thin(double *pps, size_t count, size_t most);

#endif
