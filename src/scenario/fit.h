// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/fit — whether a testbed that was built for one scenario is what another one describes.
// Called by testbed/.
#ifndef VRBENCH_SCENARIO_FIT_H
#define VRBENCH_SCENARIO_FIT_H

#include "scenario/scenario.h"

// Compares everything that a testbed is built from: platform, CPUs of the host, routers with the
// files that they name, networks, links. CPU allocations and `traffic` are not compared, because
// they can change while the testbed stands. Returns the first difference in words, a new string, or
// NULL.
char *scenario_misfit(const struct scenario *standing, const struct scenario *wanted);

#endif
