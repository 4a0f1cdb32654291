// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/archives — archives by libarchive: Debian packages read, cpio archives (initramfs) and ISO
 * 9660 images (configuration for cloud-init) written. Same content, same bytes: entries have no
 * owner and no time. Used within image/.
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

// One thing to be put into an archive. Exactly one of `link`, `bytes`, `file` and `device` says
// what it is; none of them: a directory.
struct archive_item {
    const char *path;  // in the archive, without a leading '/'
    mode_t mode;       // permissions; of a symbolic link without meaning
    const char *link;  // a symbolic link to this
    const char *bytes; // a file with this content
    size_t length;     // of bytes
    const char *file;  // a file with the content of this one
    bool device;       // a character device
    unsigned major, minor;
};

// Makes a new file. `volume` is the name of an ISO 9660 volume.
int archive_out_open(const char *path, mode_t mode, enum archive_kind kind, const char *volume,
                     struct archive_out **ret, struct error *err);
// Parent directories that weren't put in before are, with mode 0755.
int archive_out_add(struct archive_out *out, const struct archive_item *item, struct error *err);
// Ends the archive and syncs the file. archive_out_free() is still to be called.
int archive_out_finish(struct archive_out *out, struct error *err);
void archive_out_free(struct archive_out *out);

// ---- reading

// Unpacks each regular file of a package that `wanted` asks for (path without leading "./"), and
// each symbolic link to a name beside it, to `folder`/path; compressed files (.xz, .zst, .gz) plain
// and without that ending. -EINTR when the user interrupts.
int archive_unpack_deb(const char *deb, bool (*wanted)(const char *path), const char *folder,
                       struct error *err);
// Writes what the compressed bytes `from` (xz, zstd, lz4, gzip, bzip2, lzma) hold to a new file.
int archive_decompress(const void *from, size_t length, const char *to, struct error *err);

#endif
