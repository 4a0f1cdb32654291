// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_console — `vrbench console`: a shell or a command inside a router or another node.
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "linux/rights.h"
#include "machine/foreign.h"
#include "owner/enter.h"
#include "testbed/standing.h"

struct console_values {
    const char *platform;
};

static const struct option_row console_options[] = {
    PLATFORM_OPTION(console_values),
    OPTIONS_END,
};

static const struct option_row exec_options[] = {OPTIONS_END};

static int run_foreign(const char *uri, const struct text_list *operands, struct error *err)
{
    _cleanup_foreign_ struct foreign *foreign = NULL;
    if (operands->count != 1) {
        return fail_input(err, "console --platform takes one machine and no command: it connects "
                               "to the machine's serial console");
    }
    int rc = foreign_open(uri, true, &foreign, err);
    return rc < 0 ? rc : foreign_console(foreign, operands->items[0], err);
}

static int console_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct console_values *asked = values;
    if (operands->count < 1) {
        return fail_input(err, "console requires a router; a command may follow after --");
    }
    if (asked->platform != NULL) {
        return run_foreign(asked->platform, operands, err);
    }
    struct testbed *testbed = NULL;
    const char *node = NULL;
    int rc = rights_check(err);
    if (rc == 0) {
        rc = enter_find(operands->items[0], &testbed, &node, err);
    }
    if (rc < 0) {
        return rc;
    }
    char **argv = memory_new_array(char *, operands->count);
    for (size_t i = 1; i < operands->count; i++) {
        argv[i - 1] = text_copy(operands->items[i]);
    }
    int status = 0;
    rc = testbed_console(testbed, node, operands->count == 1 ? NULL : argv, &status, err);
    for (size_t i = 0; i < operands->count; i++) {
        free(argv[i]);
    }
    free(argv);
    testbed_free(testbed);
    return rc < 0 ? rc : status;
}

static int exec_run(void *values, const struct text_list *operands, struct error *err)
{
    if (operands->count < 2) {
        return fail_input(err, "exec requires a router and a command; vrbench console ROUTER runs "
                               "a shell");
    }
    return console_run(values, operands, err);
}

const struct command command_exec = {
    .name = "exec",
    .operands = "ROUTER [--] COMMAND…",
    .summary = "Run a command inside a router",
    .details = "The same as vrbench console ROUTER -- COMMAND. Put -- before a command that has\n"
               "options. Exit status: that of the command.",
    .examples = COMMAND_EXAMPLES({"exec r1t3 -- ip -s link", "counters of its interfaces"},
                                 {"exec source -- ping -c 1 198.19.0.2", "from the tester"}),
    .options = exec_options,
    .values_size = sizeof(struct console_values),
    .run = exec_run,
};

const struct command command_console = {
    .name = "console",
    .operands = "ROUTER [-- COMMAND…]",
    .summary = "Run a shell or a command inside a router",
    .details = "On a terminal, runs $SHELL; otherwise /bin/sh reads commands from standard\n"
               "input. Also enters the nodes host, source and sink of a testbed. Exit status:\n"
               "that of the shell or command. With --platform, ROUTER is any machine of Xen or\n"
               "of a libvirt URI, and the terminal is connected to its first console (Ctrl-]\n"
               "leaves).",
    .examples = COMMAND_EXAMPLES({"console r1t3", "a shell in a router"},
                                 {"console scenario-2/r1t3 -- ip route", "one command"}),
    .options = console_options,
    .values_size = sizeof(struct console_values),
    .run = console_run,
};
