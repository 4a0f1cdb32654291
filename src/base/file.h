// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/file — reading small files whole, and writing them so that a reader never sees half of one
 * and nobody can lead root to another file: see base/folder.h for the folders on the way and for
 * whom a new file belongs to.
 */
#ifndef VRBENCH_BASE_FILE_H
#define VRBENCH_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

// Reads a whole file of at most `max` bytes, NUL-terminated, into a new buffer that the caller
// frees. A larger file is an error (EFBIG), a directory EISDIR. A pipe is read to its end; waiting
// for it ends with a request to stop.
int file_read(const char *path, size_t max, char **ret_text, size_t *ret_length, struct error *err);
// The same of a regular file only: a link and whatever else there is under its name are refused
// (exit status 2).
int file_read_plain(const char *path, size_t max, char **ret_text, size_t *ret_length,
                    struct error *err);
// Opens a regular file as open(2) with such flags; refuses what file_read_plain() refuses.
int file_open_plain(const char *path, int flags, mode_t mode, struct error *err);
// Writes a new file beside `path`, under a name that can't be foreseen, syncs it and renames it
// over `path`: a link of that name is replaced, not followed.
int file_replace(const char *path, const char *text, size_t length, struct error *err);
// The same without syncing: for what need not outlive a power failure.
int file_replace_passing(const char *path, const char *text, size_t length, struct error *err);
// As file_replace_passing(), readable by its owner only, in a folder that nobody else writes to:
// the passing name is `path` and ".new", so that nothing is left over if a writer is killed.
int file_replace_private(const char *path, const char *text, size_t length, struct error *err);
// Opens a new file for writing, in the place of a file or link of that name. A device is opened.
int file_open_new(const char *path, mode_t mode, struct error *err);
// Writes what a user asked for in a file (-o FILE): a file is replaced as by
// file_replace_passing(); a symbolic link of the caller's or of root's is followed, and its target
// replaced; to a pipe or character device, and to what a process has open (/dev/stdout), it is
// written.
int file_output(const char *path, const char *text, size_t length, struct error *err);
// Writes `text` to an existing (pseudo) file by one write(2).
int file_write(const char *path, const char *text, struct error *err);
// As file_write(), relative to a directory descriptor.
int file_write_at(int dir, const char *path, const char *text, struct error *err);
// Makes a new empty file that only its owner may read. One that is there is an error (EEXIST).
int file_create(const char *path, struct error *err);
// mkdir -p, by folder_make(). Existing directories are fine.
int file_make_dirs(const char *path, struct error *err);

#endif
