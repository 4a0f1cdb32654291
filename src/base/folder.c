// SPDX-License-Identifier: GPL-3.0-or-later
// base/folder — see folder.h.
#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define SIBLINGS_MAX 1000U
#define LINKS_MAX    40U // the kernel's limit (path_resolution(7))

// ---- owners

static bool number_of(const char *variable, unsigned *ret)
{
    const char *text = getenv(variable);
    char *end = NULL;
    if (text == NULL || *text < '0' || *text > '9') {
        return false;
    }
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || number >= UINT_MAX) {
        return false;
    }
    *ret = (unsigned)number;
    return true;
}

// Whether a user has no name in this user namespace; the kernel shows all such users as one number
// (user_namespaces(7)).
static bool is_nameless(uid_t owner)
{
    _cleanup_fclose_ FILE *map = fopen("/proc/self/uid_map", "re");
    _cleanup_fclose_ FILE *overflow = fopen("/proc/sys/kernel/overflowuid", "re");
    unsigned inside = 1;
    unsigned outside = 1;
    unsigned count = 0;
    unsigned nameless = 0;
    return map != NULL && overflow != NULL &&
           fscanf(map, "%u %u %u", &inside, &outside, &count) == 3 && // NOLINT(cert-err34-c)
           fscanf(overflow, "%u", &nameless) == 1 &&                  // NOLINT(cert-err34-c)
           (inside != 0 || outside != 0 || count != UINT_MAX) && owner == nameless;
}

bool folder_trusts(uid_t owner)
{
    unsigned caller = 0;
    return geteuid() != 0 || owner == 0 || (number_of("SUDO_UID", &caller) && owner == caller) ||
           is_nameless(owner);
}

void folder_give(int folder, int made)
{
    struct stat st;
    unsigned caller = 0;
    unsigned group = 0;
    bool called = number_of("SUDO_UID", &caller) && number_of("SUDO_GID", &group);
    if (geteuid() != 0 || fstat(folder, &st) < 0) {
        return;
    }
    if (st.st_uid == 0 && ((st.st_mode & S_IWOTH) == 0 || !called)) {
        return;
    }
    uid_t owner = st.st_uid == 0 ? caller : st.st_uid;
    gid_t owners = called && owner == caller ? group : st.st_gid;
    // Fails if the file system or the user namespace has no such user; the file then stays root's.
    (void)!fchown(made, owner, owners);
}

// ---- walking a path

// Puts the target of a link in front of the rest of the path.
static int follow_link(int link, const struct stat *st, const char *path, char **rest,
                       struct error *err)
{
    char target[PATH_MAX];
    if (!folder_trusts(st->st_uid)) {
        return fail(err, ELOOP,
                    "%s: a symbolic link on the way belongs to user %u: root does not follow it; "
                    "name the folder that it leads to",
                    path, (unsigned)st->st_uid);
    }
    ssize_t length = readlinkat(link, "", target, sizeof target - 1);
    if (length < 0) {
        return fail(err, errno, "%s", path);
    }
    target[length] = '\0';
    char *whole = text_format("%s/%s", target, *rest);
    free(*rest);
    *rest = whole;
    return 0;
}

static int make_folder(int above, const char *name)
{
    if (mkdirat(above, name, 0755) < 0) {
        return errno == EEXIST ? 0 : -errno;
    }
    _cleanup_close_ int made = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (made >= 0) {
        folder_give(above, made);
    }
    return 0;
}

// Opens the next component of the path, a folder or a link.
static int open_part(int above, const char *name, bool make)
{
    const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(above, name, flags);
    if (fd < 0 && errno == ENOENT && make) {
        int rc = make_folder(above, name);
        fd = rc < 0 ? -1 : openat(above, name, flags);
        return rc < 0 ? rc : fd < 0 ? -errno : fd;
    }
    return fd < 0 ? -errno : fd;
}

// Opens a folder component by component; messages name `path`.
static int enter(const char *folder, bool make, const char *path, struct error *err)
{
    unsigned links = 0;
    _cleanup_free_ char *rest = text_copy(folder);
    _cleanup_close_ int at = open(*folder == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) {
        return fail(err, errno, "%s", path);
    }
    for (;;) {
        size_t begin = strspn(rest, "/");
        size_t length = strcspn(rest + begin, "/");
        if (length == 0) {
            return steal_fd(&at);
        }
        _cleanup_free_ char *name = text_copy_bytes(rest + begin, length);
        memmove(rest, rest + begin + length, strlen(rest + begin + length) + 1);
        struct stat st;
        _cleanup_close_ int part = open_part(at, name, make);
        if (part < 0 || fstat(part, &st) < 0) {
            return fail(err, part < 0 ? -part : errno, "%s%s", make ? "making directory " : "",
                        path);
        }
        if (S_ISLNK(st.st_mode)) {
            int rc = ++links > LINKS_MAX ? fail(err, ELOOP, "%s", path)
                                         : follow_link(part, &st, path, &rest, err);
            if (rc < 0) {
                return rc;
            }
            if (*rest == '/') {
                close(at);
                at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
            }
            continue;
        }
        if (!S_ISDIR(st.st_mode)) {
            return fail(err, ENOTDIR, "%s", path);
        }
        close(at);
        at = steal_fd(&part);
    }
}

int folder_make(const char *path, struct error *err)
{
    return path[0] == '\0' ? fail(err, ENOENT, "making a directory: the name is empty")
                           : enter(path, true, path, err);
}

int folder_make_new(const char *stem, char **ret_path, struct error *err)
{
    for (unsigned number = 1; number <= SIBLINGS_MAX; number++) {
        _cleanup_free_ char *path =
            number == 1 ? text_copy(stem) : text_format("%s-%u", stem, number);
        const char *name = path;
        _cleanup_close_ int above = folder_of(path, &name, err);
        if (above < 0) {
            return above;
        }
        if (mkdirat(above, name, 0755) == 0) {
            _cleanup_close_ int made =
                openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (made >= 0) {
                folder_give(above, made);
            }
            *ret_path = steal_pointer(&path);
            return 0;
        }
        if (errno != EEXIST) {
            return fail(err, errno, "making directory %s", path);
        }
    }
    return fail(err, EEXIST, "making directory %s", stem);
}

int folder_of(const char *path, const char **ret_name, struct error *err)
{
    const char *name = text_base_name(path);
    if (*path == '\0') {
        return fail(err, ENOENT, "making a file: the name is empty");
    }
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return fail(err, EISDIR, "%s", path);
    }
    _cleanup_free_ char *above = text_copy_bytes(path, (size_t)(name - path));
    int fd = enter(above, false, path, err);
    if (fd >= 0) {
        *ret_name = name;
    }
    return fd;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

int folder_remove(const char *path, struct error *err)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT) {
        return fail(err, errno, "removing %s", path);
    }
    return 0;
}
