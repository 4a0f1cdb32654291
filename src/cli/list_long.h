// SPDX-License-Identifier: GPL-3.0-or-later
// cli/list_long — `vrbench list --long`: process, uptime, owner and addresses of each router.
// Called by cmd_list.c; a function of vrbench-full only.
#ifndef VRBENCH_CLI_LIST_LONG_H
#define VRBENCH_CLI_LIST_LONG_H

#include <stdbool.h>

#include "sampler/sample.h"

// Prints all parties of a sample.
int list_long(const struct sample *sample, bool json, struct error *err);

#endif
