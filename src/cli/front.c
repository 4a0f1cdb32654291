// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/front — the program `vrbench`: runs the commands that only send requests to the owner, and
 * executes `vrbench-full` for all others.
 *
 * Loading the 86 libraries for measurements, virtual machines and reports takes the dynamic linker
 * about 20 ms; the libraries that a request needs take 2 ms. Monitoring systems call often.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/output.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/foreign_cli.h"
#include "cli/invoke.h"
#include "cli/list_long.h"
#include "version.h"

static char **arguments;

static const struct command *const commands[] = {
    &command_list, &command_create, &command_destroy, &command_reboot, &command_cpu,
};

// Executes vrbench-full from this program's folder, or else from where it is installed.
static _Noreturn void hand_over(void)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(self, '/');
    _cleanup_free_ char *beside =
        text_format("%.*s/vrbench-full", slash == NULL ? 0 : (int)(slash - self), self);
    execv(beside, arguments);
    execv(VRBENCH_LIBEXEC "/vrbench-full", arguments);
    fprintf(stderr, "vrbench: can't execute %s or " VRBENCH_LIBEXEC "/vrbench-full: %s\n", beside,
            strerror(errno));
    exit(EXIT_FAILED);
}

// Access to machines that vrbench did not make requires the libraries of vrbench-full.
int foreign_cli_list(const char *uri, bool json, struct error *err)
{
    (void)uri;
    (void)json;
    (void)err;
    hand_over();
}

int foreign_cli_cpu(const char *uri, const char *called, unsigned weight, const unsigned *cap,
                    bool json, struct error *err)
{
    (void)uri;
    (void)called;
    (void)weight;
    (void)cap;
    (void)json;
    (void)err;
    hand_over();
}

int foreign_cli_end(const char *uri, const char *called, bool reboot, bool json, struct error *err)
{
    (void)uri;
    (void)called;
    (void)reboot;
    (void)json;
    (void)err;
    hand_over();
}

int list_long(const struct sample *sample, bool json, struct error *err)
{
    (void)sample;
    (void)json;
    (void)err;
    hand_over();
}

int main(int argc, char **argv)
{
    output_reserve();
    arguments = argv;
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++) {
        const char *alias = commands[i]->alias;
        if (strcmp(commands[i]->name, argv[1]) == 0 ||
            (alias != NULL && strcmp(alias, argv[1]) == 0)) {
            return invoke_command(commands[i], argc - 1, argv + 1);
        }
    }
    hand_over();
}
