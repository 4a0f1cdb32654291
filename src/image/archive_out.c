// SPDX-License-Identifier: GPL-3.0-or-later
// image/archive_out — writes cpio and ISO 9660 archives, see archives.h.
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/archives.h"

#define ITEM_MAX (256U << 20) // largest file added to an archive

struct archive_out {
    struct archive *archive;
    char *path;
    int fd;
    char **folders; // folders added so far
    size_t folder_count;
    long serial; // next inode number
};

static int fail_out(const struct archive_out *out, struct error *err)
{
    int why = archive_errno(out->archive);
    const char *text = archive_error_string(out->archive);
    return why > 0 ? fail(err, why, "writing %s", out->path)
                   : fail(err, 0, "writing %s: %s", out->path, text == NULL ? "failed" : text);
}

static int set_format(struct archive_out *out, enum archive_kind kind, const char *volume)
{
    struct archive *archive = out->archive;
    if (kind == ARCHIVE_CPIO) {
        return archive_write_set_format_cpio_newc(archive);
    }
    int rc = archive_write_set_format_iso9660(archive);
    if (rc == ARCHIVE_OK) {
        rc = archive_write_set_format_option(archive, "iso9660", "volume-id", volume);
    }
    return rc;
}

int archive_out_open(const char *path, mode_t mode, enum archive_kind kind, const char *volume,
                     struct archive_out **ret, struct error *err)
{
    struct archive_out *out = memory_new(1, sizeof *out);
    *out = (struct archive_out){.path = text_copy(path), .fd = -1};
    out->fd = file_open_new(path, mode, err);
    int rc = out->fd < 0 ? out->fd : 0;
    out->archive = archive_write_new();
    if (rc == 0 && (out->archive == NULL || set_format(out, kind, volume) != ARCHIVE_OK ||
                    archive_write_set_bytes_per_block(out->archive, 512) != ARCHIVE_OK ||
                    archive_write_open_fd(out->archive, out->fd) != ARCHIVE_OK)) {
        rc = fail_out(out, err);
    }
    if (rc < 0) {
        archive_out_free(out);
        return rc;
    }
    *ret = out;
    return 0;
}

static bool has_folder(const struct archive_out *out, const char *path)
{
    for (size_t i = 0; i < out->folder_count; i++) {
        if (strcmp(out->folders[i], path) == 0) {
            return true;
        }
    }
    return false;
}

static int add_parents(struct archive_out *out, const char *path, struct error *err)
{
    _cleanup_free_ char *part = text_copy(path);
    for (char *slash = strchr(part, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!has_folder(out, part)) {
            const struct archive_item folder = {.path = part, .mode = 0755};
            int rc = archive_out_add(out, &folder, err);
            if (rc < 0) {
                return rc;
            }
        }
        *slash = '/';
    }
    return 0;
}

static void describe(struct archive_out *out, struct archive_entry *entry,
                     const struct archive_item *item, size_t length)
{
    archive_entry_set_pathname(entry, item->path);
    archive_entry_set_perm(entry, item->mode);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    archive_entry_set_mtime(entry, 0, 0);
    archive_entry_set_ctime(entry, 0, 0);
    archive_entry_set_atime(entry, 0, 0);
    archive_entry_set_birthtime(entry, 0, 0);
    archive_entry_set_ino64(entry, ++out->serial);
    archive_entry_set_nlink(entry, 1);
    archive_entry_set_size(entry, 0);
    if (item->link != NULL) {
        archive_entry_set_filetype(entry, AE_IFLNK);
        archive_entry_set_symlink(entry, item->link);
        archive_entry_set_perm(entry, 0777);
    } else if (item->device) {
        archive_entry_set_filetype(entry, AE_IFCHR);
        archive_entry_set_rdevmajor(entry, item->major);
        archive_entry_set_rdevminor(entry, item->minor);
    } else if (item->bytes != NULL || item->file != NULL) {
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_size(entry, (la_int64_t)length);
    } else {
        archive_entry_set_filetype(entry, AE_IFDIR);
        archive_entry_set_nlink(entry, 2);
    }
}

int archive_out_add(struct archive_out *out, const struct archive_item *item, struct error *err)
{
    int rc = add_parents(out, item->path, err);
    if (rc < 0) {
        return rc;
    }
    const char *bytes = item->bytes;
    size_t length = item->length;
    _cleanup_free_ char *content = NULL;
    if (item->file != NULL) {
        rc = file_read(item->file, ITEM_MAX, &content, &length, err);
        if (rc < 0) {
            return rc;
        }
        bytes = content;
    }
    struct archive_entry *entry = archive_entry_new();
    describe(out, entry, item, length);
    if (archive_entry_filetype(entry) == AE_IFDIR) {
        out->folders = memory_resize(out->folders, out->folder_count + 1, sizeof *out->folders);
        out->folders[out->folder_count++] = text_copy(item->path);
    }
    if (archive_write_header(out->archive, entry) != ARCHIVE_OK) {
        rc = fail_out(out, err);
    }
    for (size_t done = 0; rc == 0 && bytes != NULL && done < length;) {
        la_ssize_t put = archive_write_data(out->archive, bytes + done, length - done);
        rc = put <= 0 ? fail_out(out, err) : 0;
        done += put <= 0 ? 0 : (size_t)put;
    }
    if (rc == 0 && archive_write_finish_entry(out->archive) != ARCHIVE_OK) {
        rc = fail_out(out, err);
    }
    archive_entry_free(entry);
    return rc;
}

int archive_out_finish(struct archive_out *out, struct error *err)
{
    if (archive_write_close(out->archive) != ARCHIVE_OK) {
        return fail_out(out, err);
    }
    return fsync(out->fd) < 0 ? fail(err, errno, "writing %s", out->path) : 0;
}

void archive_out_free(struct archive_out *out)
{
    if (out == NULL) {
        return;
    }
    if (out->archive != NULL) {
        archive_write_free(out->archive);
    }
    cleanup_close(&out->fd);
    for (size_t i = 0; i < out->folder_count; i++) {
        free(out->folders[i]);
    }
    free((void *)out->folders);
    free(out->path);
    free(out);
}
