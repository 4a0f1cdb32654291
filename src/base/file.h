// SPDX-License-Identifier: GPL-3.0-or-later
// base/file — reading small files whole and writing them so that a reader never sees half of one.
#ifndef VRBENCH_BASE_FILE_H
#define VRBENCH_BASE_FILE_H

#include <stddef.h>

#include "base/error.h"

// Reads a whole regular or pseudo file of at most `max` bytes, NUL-terminated, into a new buffer
// that the caller frees. A larger file is an error (EFBIG), a directory EISDIR.
int file_read(const char *path, size_t max, char **ret_text, size_t *ret_length, struct error *err);
// Writes `text` to a new file beside `path`, syncs it and renames it over `path`.
int file_replace(const char *path, const char *text, size_t length, struct error *err);
// The same without syncing: for what need not outlive a power failure.
int file_replace_passing(const char *path, const char *text, size_t length, struct error *err);
// Writes `text` to an existing (pseudo) file by one write(2).
int file_write(const char *path, const char *text, struct error *err);
// As file_write(), relative to a directory descriptor.
int file_write_at(int dir, const char *path, const char *text, struct error *err);
// Makes a new empty file that only its owner may read. One that is there is an error (EEXIST).
int file_create(const char *path, struct error *err);
// mkdir -p. Existing directories are fine.
int file_make_dirs(const char *path, struct error *err);

#endif
