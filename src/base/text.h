// SPDX-License-Identifier: GPL-3.0-or-later
// base/text — small helpers for strings, and checks for safe names.
#ifndef VRBENCH_BASE_TEXT_H
#define VRBENCH_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// printf into a new string that the caller frees. Out of memory aborts the program (all text_*
// functions).
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_format_args(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
// Appends to a string of the heap, behind `separator` if the string has content; NULL counts as "".
void text_append(char **text, const char *separator, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
char *text_copy(const char *text);
// Copies `length` bytes, which need not end in NUL, to a new string.
char *text_copy_bytes(const char *bytes, size_t length);
// malloc, calloc and realloc that never return NULL: out of memory aborts the program.
void *memory_new(size_t count, size_t size);
void *memory_resize(void *old, size_t count, size_t size);
#define memory_new_array(type, count) ((type *)memory_new((count), sizeof(type)))

bool text_equal(const char *a, const char *b); // NULL equals only NULL
bool text_starts(const char *text, const char *prefix);
// The last part of a path: what is behind its last slash.
const char *text_base_name(const char *path);
// Whether a text can be a file name, a cgroup and part of an interface name without quoting: 1 to
// `max` of A-Z a-z 0-9 _ - (and '.', not first), not starting with '-'.
bool text_is_safe_name(const char *text, size_t max);
// Returns a copy whose control characters are shown as \xNN: it cannot control the terminal, and
// its width is known. The caller frees it.
char *text_printable(const char *text);
// Convert bytes to hexadecimal digits and back; -EINVAL for any other text. The caller frees the
// results.
char *text_hex(const void *bytes, size_t length);
int text_unhex(const char *hex, void **ret_bytes, size_t *ret_length);
// FNV-1a, 64 bits: recognises bytes again, without protection from anybody who wants them to
// collide.
uint64_t text_hash(const void *bytes, size_t length);
// Columns of a terminal that UTF-8 text without control characters takes: by wcwidth(3), or one for
// each character that the locale does not contain.
size_t text_columns(const char *text);
// The length in bytes of the longest prefix of `text` that takes at most `columns` columns.
size_t text_bytes_within(const char *text, size_t columns);
// "1234567" → "1,234,567", in every text for people. Counts and measurements are grouped, from
// 1,000 on. Numbers that are names (a sweep's packet length, an ID) and output for programs (CSV,
// JSON, options) are not.
void text_group_digits(double value, int decimals, char ret[48]);
// "504 KiB", "1.2 GiB": a number of bytes for people, in three digits. The caller frees it.
char *text_bytes(uint64_t bytes);

#endif
