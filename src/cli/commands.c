// SPDX-License-Identifier: GPL-3.0-or-later
// cli/commands — see command.h. Read by main.c, and at build time by describe/, which makes man
// pages.
#include "cli/command.h"

#include "base/text.h"

// One row a command, in the order of the help.
// clang-format off
const struct command *const command_table[] = {
    &command_run,
    &command_init,
    &command_search,
    &command_report,
    &command_ab,
    &command_predict,
    &command_compare,
    &command_advise,
    &command_control,
    &command_reproduce,
    &command_up,
    &command_down,
    &command_list,
    &command_create,
    &command_destroy,
    &command_reboot,
    &command_console,
    &command_exec,
    &command_inspect,
    &command_cpu,
    &command_send,
    &command_capture,
    &command_top,
    &command_image,
    &command_xen_stats,
    &command_doctor,
    &command_cleanup,
    &command_completion,
    &command_owner,
};
// clang-format on
const size_t command_count = sizeof command_table / sizeof command_table[0];

const struct command *command_find(const char *word)
{
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = command_table[i];
        if (text_equal(command->name, word) ||
            (command->alias != NULL && text_equal(command->alias, word))) {
            return command;
        }
    }
    return NULL;
}
