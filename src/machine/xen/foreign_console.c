// SPDX-License-Identifier: GPL-3.0-or-later
// machine/xen/foreign_console — a domain's console: the terminal that xenconsoled keeps for it.
// See machine/foreign.h.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "linux/terminal.h"
#include "machine/xen/foreign_parts.h"
#include "machine/xen/usage.h"

static bool say(struct terminal_line *line, const char *bytes, size_t length)
{
    return terminal_write(line->fd, bytes, length);
}

int foreign_xen_console(struct foreign *foreign, const char *called, struct error *err)
{
    struct xen_connection *xen = foreign_xen_connection(foreign);
    _cleanup_free_ char *path = NULL;
    uint32_t domain = 0;
    int rc = foreign_xen_lookup(xen, called, &domain, err);
    if (rc == 0 && domain == XEN_HOST) {
        rc = fail_input(err, "%s is the host itself: its console is Xen's own", called);
    }
    if (rc < 0) {
        return rc;
    }
    int code = libxl_primary_console_get_tty(xen_handle(xen), domain, &path);
    if (code != 0 || path == NULL || *path == '\0') {
        return fail_xen(xen, err, code == 0 ? ERROR_FAIL : code,
                        "the console of %s (is xenconsoled running?)", called);
    }
    _cleanup_close_ int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, errno, "the console of %s: %s", called, path);
    }
    struct terminal_line line = {.fd = fd, .say = say};
    return terminal_talk(&line, called, err);
}
