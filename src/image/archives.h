// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/archives — reads Debian packages and writes cpio archives (initramfs) and ISO 9660 images
 * (configuration for cloud-init), with libarchive. Output is reproducible: entries have no owner
 * and no time. Used within image/.
 */
#ifndef VRBENCH_IMAGE_ARCHIVES_H
#define VRBENCH_IMAGE_ARCHIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

// ---- writing

struct archive_out;

enum archive_kind { ARCHIVE_CPIO, ARCHIVE_ISO };

// An entry of an archive. At most one of `link`, `bytes`, `file` and `device` is set; none of them:
// a directory.
struct archive_item {
    const char *path;  // path in the archive, without a leading '/'
    mode_t mode;       // permissions; ignored for a symbolic link
    const char *link;  // a symbolic link; its target
    const char *bytes; // a file; its content
    size_t length;     // length of `bytes`
    const char *file;  // a file; path of the file to copy
    bool device;       // a character device
    unsigned major, minor;
};

// Makes a new archive file. `volume` is the volume name of an ISO 9660 image.
int archive_out_open(const char *path, mode_t mode, enum archive_kind kind, const char *volume,
                     struct archive_out **ret, struct error *err);
// Adds an entry. Missing parent directories are added with mode 0755.
int archive_out_add(struct archive_out *out, const struct archive_item *item, struct error *err);
// Completes the archive and syncs the file. The caller still calls archive_out_free().
int archive_out_finish(struct archive_out *out, struct error *err);
void archive_out_free(struct archive_out *out);

// ---- reading

// Unpacks from a package to `folder`/path each regular file for which `wanted` returns true (path
// without leading "./"), and each symbolic link to a name in the same directory. Compressed files
// (.xz, .zst, .gz) are decompressed, and their suffix removed. -EINTR when the user interrupts.
int archive_unpack_deb(const char *deb, bool (*wanted)(const char *path), const char *folder,
                       struct error *err);
// Decompresses the bytes `from` (xz, zstd, lz4, gzip, bzip2, lzma) to a new file.
int archive_decompress(const void *from, size_t length, const char *to, struct error *err);

#endif
