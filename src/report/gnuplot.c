// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/gnuplot — see gnuplot.h. gnuplot is started without the user's own start-up file.
 */
#include "report/gnuplot.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/child.h"

#define SCRIPTS_AT_ONCE 12 // in one process, which takes a few seconds for them
#define WITHIN_NS       (600U * NS_PER_S)
#define WORDS_MAX       2000 // of what it said, in an error

static int run_some(const char *path, const char *folder, char *const *arguments, struct error *err)
{
    const struct child_spec spec = {
        .path = path, .argv = (const char *const *)arguments, .folder = folder};
    _cleanup_child_ struct child child = CHILD_INIT;
    int rc = child_run(&spec, WITHIN_NS, &child, err);
    if (rc < 0) {
        error_context(err, "gnuplot in %s", folder);
        return rc;
    }
    if (!WIFEXITED(child.status) || WEXITSTATUS(child.status) != 0) {
        return fail(err, 0, "gnuplot failed in %s: %.*s%.*s", folder, WORDS_MAX, child.out.text,
                    WORDS_MAX, child.err.text);
    }
    return 0;
}

int gnuplot_run(const char *folder, char *const *names, size_t count, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    if (child_find("gnuplot", &path) < 0) {
        return fail_lacking(err, "figures need gnuplot, which is not here; the package gnuplot-nox "
                                 "brings it (sudo scripts/deps run)");
    }
    for (size_t first = 0; first < count; first += SCRIPTS_AT_ONCE) {
        size_t some = count - first < SCRIPTS_AT_ONCE ? count - first : SCRIPTS_AT_ONCE;
        _cleanup_free_ char **arguments = memory_new_array(char *, some + 3);
        char program[] = "gnuplot";
        char no_startup_file[] = "--default-settings";
        arguments[0] = program;
        arguments[1] = no_startup_file;
        for (size_t i = 0; i < some; i++) {
            arguments[2 + i] = text_format("%s.gp", names[first + i]);
        }
        int rc = run_some(path, folder, arguments, err);
        for (size_t i = 0; i < some; i++) {
            free(arguments[2 + i]);
        }
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}
