// SPDX-License-Identifier: GPL-3.0-or-later
// linux/layer — see layer.h.
#include "linux/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/first.h"

char *layer_folder(const char *path)
{
    _cleanup_free_ char *at = text_copy(path);
    char *end = NULL;
    while ((end = strrchr(at, '/')) != NULL && end != at) {
        struct stat st;
        *end = '\0';
        if (stat(at, &st) == 0 && S_ISDIR(st.st_mode)) {
            char *resolved = realpath(at, NULL);
            if (resolved != NULL && text_equal(resolved, "/")) {
                free(steal_pointer(&resolved));
            }
            return resolved;
        }
    }
    return NULL;
}

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

// Adds a folder, unless it is in the list or below a folder of the list. Takes ownership.
static void add_folder(char **folders, size_t *count, char *folder)
{
    for (size_t i = 0; i < *count; i++) {
        if (is_below(folder, folders[i])) {
            free(folder);
            return;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (is_below(folders[i], folder)) {
            free(folders[i]);
        } else {
            folders[kept++] = folders[i];
        }
    }
    folders[kept] = folder;
    *count = kept + 1;
}

// In a child that may be a copy of a process with other threads: system calls only. The layer's
// parts are in a file system in memory on the folder itself, and the overlay is mounted on top.
static int cover(const char *folder)
{
    struct stat st;
    int below = open_tree(AT_FDCWD, folder, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (below < 0 || fstat(below, &st) < 0 ||
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=700,size=256m") < 0 ||
        chdir(folder) < 0 || mkdir("below", 0700) < 0 || mkdir("changes", st.st_mode & 07777) < 0 ||
        chmod("changes", st.st_mode & 07777) < 0 || chown("changes", st.st_uid, st.st_gid) < 0 ||
        mkdir("work", 0700) < 0 ||
        move_mount(below, "", AT_FDCWD, "below", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
        mount("overlay", folder, "overlay", 0, "lowerdir=below,upperdir=changes,workdir=work") <
            0) {
        return errno;
    }
    close(below);
    return chdir("/") < 0 ? errno : 0;
}

static _Noreturn void cover_all(pid_t first, char *const *folders, size_t count)
{
    int failed = -first_enter_root(first);
    for (size_t i = 0; failed == 0 && i < count; i++) {
        failed = cover(folders[i]);
    }
    _exit(failed);
}

static int run_child(pid_t first, char *const *folders, size_t count, struct error *err)
{
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        cover_all(first, folders, count);
    }
    if (child < 0) {
        return fail(err, errno, "fork");
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    int failed = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
    if (failed == ENODEV) {
        return fail_lacking(err, "files: this kernel has no overlay file system: use one with "
                                 "CONFIG_OVERLAY_FS");
    }
    return failed == 0 ? 0 : fail(err, failed, "files: making a private layer over a folder");
}

int layer_make(pid_t first, const char *const *paths, size_t count, struct error *err)
{
    char **folders = memory_new_array(char *, count + 1);
    size_t folder_count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        char *folder = layer_folder(paths[i]);
        if (folder == NULL) {
            rc = fail(err, ENOENT, "files: a folder for %s", paths[i]);
        } else {
            add_folder(folders, &folder_count, folder);
        }
    }
    if (rc == 0) {
        rc = run_child(first, folders, folder_count, err);
    }
    for (size_t i = 0; i < folder_count; i++) {
        free(folders[i]);
    }
    free(folders);
    return rc;
}
