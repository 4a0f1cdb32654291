// SPDX-License-Identifier: GPL-3.0-or-later
// linux/tree — see tree.h.
#include "linux/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define STACKED_MAX 64 // mounts on one path
#define DEPTH_MAX   64

unsigned tree_unmount(const char *path)
{
    unsigned count = 0;
    while (count < STACKED_MAX && umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
        count++;
    }
    return count;
}

// Opens a directory that is neither a symbolic link nor on another mount.
static int open_inside(int dir, const char *name)
{
    const struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                                 .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS};
    return (int)syscall(SYS_openat2, dir, name, &how, sizeof how);
}

static int empty_directory(DIR *directory, unsigned depth, size_t *entries);

static int remove_entry(int dir, const char *name, unsigned depth)
{
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if (errno == EBUSY) {
        _cleanup_free_ char *path = text_format("/proc/self/fd/%d/%s", dir, name);
        (void)tree_unmount(path);
        if (unlinkat(dir, name, 0) == 0) {
            return 0;
        }
    }
    if (errno != EISDIR && errno != EPERM) {
        return -errno;
    }
    _cleanup_free_ char *path = text_format("/proc/self/fd/%d/%s", dir, name);
    (void)tree_unmount(path);
    int fd = depth == 0 ? -1 : open_inside(dir, name);
    if (fd < 0) {
        return depth == 0 ? -ELOOP : -errno;
    }
    _cleanup_closedir_ DIR *below = fdopendir(fd);
    int rc = empty_directory(below, depth - 1, NULL);
    return rc == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0 ? -errno : rc;
}

// Continues with the other entries after a failure; returns the first failure.
static int empty_directory(DIR *directory, unsigned depth, size_t *entries)
{
    int rc = 0;
    for (struct dirent *entry = NULL; (entry = readdir(directory)) != NULL;) {
        if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..")) {
            continue;
        }
        int removed = remove_entry(dirfd(directory), entry->d_name, depth);
        rc = rc < 0 ? rc : removed;
        if (entries != NULL) {
            (*entries)++;
        }
    }
    return rc;
}

int tree_remove(const char *path, size_t *ret_entries, struct error *err)
{
    size_t entries = 0;
    (void)tree_unmount(path);
    // `path` is a file, a link, an empty directory, or missing.
    if (rmdir(path) < 0 && errno == ENOTDIR) {
        if (unlink(path) < 0 && errno != ENOENT) {
            return fail(err, errno, "removing %s", path);
        }
    } else if (access(path, F_OK) == 0) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_closedir_ DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        int rc = directory == NULL ? -errno : empty_directory(directory, DEPTH_MAX, &entries);
        if (rc == 0 && rmdir(path) < 0 && errno != ENOENT) {
            rc = -errno;
        }
        if (rc < 0 && rc != -ENOENT) {
            return fail(err, -rc, "removing %s", path);
        }
    }
    if (ret_entries != NULL) {
        *ret_entries = entries;
    }
    return 0;
}
