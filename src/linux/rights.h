// SPDX-License-Identifier: GPL-3.0-or-later
// linux/rights — what this process may do: capabilities(7).
#ifndef VRBENCH_LINUX_RIGHTS_H
#define VRBENCH_LINUX_RIGHTS_H

#include "base/error.h"

// Whether everything is permitted that building a testbed and measuring needs. If not, exit status
// 3 and a message that names what is missing.
int rights_check(struct error *err);
// The same for an effective set as /proc/PID/status writes it ("CapEff:\t0000…").
int rights_check_text(const char *status, struct error *err);

#endif
