// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_owner — `vrbench owner`: the process that holds all testbeds that stand. Other commands
// start it by themselves; a service manager may run it in the foreground.
#include "cli/command.h"
#include "linux/rights.h"
#include "owner/owner.h"

struct owner_values {
    uint64_t ready; // descriptor; 0 = none
};

static const struct option_row owner_options[] = {
    {.name = "ready",
     .type = OPTION_INTEGER,
     .offset = offsetof(struct owner_values, ready),
     .argument = "FD",
     .help = "end with the last testbed; close FD once requests are taken",
     .min = 3,
     .max = 1023},
    OPTIONS_END,
};

static int owner_command_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct owner_values *asked = values;
    if (operands->count > 0) {
        return fail_input(err, "owner takes no operands");
    }
    int rc = rights_check(err);
    return rc < 0 ? rc
                  : owner_run(asked->ready == 0 ? -1 : (int)asked->ready, asked->ready == 0, err);
}

const struct command command_owner = {
    .name = "owner",
    .operands = "",
    .summary = "Hold the testbeds that stand (in the foreground)",
    .details =
        "Builds testbeds, restarts routers that die, divides caps and reads figures for the other\n"
        "commands, which start it in the background when they need it. There is one a host. If it\n"
        "is killed, routers forward on, caps hold, and the next owner takes the testbeds over.",
    .options = owner_options,
    .values_size = sizeof(struct owner_values),
    .run = owner_command_run,
};
