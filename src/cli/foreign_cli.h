// SPDX-License-Identifier: GPL-3.0-or-later
// cli/foreign_cli — what the commands list and cpu do with --platform: machines that vrbench did
// not make, of the Xen beneath it ("xen") or of a libvirt URI. Called by cmd_list.c and cmd_cpu.c.
#ifndef VRBENCH_CLI_FOREIGN_CLI_H
#define VRBENCH_CLI_FOREIGN_CLI_H

#include <stdbool.h>

#include "base/error.h"

// The row of an options table that a command with `const char *platform` in its values takes.
#define PLATFORM_OPTION(values)                                                                    \
    {                                                                                              \
        .name = "platform", .type = OPTION_TEXT, .offset = offsetof(struct values, platform),      \
        .argument = "URI", .help = "machines of \"xen\" or of a libvirt URI, not of testbeds"      \
    }

int foreign_cli_list(const char *uri, bool json, struct error *err);
// Shows all (`called` NULL) or one machine, whose weight (0 = leave) and cap (NULL = leave) are set
// before.
int foreign_cli_cpu(const char *uri, const char *called, unsigned weight, const unsigned *cap,
                    bool json, struct error *err);

// Pulls the plug of a machine, or asks it to reboot, and says so.
int foreign_cli_end(const char *uri, const char *called, bool reboot, bool json, struct error *err);

#endif
