// SPDX-License-Identifier: GPL-3.0-or-later
// linux/rights — the capabilities of this process: capabilities(7).
#ifndef VRBENCH_LINUX_RIGHTS_H
#define VRBENCH_LINUX_RIGHTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

// Checks that the process has all capabilities that building a testbed and measuring require. If
// not, fails with exit status 3 and a message that names the missing ones.
int rights_check(struct error *err);
// Checks that the settings of network namespaces can be written: /proc/sys is read-only in
// containers without privileges, and no router can forward then. Exit status 3, too.
int rights_check_settings(struct error *err);
// The group whose members may look at testbeds without root: false if this machine has no such
// group.
#define RIGHTS_LOOK_GROUP "vrbench"
bool rights_look_group(gid_t *ret);
// Checks that the process may look at testbeds: it has what rights_check() requires, or is in that
// group. If not, fails with exit status 3.
int rights_check_look(struct error *err);
// As rights_check(), for the text of /proc/PID/status ("CapEff:\t0000…").
int rights_check_text(const char *status, struct error *err);

#endif
