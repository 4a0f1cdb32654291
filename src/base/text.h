// SPDX-License-Identifier: GPL-3.0-or-later
// base/text — small helpers for strings, and names that are safe everywhere.
#ifndef VRBENCH_BASE_TEXT_H
#define VRBENCH_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

// printf into a new string; aborts the program when memory is out (as the other text_* do).
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_format_args(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
char *text_copy(const char *text);
// A string of `length` bytes that need not end in NUL.
char *text_copy_bytes(const char *bytes, size_t length);
// malloc, calloc and realloc that never return NULL: out of memory ends the program.
void *memory_new(size_t count, size_t size);
void *memory_resize(void *old, size_t count, size_t size);
#define memory_new_array(type, count) ((type *)memory_new((count), sizeof(type)))

bool text_equal(const char *a, const char *b); // NULL equals only NULL
bool text_starts(const char *text, const char *prefix);
// A name that can be a file name, a cgroup and part of an interface name without any quoting:
// 1 to `max` of A-Z a-z 0-9 _ - (and '.', not first), not starting with '-'.
bool text_is_safe_name(const char *text, size_t max);
// A copy without control characters, which are shown as \xNN: what is printed of it can't drive the
// terminal, and its width is known.
char *text_printable(const char *text);
// Bytes as hexadecimal digits and back; -EINVAL for anything else. The caller frees them.
char *text_hex(const void *bytes, size_t length);
int text_unhex(const char *hex, void **ret_bytes, size_t *ret_length);
// "1234567" → "1,234,567" into ret (at least 32 bytes).
// Columns of a terminal that UTF-8 text without control characters takes: as wcwidth(3) has it,
// where the locale knows a character, else one each.
size_t text_columns(const char *text);
// Bytes of as much of the text as takes at most so many columns.
size_t text_bytes_within(const char *text, size_t columns);
// "1234567" → "1,234,567". The one rule for numbers that people read: what is counted or measured
// is grouped, from 1,000 on; what names something (the length of a sweep's packets, an ID) is not,
// and neither is what programs read (CSV, JSON, options).
void text_group_digits(double value, int decimals, char ret[48]);

#endif
