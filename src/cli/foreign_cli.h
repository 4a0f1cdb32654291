// SPDX-License-Identifier: GPL-3.0-or-later
// cli/foreign_cli — list, cpu, destroy and reboot with --platform: machines that vrbench did not
// make, of the Xen beneath it ("xen") or of a libvirt URI. Called by cmd_list.c, cmd_cpu.c and
// cmd_router.c.
#ifndef VRBENCH_CLI_FOREIGN_CLI_H
#define VRBENCH_CLI_FOREIGN_CLI_H

#include <stdbool.h>

#include "base/error.h"

// Row of an options table for a command whose values contain `const char *platform`.
#define PLATFORM_OPTION(values)                                                                    \
    {                                                                                              \
        .name = "platform", .type = OPTION_TEXT, .offset = offsetof(struct values, platform),      \
        .argument = "URI", .help = "all machines of \"xen\" or a libvirt URI"                      \
    }

int foreign_cli_list(const char *uri, bool json, struct error *err);
// Sets weight (0 = keep) and cap (NULL = keep) of the machine named `called`, and shows its
// allocation; shows all machines if `called` is NULL.
int foreign_cli_cpu(const char *uri, const char *called, unsigned weight, const unsigned *cap,
                    bool json, struct error *err);

// Powers a machine off, or asks it to reboot, and prints that.
int foreign_cli_end(const char *uri, const char *called, bool reboot, bool json, struct error *err);

#endif
