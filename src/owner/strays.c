// SPDX-License-Identifier: GPL-3.0-or-later
// owner/strays — see strays.h. Called by `vrbench cleanup`, by every run, and by the owner.
#include "owner/strays.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "owner/paths.h"

// Whether the process that listens on a socket has ended. Children that it has forked may hold the
// socket open for a moment longer, so that a connection succeeds.
static bool listener_is_dead(const char *path)
{
    _cleanup_close_ int fd = file_connect(path, SOCK_NONBLOCK);
    if (fd < 0) {
        return fd == -ECONNREFUSED;
    }
    struct ucred listener = {0};
    socklen_t length = sizeof listener;
    // The ID is 0 if the process is of another PID namespace.
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &length) == 0 && listener.pid > 0 &&
           kill(listener.pid, 0) < 0 && errno == ESRCH;
}

static void remove_dead_owner(void)
{
    _cleanup_close_ int lock = open(OWNER_LOCK, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat here;
    struct stat there;
    // An unlinked file is not the lock of the current owner.
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 && fstat(lock, &here) == 0 &&
        stat(OWNER_LOCK, &there) == 0 && here.st_ino == there.st_ino &&
        here.st_dev == there.st_dev) {
        (void)unlink(OWNER_SOCKET);
        (void)unlink(OWNER_LOG);
        (void)unlink(OWNER_LOCK);
    }
}

void strays_remove_sockets(void)
{
    _cleanup_closedir_ DIR *root = opendir(RECORD_ROOT);
    for (struct dirent *entry = NULL; root != NULL && (entry = readdir(root)) != NULL;) {
        _cleanup_free_ char *path = text_format(RECORD_ROOT "/%s", entry->d_name);
        if (text_starts(entry->d_name, VIEW_PREFIX) && listener_is_dead(path)) {
            (void)unlink(path);
        }
    }
}

void strays_remove(void)
{
    strays_remove_sockets();
    remove_dead_owner();
    (void)rmdir(RECORD_ROOT); // fails, as intended, while records exist
}
