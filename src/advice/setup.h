// SPDX-License-Identifier: GPL-3.0-or-later
// advice/setup — hosts of a plan as set-ups of the model. advice/ only.
#ifndef VRBENCH_ADVICE_SETUP_H
#define VRBENCH_ADVICE_SETUP_H

#include "advice/advice.h"
#include "model/model.h"

// A host with `routers` routers of equal load, whose packets have one length.
struct model_setup setup_of_alike(const struct contracts *contracts, enum topology topology,
                                  size_t routers, double length);
// A host of a plan. The load of its networks is a multiple of that of the first, ret_first, which
// is the number of its contract.
struct model_setup setup_of_host(const struct advice *advice, size_t host, size_t *ret_first);
bool setup_is_known(const struct model *model, const struct model_setup *setup);

// Predicts each host of a plan: sets the expected loss of its contracts and the host's expected
// CPU. Returns the number of contracts that would lose more than they may, or on hosts that are not
// known.
size_t setup_verify(struct advice *advice, const struct model *model);
// Sets the intervals of the losses, and of the host's growth; of a plan with many hosts only those
// of the first ones.
void setup_predict(struct advice *advice, const struct model *model);

#endif
