// SPDX-License-Identifier: GPL-3.0-or-later
// advice/shares — weights and caps of a plan. advice/ only.
#ifndef VRBENCH_ADVICE_SHARES_H
#define VRBENCH_ADVICE_SHARES_H

#include "advice/advice.h"
#include "advice/demand.h"

// Sets the weights of hosts and routers, and with `caps` the caps of routers.
void shares_set(struct advice *advice, const struct demand *demands, bool caps);

#endif
