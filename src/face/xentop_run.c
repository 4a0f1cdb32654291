// SPDX-License-Identifier: GPL-3.0-or-later
// face/xentop_run — see xentop_run.h.
#include "face/xentop_run.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/child.h"

#define PATIENCE_NS (30 * NS_PER_S) // time limit beyond the seconds of the measurement

static int fail_run(const struct child *child, struct error *err)
{
    _cleanup_free_ char *first_line =
        text_copy_bytes(child->err.text, strcspn(child->err.text, "\n"));
    _cleanup_free_ char *clean = text_printable(first_line);
    return fail(err, 0, "xentop failed%s%s; it requires root in Domain-0 of a running Xen",
                *clean == '\0' ? "" : ": ", clean);
}

int xentop_run(unsigned seconds, char **ret_text, struct error *err)
{
    _cleanup_child_ struct child child = CHILD_INIT;
    _cleanup_free_ char *path = NULL;
    _cleanup_free_ char *delay = text_format("%u", seconds);
    if (child_find("xentop", &path) < 0) {
        return fail_lacking(
            err, "xentop is not installed: Debian's packages "
                 "xen-utils-common and xen-utils-4.17 contain it, in Domain-0; its output from "
                 "elsewhere can be read from a file or from standard input");
    }
    const char *const argv[] = {"xentop", "-b", "-f", "-i", "2", "-d", delay, NULL};
    const struct child_spec spec = {.path = path, .argv = argv};
    int rc = child_run(&spec, seconds * NS_PER_S + PATIENCE_NS, &child, err);
    if (rc < 0) {
        error_context(err, "xentop");
        return rc;
    }
    if (!WIFEXITED(child.status) || WEXITSTATUS(child.status) != 0) {
        return fail_run(&child, err);
    }
    *ret_text = text_copy(child.out.text);
    return 0;
}
