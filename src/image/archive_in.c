// SPDX-License-Identifier: GPL-3.0-or-later
// image/archive_in — reads Debian packages and compressed bytes, see archives.h.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/stop.h"
#include "base/text.h"
#include "image/archives.h"

#define CHUNK 65536U

static int fail_in(struct archive *archive, const char *what, struct error *err)
{
    int why = archive_errno(archive);
    const char *text = archive_error_string(archive);
    // libarchive's own codes (-1, EILSEQ …) say less than its text.
    return fail(err, 0, "%s: %s", what, text == NULL ? strerror(why) : text);
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, bytes, length);
        if (put < 0 && errno != EINTR) {
            return -errno;
        }
        bytes += put < 0 ? 0 : put;
        length -= put < 0 ? 0 : (size_t)put;
    }
    return 0;
}

// Writes the data of the archive's current entry to a new file.
static int write_entry(struct archive *archive, const char *to, struct error *err)
{
    _cleanup_close_ int fd = file_open_new(to, 0644, err);
    if (fd < 0) {
        return fd;
    }
    _cleanup_free_ char *chunk = memory_new(CHUNK, 1);
    for (;;) {
        if (stop_requested()) {
            return fail_interrupted(err);
        }
        la_ssize_t got = archive_read_data(archive, chunk, CHUNK);
        if (got < 0) {
            return fail_in(archive, to, err);
        }
        if (got == 0) {
            return fsync(fd) < 0 ? fail(err, errno, "writing %s", to) : 0;
        }
        int rc = write_all(fd, chunk, (size_t)got);
        if (rc < 0) {
            return fail(err, -rc, "writing %s", to);
        }
    }
}

int archive_decompress(const void *from, size_t length, const char *to, struct error *err)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry = NULL;
    archive_read_support_filter_all(archive);
    archive_read_support_format_raw(archive);
    int rc = 0;
    if (archive_read_open_memory(archive, from, length) != ARCHIVE_OK ||
        archive_read_next_header(archive, &entry) != ARCHIVE_OK) {
        rc = fail_in(archive, to, err);
    }
    if (rc == 0) {
        rc = write_entry(archive, to, err);
    }
    archive_read_free(archive);
    return rc;
}

// ---- a package: an ar archive whose member data.tar.* is a compressed tar archive

struct member {
    struct archive *outer;
    char bytes[CHUNK];
};

static la_ssize_t read_member(struct archive *inner, void *context, const void **ret_bytes)
{
    struct member *member = context;
    la_ssize_t got = archive_read_data(member->outer, member->bytes, sizeof member->bytes);
    if (got < 0) {
        archive_set_error(inner, archive_errno(member->outer), "%s",
                          archive_error_string(member->outer));
    }
    *ret_bytes = member->bytes;
    return got;
}

static char *without_compression(const char *path)
{
    static const char *const endings[] = {".xz", ".zst", ".gz"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(path + length - ending, endings[i]) == 0) {
            return text_copy_bytes(path, length - ending);
        }
    }
    return NULL;
}

// Whether a package's path stays inside the folder.
static bool is_inside(const char *path)
{
    return path[0] != '/' && path[0] != '\0' && strcmp(path, "..") != 0 &&
           strncmp(path, "../", 3) != 0 && strstr(path, "/../") == NULL;
}

static int unpack_entry(struct archive *inner, const char *path, const char *folder,
                        struct error *err)
{
    _cleanup_free_ char *to = text_format("%s/%s", folder, path);
    _cleanup_free_ char *above = text_copy_bytes(to, (size_t)(strrchr(to, '/') - to));
    int rc = file_make_dirs(above, err);
    rc = rc == 0 ? write_entry(inner, to, err) : rc;
    _cleanup_free_ char *plain = rc == 0 ? without_compression(to) : NULL;
    if (plain == NULL) {
        return rc;
    }
    _cleanup_free_ char *bytes = NULL;
    size_t length = 0;
    rc = file_read(to, 256U << 20, &bytes, &length, err);
    rc = rc == 0 ? archive_decompress(bytes, length, plain, err) : rc;
    (void)unlink(to);
    return rc;
}

// Accepts only a link to a name in the same directory, as libraries have: it cannot lead outside.
static int unpack_link(const char *path, const char *target, const char *folder, struct error *err)
{
    if (target == NULL || *target == '\0' || strchr(target, '/') != NULL ||
        strcmp(target, "..") == 0) {
        return 0;
    }
    _cleanup_free_ char *to = text_format("%s/%s", folder, path);
    _cleanup_free_ char *above = text_copy_bytes(to, (size_t)(strrchr(to, '/') - to));
    int rc = file_make_dirs(above, err);
    return rc == 0 && symlink(target, to) < 0 && errno != EEXIST ? fail(err, errno, "%s", to) : rc;
}

static int unpack_data(struct archive *inner, bool (*wanted)(const char *path), const char *folder,
                       const char *deb, struct error *err)
{
    struct archive_entry *entry = NULL;
    int got;
    while ((got = archive_read_next_header(inner, &entry)) == ARCHIVE_OK) {
        if (stop_requested()) {
            return fail_interrupted(err);
        }
        const char *path = archive_entry_pathname(entry);
        while (path != NULL && path[0] == '.' && path[1] == '/') {
            path += 2;
        }
        if (path == NULL || !is_inside(path) || !wanted(path)) {
            continue;
        }
        int rc = 0;
        if (archive_entry_filetype(entry) == AE_IFREG) {
            rc = unpack_entry(inner, path, folder, err);
        } else if (archive_entry_filetype(entry) == AE_IFLNK) {
            rc = unpack_link(path, archive_entry_symlink(entry), folder, err);
        }
        if (rc < 0) {
            return rc;
        }
    }
    return got == ARCHIVE_EOF ? 0 : fail_in(inner, deb, err);
}

int archive_unpack_deb(const char *deb, bool (*wanted)(const char *path), const char *folder,
                       struct error *err)
{
    struct archive *outer = archive_read_new();
    struct archive_entry *entry = NULL;
    archive_read_support_format_ar(outer);
    int rc = 0;
    if (archive_read_open_filename(outer, deb, CHUNK) != ARCHIVE_OK) {
        rc = fail_in(outer, deb, err);
    }
    bool found = false;
    while (rc == 0 && !found) {
        int got = archive_read_next_header(outer, &entry);
        if (got != ARCHIVE_OK) {
            rc = got == ARCHIVE_EOF ? fail(err, 0, "%s is not a Debian package", deb)
                                    : fail_in(outer, deb, err);
        } else {
            found = strncmp(archive_entry_pathname(entry), "data.tar", 8) == 0;
        }
    }
    if (rc == 0) {
        struct member *member = memory_new(1, sizeof *member);
        member->outer = outer;
        struct archive *inner = archive_read_new();
        archive_read_support_filter_all(inner);
        archive_read_support_format_tar(inner);
        rc = archive_read_open(inner, member, NULL, read_member, NULL) != ARCHIVE_OK
                 ? fail_in(inner, deb, err)
                 : unpack_data(inner, wanted, folder, deb, err);
        archive_read_free(inner);
        free(member);
    }
    archive_read_free(outer);
    return rc;
}
