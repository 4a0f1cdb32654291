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

static int run_foreign(const char *uri, const struct text_list *operands, struct error *err)
{
    _cleanup_foreign_ struct foreign *foreign = NULL;
    if (operands->count != 1) {
        return fail_input(err, "the console of a machine is its serial line: it takes no command");
    }
    int rc = foreign_open(uri, true, &foreign, err);
    return rc < 0 ? rc : foreign_console(foreign, operands->items[0], err);
}

static int console_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct console_values *asked = values;
    if (operands->count < 1) {
        return fail_input(err, "console takes a router, and a command after --");
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

const struct command command_console = {
    .name = "console",
    .operands = "ROUTER [-- COMMAND…]",
    .summary = "A shell, or a command, inside a router",
    .details =
        "With a terminal, the shell is that of $SHELL; without, /bin/sh reads commands from\n"
        "standard input. Beside routers, the nodes host, source and sink of a testbed can be\n"
        "entered. Exit status: that of the shell or command. With --platform, ROUTER is any\n"
        "machine of Xen or of a libvirt URI, and its first console is joined to the terminal "
        "(Ctrl-] "
        "leaves).",
    .options = console_options,
    .values_size = sizeof(struct console_values),
    .run = console_run,
};
