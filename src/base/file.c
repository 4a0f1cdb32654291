// SPDX-License-Identifier: GPL-3.0-or-later
// base/file — see file.h.
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

int file_read(const char *path, size_t max, char **ret_text, size_t *ret_length, struct error *err)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, errno, "%s", path);
    }
    size_t room = 4096;
    size_t length = 0;
    _cleanup_free_ char *text = memory_new_array(char, room);
    for (;;) {
        if (length + 1 >= room) {
            room *= 2;
            text = memory_resize(text, room, 1);
        }
        ssize_t got = read(fd, text + length, room - 1 - length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(err, errno, "%s", path);
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

static int replace(const char *path, const char *text, size_t length, bool durable,
                   struct error *err)
{
    _cleanup_free_ char *beside = text_format("%s.new", path);
    _cleanup_close_ int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        return fail(err, errno, "%s", beside);
    }
    int rc = write_all(fd, text, length);
    if (rc == 0 && durable && fsync(fd) < 0) {
        rc = -errno;
    }
    if (rc == 0 && rename(beside, path) < 0) {
        rc = -errno;
    }
    if (rc < 0) {
        unlink(beside);
        return fail(err, -rc, "%s", path);
    }
    return 0;
}

int file_replace(const char *path, const char *text, size_t length, struct error *err)
{
    return replace(path, text, length, true, err);
}

int file_replace_passing(const char *path, const char *text, size_t length, struct error *err)
{
    return replace(path, text, length, false, err);
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
    if (path[0] == '\0') {
        return fail(err, ENOENT, "making a directory with an empty name");
    }
    _cleanup_free_ char *part = text_copy(path);
    for (char *slash = part + 1;; slash++) {
        if (*slash != '/' && *slash != '\0') {
            continue;
        }
        char kept = *slash;
        *slash = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST) {
            return fail(err, errno, "making directory %s", part);
        }
        *slash = kept;
        if (kept == '\0') {
            break;
        }
    }
    struct stat st;
    if (stat(path, &st) < 0) {
        return fail(err, errno, "%s", path);
    }
    return S_ISDIR(st.st_mode) ? 0 : fail(err, ENOTDIR, "%s", path);
}
