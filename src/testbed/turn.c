// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/turn — see turn.h. Called by measure/trial.c for each trial.
#include "testbed/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/stop.h"
#include "testbed/record.h"

int turn_take(struct error *err)
{
    _cleanup_close_ int fd = open(RECORD_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, errno, "%s", RECORD_ROOT);
    }
    int rc = stop_lock(fd, LOCK_EX, err);
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "waiting for other measurements on this machine");
    }
    return rc < 0 ? rc : steal_fd(&fd);
}
