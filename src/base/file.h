// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/file — reads small files whole, and writes files so that no reader sees a partial file and
 * no user can redirect root to another file. base/folder.h has the rules for the folders on the
 * path and for the owner of a new file.
 */
#ifndef VRBENCH_BASE_FILE_H
#define VRBENCH_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

// Reads a whole file of at most `max` bytes, NUL-terminated, into a new buffer that the caller
// frees. Fails with EFBIG if the file is larger, with EISDIR if it is a directory. A pipe is read
// to its end; a request to stop ends the wait for it.
int file_read(const char *path, size_t max, char **ret_text, size_t *ret_length, struct error *err);
// As file_read(), for a regular file only: a link or special file of that name is refused (exit
// status 2).
int file_read_plain(const char *path, size_t max, char **ret_text, size_t *ret_length,
                    struct error *err);
// Opens a regular file with the flags of open(2). Refuses what file_read_plain() refuses.
int file_open_plain(const char *path, int flags, mode_t mode, struct error *err);
// Writes a new file beside `path` under a random name, syncs it and renames it to `path`. A link at
// `path` is replaced, not followed.
int file_replace(const char *path, const char *text, size_t length, struct error *err);
// As file_replace() without the sync: for files that need not survive a power failure.
int file_replace_passing(const char *path, const char *text, size_t length, struct error *err);
// As file_replace_passing(), for a folder in which no other user can write. The file is readable by
// its owner only. The temporary name is `path` with ".new", so a writer that was killed leaves no
// further file.
int file_replace_private(const char *path, const char *text, size_t length, struct error *err);
// Opens a new file for writing; replaces a file of that name, and a link to one or to nothing. A
// device or pipe is opened as it is; for a pipe's reader it waits a moment. Refused (exit status 2)
// is a link to something else, to an open file of a process (/dev/stdout), or in the folder /dev.
int file_open_new(const char *path, mode_t mode, struct error *err);
// Writes a file that the user asked for (-o FILE). A regular file is replaced as by
// file_replace_passing(). A symbolic link that belongs to the caller or to root is followed and its
// target replaced. A pipe, a character device, and an open file of a process (/dev/stdout) are
// written to.
int file_output(const char *path, const char *text, size_t length, struct error *err);
// Writes `text` to an existing (pseudo) file by one write(2).
int file_write(const char *path, const char *text, struct error *err);
// As file_write(), relative to a directory descriptor.
int file_write_at(int dir, const char *path, const char *text, struct error *err);
// Connects to a Unix socket; `flags` are those of socket(2). Returns the descriptor or a negative
// errno.
int file_connect(const char *path, int flags);
// Makes an empty file that only its owner may read. Fails with EEXIST if the name exists.
int file_create(const char *path, struct error *err);
// As mkdir -p, each folder made by folder_make(). Existing directories are fine.
int file_make_dirs(const char *path, struct error *err);

#endif
