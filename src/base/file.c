// SPDX-License-Identifier: GPL-3.0-or-later
// base/file — see file.h.
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/folder.h"
#include "base/stop.h"
#include "base/text.h"

#define PASSING_NAME     32  // length of a temporary name, in bytes
#define LINKS_MAX        40U // the kernel's limit (path_resolution(7))
#define READER_WITHIN_NS (2U * NS_PER_S)
#define READER_STEP_NS   (20U * NS_PER_MS)

// Reads an open file to its end. Waits for the data of a pipe in a wait that a request to stop
// ends. Files of /proc and /sys are `plain`: they are read directly, because poll(2) does not apply
// to them.
static int read_all(int fd, bool plain, const char *path, size_t max, char **ret_text,
                    size_t *ret_length, struct error *err)
{
    size_t room = 4096;
    size_t length = 0;
    _cleanup_free_ char *text = memory_new_array(char, room);
    for (;;) {
        if (length + 1 >= room) {
            room *= 2;
            text = memory_resize(text, room, 1);
        }
        ssize_t got = plain ? read(fd, text + length, room - 1 - length)
                            : stop_read(fd, text + length, room - 1 - length, err);
        if (got < 0 && plain && errno == EINTR) {
            continue;
        }
        if (got < 0 && plain) {
            return fail(err, errno, "%s", path);
        }
        if (got < 0) {
            return (int)got;
        }
        if (got == 0) {
            break;
        }
        length += (size_t)got;
        if (length > max) {
            return fail(err, EFBIG, "%s: larger than %zu bytes", path, max);
        }
    }
    text[length] = '\0';
    *ret_text = steal_pointer(&text);
    if (ret_length != NULL) {
        *ret_length = length;
    }
    return 0;
}

int file_read(const char *path, size_t max, char **ret_text, size_t *ret_length, struct error *err)
{
    struct stat st;
    // O_NONBLOCK: opening a pipe does not wait for its writer; reading it does.
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        return fail(err, errno, "%s", path);
    }
    bool plain = S_ISREG(st.st_mode) || S_ISDIR(st.st_mode);
    return read_all(fd, plain, path, max, ret_text, ret_length, err);
}

int file_open_plain(const char *path, int flags, mode_t mode, struct error *err)
{
    const char *name = NULL;
    struct stat before;
    struct stat st;
    _cleanup_close_ int folder = folder_of(path, &name, err);
    if (folder < 0) {
        return folder;
    }
    bool made = (flags & O_CREAT) != 0 && fstatat(folder, name, &before, AT_SYMLINK_NOFOLLOW) < 0;
    _cleanup_close_ int fd =
        openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode);
    if (fd < 0 && errno == ELOOP) {
        return fail_input(err, "%s is a symbolic link, not a regular file", path);
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        return fail(err, errno, "%s", path);
    }
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        return fail_input(err, "%s is not a regular file", path);
    }
    if (made) {
        folder_give(folder, fd);
    }
    return steal_fd(&fd);
}

int file_read_plain(const char *path, size_t max, char **ret_text, size_t *ret_length,
                    struct error *err)
{
    _cleanup_close_ int fd = file_open_plain(path, O_RDONLY, 0, err);
    return fd < 0 ? fd : read_all(fd, true, path, max, ret_text, ret_length, err);
}

// ---- writing

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, text, length);
        if (put < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -errno;
        }
        text += put;
        length -= (size_t)put;
    }
    return 0;
}

// Draws a random file name, which no other user can foresee.
static int draw_name(char ret[PASSING_NAME])
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
        return -errno;
    }
    (void)snprintf(ret, PASSING_NAME, ".vrbench-%016llx.new", (unsigned long long)number);
    return 0;
}

