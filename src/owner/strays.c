// SPDX-License-Identifier: GPL-3.0-or-later
// owner/strays — see strays.h. Called by `vrbench cleanup` and by every run.
#include "owner/strays.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "owner/owner.h"
#include "owner/wire.h"

static bool nobody_listens(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) < 0 &&
           errno == ECONNREFUSED;
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

void strays_remove(void)
{
    _cleanup_closedir_ DIR *root = opendir(RECORD_ROOT);
    for (struct dirent *entry = NULL; root != NULL && (entry = readdir(root)) != NULL;) {
        _cleanup_free_ char *path = text_format(RECORD_ROOT "/%s", entry->d_name);
        if (text_starts(entry->d_name, VIEW_PREFIX) && nobody_listens(path)) {
            (void)unlink(path);
        }
    }
    remove_dead_owner();
    (void)rmdir(RECORD_ROOT); // fails, as intended, while records exist
}
