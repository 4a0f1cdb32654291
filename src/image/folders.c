// SPDX-License-Identifier: GPL-3.0-or-later
// image/folders — see folders.h.
#include "image/folders.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/child.h"

#define TOOL_NS (600 * NS_PER_S)

char *folder_for_user(const char *for_root, const char *variable, const char *below_home,
                      const char *name)
{
    if (geteuid() == 0) {
        return text_copy(for_root);
    }
    const char *base = getenv(variable);
    const char *home = getenv("HOME");
    if (base != NULL && base[0] == '/') {
        return text_format("%s/%s", base, name);
    }
    return text_format("%s/%s/%s", home == NULL ? "" : home, below_home, name);
}

// The last line of a program's output.
static char *last_line(const char *text)
{
    size_t end = strlen(text);
    while (end > 0 && isspace((unsigned char)text[end - 1])) {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && text[begin - 1] != '\n') {
        begin--;
    }
    return text_copy_bytes(text + begin, end - begin);
}

int run_file(const char *path, const char *const *argv, const char *folder, char **ret_output,
             struct error *err)
{
    const struct child_spec spec = {.path = path, .argv = argv, .folder = folder};
    _cleanup_child_ struct child child = CHILD_INIT;
    int rc = child_run(&spec, TOOL_NS, &child, err);
    if (rc < 0) {
        return rc;
    }
    if (!WIFEXITED(child.status) || WEXITSTATUS(child.status) != 0) {
        _cleanup_free_ char *why =
            last_line(child.err.length > 0 ? child.err.text : child.out.text);
        return fail(err, 0, "%s failed: %s", argv[0], why);
    }
    if (ret_output != NULL) {
        *ret_output = steal_pointer(&child.out.text);
    }
    return 0;
}

int run_tool(const char *program, const char *package, const char *const *argv, const char *folder,
             char **ret_output, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    if (child_find(program, &path) < 0) {
        return fail_lacking(err, "%s is not installed (package %s)", program, package);
    }
    return run_file(path, argv, folder, ret_output, err);
}