// Writes a file under a temporary name and renames it.
static int replace_by(int folder, const char *passing, const char *name, const char *text,
                      size_t length, mode_t mode, bool durable)
{
    _cleanup_close_ int fd =
        openat(folder, passing, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) {
        return -errno;
    }
    folder_give(folder, fd);
    int rc = write_all(fd, text, length);
    if (rc == 0 && durable && fsync(fd) < 0) {
        rc = -errno;
    }
    if (rc == 0 && renameat(folder, passing, folder, name) < 0) {
        rc = -errno;
    }
    if (rc < 0) {
        (void)unlinkat(folder, passing, 0);
    }
    return rc;
}

static int replace_in(int folder, const char *name, const char *text, size_t length, bool durable)
{
    char passing[PASSING_NAME];
    int rc = draw_name(passing);
    return rc < 0 ? rc : replace_by(folder, passing, name, text, length, 0644, durable);
}

static int replace_file(const char *path, const char *text, size_t length, bool durable,
                        struct error *err)
{
    const char *name = NULL;
    _cleanup_close_ int folder = folder_of(path, &name, err);
    if (folder < 0) {
        return folder;
    }
    int rc = replace_in(folder, name, text, length, durable);
    return rc < 0 ? fail(err, -rc, "%s", path) : 0;
}

int file_replace(const char *path, const char *text, size_t length, struct error *err)
{
    return replace_file(path, text, length, true, err);
}

int file_replace_passing(const char *path, const char *text, size_t length, struct error *err)
{
    return replace_file(path, text, length, false, err);
}

int file_replace_private(const char *path, const char *text, size_t length, struct error *err)
{
    const char *name = NULL;
    _cleanup_close_ int folder = folder_of(path, &name, err);
    if (folder < 0) {
        return folder;
    }
    _cleanup_free_ char *passing = text_format("%s.new", name);
    (void)unlinkat(folder, passing, 0); // left by a process that was killed
    int rc = replace_by(folder, passing, name, text, length, 0600, false);
    return rc < 0 ? fail(err, -rc, "%s", path) : 0;
}

// Opens a pipe or device for writing. Waits a moment for a pipe's reader.
static int open_special(int folder, const char *name, int flags, const char *path,
                        struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + READER_WITHIN_NS;
    for (;;) {
        int fd = openat(folder, name, flags | O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd >= 0) {
            return fd;
        }
        if (errno != ENXIO) {
            return fail(err, errno, "%s", path);
        }
        if (clock_monotonic_ns() >= until_ns) {
            return fail(err, 0, "%s: no process reads from this pipe", path);
        }
        int rc = stop_sleep(READER_STEP_NS, err);
        if (rc < 0) {
            return rc;
        }
    }
}

static bool is_dev(int folder)
{
    struct stat st;
    struct stat dev;
    return fstat(folder, &st) == 0 && stat("/dev", &dev) == 0 && st.st_dev == dev.st_dev &&
           st.st_ino == dev.st_ino;
}

// Whether a new file may replace a link. It may not replace a link of the system: one in /dev, or
// one that leads through /proc/PID/fd to an open file of a process.
static bool is_replaceable(int folder, const char *name)
{
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
    struct stat target;
    _cleanup_close_ int found = (int)syscall(SYS_openat2, folder, name, &how, sizeof how);
    if (found < 0) {
        return errno == ENOENT && !is_dev(folder);
    }
    return fstat(found, &target) == 0 && S_ISREG(target.st_mode) && !is_dev(folder);
}

int file_open_new(const char *path, mode_t mode, struct error *err)
{
    const char *name = NULL;
    _cleanup_close_ int folder = folder_of(path, &name, err);
    if (folder < 0) {
        return folder;
    }
    struct stat st;
    bool there = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && S_ISLNK(st.st_mode) && !is_replaceable(folder, name)) {
        return fail_input(err, "%s is a symbolic link to something else than a file", path);
    }
    if (there && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
        return open_special(folder, name, O_NOFOLLOW, path, err);
    }
    if (there) {
        (void)unlinkat(folder, name, 0);
    }
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                    mode);
    if (fd < 0) {
        return fail(err, errno, "%s", path);
    }
    folder_give(folder, fd);
    return fd;
}

