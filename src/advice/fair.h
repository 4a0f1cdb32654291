// SPDX-License-Identifier: GPL-3.0-or-later
// advice/fair — the plan of goal fairness. advice/ only.
#ifndef VRBENCH_ADVICE_FAIR_H
#define VRBENCH_ADVICE_FAIR_H

#include "advice/advice.h"
#include "advice/demand.h"
#include "advice/packing.h"

// Finds, for one level after the other, the largest part of the rates of all its contracts that the
// hosts carry, and the packing of all parts. Contracts for which there is no place at any rate are
// refused, as few as possible. `levels` has the level of each contract. Sets the part of each
// contract (0 = refused) and value, asked and bound of each level. `problem`, without items, must
// outlive the packing.
int fair_packing(const struct contracts *contracts, const struct pack_problem *problem,
                 const struct demand *demands, const size_t *levels, double *ret_parts,
                 struct advice_level *ret_levels, struct packing **ret, struct error *err);

#endif
