// SPDX-License-Identifier: GPL-3.0-or-later
// measure/low_load — why a trial of a low load may have lost packets, in words. Called by run/.
#ifndef VRBENCH_MEASURE_LOW_LOAD_H
#define VRBENCH_MEASURE_LOW_LOAD_H

#include "result/result.h"

// "lost 12 of 300 packets at 1,000 packets/s (host:br0 11, unexplained 1); likely cause: …", for a
// trial of `pps` packets/s for each network. The likely cause is the strongest disturbance that the
// trial noted; without one, the place of the losses itself. The caller frees it.
char *low_load_cause(const struct point *point, double pps);

#endif