static int write_special(int found, const char *path, const char *text, size_t length,
                         struct error *err)
{
    char through[48];
    (void)snprintf(through, sizeof through, "/proc/self/fd/%d", found);
    // O_APPEND: standard output (/dev/stdout) may be a file with earlier output.
    _cleanup_close_ int fd = open_special(AT_FDCWD, through, O_APPEND, path, err);
    if (fd < 0) {
        return fd;
    }
    int rc = stop_write(fd, text, length, err);
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "%s", path);
    }
    return rc;
}

// Whether a link is one of /proc/PID/fd to an open file, whose text need not be a path.
static bool is_magic(int link)
{
    struct statfs fs;
    return fstatfs(link, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

// The path that a link of `path` leads to.
static int follow_output(int link, const struct stat *st, char **path, struct error *err)
{
    char target[PATH_MAX];
    if (!folder_trusts(st->st_uid)) {
        return fail(err, ELOOP,
                    "%s: symbolic link of user %u: root does not follow it; name the file that it "
                    "leads to",
                    *path, (unsigned)st->st_uid);
    }
    ssize_t length = readlinkat(link, "", target, sizeof target - 1);
    if (length < 0) {
        return fail(err, errno, "%s", *path);
    }
    target[length] = '\0';
    const char *slash = strrchr(*path, '/');
    char *next = *target == '/' || slash == NULL
                     ? text_copy(target)
                     : text_format("%.*s/%s", (int)(slash - *path), *path, target);
    free(*path);
    *path = next;
    return 0;
}

int file_output(const char *path, const char *text, size_t length, struct error *err)
{
    _cleanup_free_ char *at = text_copy(path);
    for (unsigned links = 0; links < LINKS_MAX; links++) {
        const char *name = NULL;
        struct stat st;
        _cleanup_close_ int folder = folder_of(at, &name, err);
        if (folder < 0) {
            return folder;
        }
        _cleanup_close_ int found = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (found < 0 && errno != ENOENT) {
            return fail(err, errno, "%s", at);
        }
        bool there = found >= 0 && fstat(found, &st) == 0;
        if (there && S_ISLNK(st.st_mode) && is_magic(found)) {
            _cleanup_close_ int open_one = openat(folder, name, O_PATH | O_CLOEXEC);
            return open_one < 0 ? fail(err, errno, "%s", at)
                                : write_special(open_one, path, text, length, err);
        }
        if (there && S_ISLNK(st.st_mode)) {
            int rc = follow_output(found, &st, &at, err);
            if (rc < 0) {
                return rc;
            }
            continue;
        }
        if (there && S_ISBLK(st.st_mode)) {
            return fail_input(err, "%s is a block device", path);
        }
        if (there && !S_ISREG(st.st_mode)) {
            return S_ISDIR(st.st_mode) ? fail(err, EISDIR, "%s", path)
                                       : write_special(found, path, text, length, err);
        }
        int rc = replace_in(folder, name, text, length, false);
        return rc < 0 ? fail(err, -rc, "%s", path) : 0;
    }
    return fail(err, ELOOP, "%s", path);
}

int file_write_at(int dir, const char *path, const char *text, struct error *err)
{
    _cleanup_close_ int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, errno, "%s", path);
    }
    size_t length = strlen(text);
    ssize_t put = write(fd, text, length);
    if (put < 0) {
        return fail(err, errno, "writing \"%s\" to %s", text, path);
    }
    if ((size_t)put != length) {
        return fail(err, EIO, "writing \"%s\" to %s", text, path);
    }
    return 0;
}

int file_write(const char *path, const char *text, struct error *err)
{
    return file_write_at(AT_FDCWD, path, text, err);
}

int file_connect(const char *path, int flags)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        return -errno;
    }
    return steal_fd(&fd);
}

int file_create(const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail(err, errno, "%s", path);
    }
    close(fd);
    return 0;
}

int file_make_dirs(const char *path, struct error *err)
{
    int fd = folder_make(path, err);
    if (fd < 0) {
        return fd;
    }
    close(fd);
    return 0;
}
