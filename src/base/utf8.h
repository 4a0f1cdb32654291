// SPDX-License-Identifier: GPL-3.0-or-later
// base/utf8 — telling text from garbage.
#ifndef VRBENCH_BASE_UTF8_H
#define VRBENCH_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes (1 to 4) of the first code point of `text`, which is written to `ret`, or 0 if `text` is
// empty or doesn't start with well-formed UTF-8 (overlong forms and surrogates are not).
size_t utf8_decode(const char *text, size_t length, uint32_t *ret);
// False for control characters (C0, DEL, C1), line and paragraph separators, the characters that
// turn the direction of text, and noncharacters.
bool utf8_is_printable(uint32_t point);

#endif
