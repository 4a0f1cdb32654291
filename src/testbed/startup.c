// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/startup — see startup.h.
#include "testbed/startup.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/child.h"
#include "linux/layer.h"
#include "scenario/startup.h"

#define COMMAND_WITHIN_NS (60 * NS_PER_S)
#define OUTPUT_SHOWN      200   // bytes of a failed command's output in the error
#define FILE_PART         8192U // bytes of a file that one command writes

// ---- before anything is made

static int check_program(const char *router, const char *program, const char *package,
                         struct error *err)
{
    _cleanup_free_ char *path = NULL;
    if (strchr(program, '/') != NULL || child_find(program, &path) == 0) {
        return 0; // a path may exist in the router only
    }
    return package == NULL
               ? fail_lacking(err, "router %s: run: there is no program %s in PATH", router,
                              program)
               : fail_lacking(err, "router %s: there is no program %s: install package %s", router,
                              program, package);
}

int startup_check_programs(enum platform_kind kind, const struct scenario_router *router,
                           struct error *err)
{
    const struct scenario_startup *startup = &router->startup;
    int rc = kind == PLATFORM_MACHINES || startup->nft == NULL
                 ? 0
                 : check_program(router->name, "nft", "nftables", err);
    for (size_t i = 0; rc == 0 && kind != PLATFORM_MACHINES && i < startup->file_count; i++) {
        _cleanup_free_ char *folder = layer_folder(startup->files[i].path);
        if (folder == NULL) {
            rc = fail_lacking(err, "router %s: files: %s: this computer has no folder above it",
                              router->name, startup->files[i].path);
        }
    }
    for (size_t i = 0; rc == 0 && kind != PLATFORM_MACHINES && i < startup->command_count; i++) {
        char **words = NULL;
        rc = startup_split(startup->commands[i], &words, err);
        if (rc == 0) {
            rc = check_program(router->name, words[0], NULL, err);
            startup_words_free(words);
        }
    }
    return rc;
}

// ---- applying

// The last line of an output, printable; "" = none.
static char *last_line(char *output)
{
    size_t length = strlen(output);
    while (length > 0 && output[length - 1] == '\n') {
        output[--length] = '\0';
    }
    const char *line = strrchr(output, '\n');
    char *printable = text_printable(line == NULL ? output : line + 1);
    if (strlen(printable) > OUTPUT_SHOWN) {
        printable[OUTPUT_SHOWN] = '\0';
    }
    return printable;
}

// `what` names the command in errors.
static int run_inside(const struct testbed *testbed, size_t router, const char *what,
                      char *const *argv, const char *input, struct error *err)
{
    const struct machine *machine = testbed->routers[router].router;
    _cleanup_free_ char *output = NULL;
    int status = 0;
    int rc = machine->ops->command(machine, argv, input, clock_monotonic_ns() + COMMAND_WITHIN_NS,
                                   &status, &output, err);
    if (rc == 0 && status != 0) {
        _cleanup_free_ char *words = last_line(output);
        rc = fail(err, 0, "exit status %d%s%s", status, *words == '\0' ? "" : ": ", words);
    }
    if (rc < 0) {
        error_context(err, "router %s: %s", machine->name, what);
    }
    return rc;
}

// The number of the first bytes of a text, at most FILE_PART, that end between two characters.
static size_t part_length(const char *text)
{
    size_t length = strnlen(text, FILE_PART + 1);
    if (length > FILE_PART) {
        length = FILE_PART;
        while (length > 1 && ((unsigned char)text[length] & 0xc0U) == 0x80U) {
            length--;
        }
    }
    return length;
}

// The shell's scripts are constant. A part of the content is a parameter, because a virtual
// machine's commands have no input. A router that shares the file system of this computer has a
// layer over the file's folder only: a link there is replaced, since it may lead to a file of this
// computer.
static int apply_file(const struct testbed *testbed, size_t router,
                      const struct scenario_file *file, struct error *err)
{
    static const char begin[] = "mkdir -p \"${1%/*}\" && : >\"$1\"";
    static const char begin_in_layer[] =
        "mkdir -p \"${1%/*}\" && { ! [ -L \"$1\" ] || rm \"$1\"; } && : >\"$1\"";
    static const char append[] = "printf %s \"$2\" >>\"$1\"";
    _cleanup_free_ char *what = text_format("files: %.100s", file->path);
    bool shares = testbed->platform->ops->traits.kind != PLATFORM_MACHINES;
    const char *script = shares ? begin_in_layer : begin;
    char *const first[] = {(char *)"sh",    (char *)"-c", (char *)script,
                           (char *)"files", file->path,   NULL};
    int rc = run_inside(testbed, router, what, first, NULL, err);
    const char *rest = file->text == NULL ? "" : file->text;
    while (rc == 0 && *rest != '\0') {
        size_t length = part_length(rest);
        _cleanup_free_ char *part = text_format("%.*s", (int)length, rest);
        char *const argv[] = {
            (char *)"sh", (char *)"-c", (char *)append, (char *)"files", file->path, part, NULL};
        rc = run_inside(testbed, router, what, argv, NULL, err);
        rest += length;
    }
    return rc;
}

// The shell's script is constant: name and value reach it as its parameters.
static int apply_sysctl(const struct testbed *testbed, size_t router,
                        const struct scenario_sysctl *setting, struct error *err)
{
    static const char script[] = "printf '%s\\n' \"$2\" >\"$1\"";
    _cleanup_free_ char *path = startup_sysctl_path(setting->name);
    _cleanup_free_ char *what = text_format("sysctl %.100s", setting->name);
    char *const argv[] = {(char *)"sh",   (char *)"-c", (char *)script, (char *)"sysctl", path,
                          setting->value, NULL};
    return run_inside(testbed, router, what, argv, NULL, err);
}

static int apply_command(const struct testbed *testbed, size_t router, const char *command,
                         struct error *err)
{
    char **words = NULL;
    _cleanup_free_ char *what = text_format("run \"%.100s\"", command);
    int rc = startup_split(command, &words, err);
    if (rc == 0) {
        rc = run_inside(testbed, router, what, words, NULL, err);
        startup_words_free(words);
    }
    return rc;
}

int startup_apply(const struct testbed *testbed, size_t router, struct error *err)
{
    const struct scenario_startup *startup = &testbed->plan->scenario->routers[router].startup;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < startup->file_count; i++) {
        rc = apply_file(testbed, router, &startup->files[i], err);
    }
    for (size_t i = 0; rc == 0 && i < startup->sysctl_count; i++) {
        rc = apply_sysctl(testbed, router, &startup->sysctls[i], err);
    }
    if (rc == 0 && startup->nft_text != NULL) {
        _cleanup_free_ char *what = text_format("nft %s", startup->nft);
        char *const argv[] = {(char *)"nft", (char *)"-f", (char *)"-", NULL};
        rc = run_inside(testbed, router, what, argv, startup->nft_text, err);
    }
    for (size_t i = 0; rc == 0 && i < startup->command_count; i++) {
        rc = apply_command(testbed, router, startup->commands[i], err);
    }
    return rc;
}
