// SPDX-License-Identifier: GPL-3.0-or-later
// base/utf8 — decoding UTF-8, and which characters are printable.
#ifndef VRBENCH_BASE_UTF8_H
#define VRBENCH_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Decodes the first code point of `text` into `ret` and returns its length in bytes (1 to 4).
// Returns 0 if `text` is empty or does not start with well-formed UTF-8 (overlong forms and
// surrogates are malformed).
size_t utf8_decode(const char *text, size_t length, uint32_t *ret);
// Whether it is well-formed and has no NUL.
bool utf8_is_text(const char *text, size_t length);
// False for control characters (C0, DEL, C1), line and paragraph separators, characters that change
// the direction of text, and noncharacters.
bool utf8_is_printable(uint32_t point);

#endif
