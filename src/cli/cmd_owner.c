// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_owner — `vrbench owner`: the process that holds all testbeds. Other commands start it in
// the background; a service manager may run it in the foreground.
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
     .help = "exit after the last testbed; close FD when ready",
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
    .summary = "Hold all testbeds (in the foreground)",
    .details = "Builds testbeds, restarts dead routers, divides caps among threads and reads\n"
               "figures for the other commands, which start an owner in the background when\n"
               "they need one. A host has one owner. If the owner is killed, routers keep\n"
               "forwarding, caps keep their values, and the next owner takes over the testbeds.",
    .examples = COMMAND_EXAMPLES({"owner", "in the foreground"}),
    .options = owner_options,
    .values_size = sizeof(struct owner_values),
    .run = owner_command_run,
};
