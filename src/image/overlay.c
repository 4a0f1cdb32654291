// SPDX-License-Identifier: GPL-3.0-or-later
// image/overlay — see overlay.h.
#include "image/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "image/folders.h"
#include "linux/child.h"

#define TOOL    "qemu-img"
#define PACKAGE "qemu-utils"

int overlay_check_base(const char *base, struct error *err)
{
    static const char magic[4] = {'Q', 'F', 'I', '\xfb'};
    char begin[4] = {0};
    _cleanup_close_ int fd = open(base, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail_input(err, "image %s: %s", base, strerror(errno));
    }
    if (read(fd, begin, sizeof begin) != (ssize_t)sizeof begin ||
        memcmp(begin, magic, sizeof magic) != 0) {
        return fail_input(
            err,
            "image %s is not in format qcow2; convert it (%s convert -O qcow2 reads other "
            "formats)",
            base, TOOL);
    }
    return 0;
}

int overlay_check_tool(struct error *err)
{
    _cleanup_free_ char *path = NULL;
    return child_find(TOOL, &path) < 0
               ? fail_lacking(err, "%s is not installed (package %s); images require it", TOOL,
                              PACKAGE)
               : 0;
}

int overlay_make(const char *base, const char *path, struct error *err)
{
    const char *const argv[] = {TOOL, "create", "-q",    "-f", "qcow2", "-b",
                                base, "-F",     "qcow2", path, NULL};
    int rc = run_tool(TOOL, PACKAGE, argv, NULL, NULL, err);
    if (rc < 0) {
        (void)unlink(path);
    }
    return rc;
}
