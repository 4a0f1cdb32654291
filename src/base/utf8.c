// SPDX-License-Identifier: GPL-3.0-or-later
// base/utf8 — see utf8.h.
#include "base/utf8.h"

size_t utf8_decode(const char *text, size_t length, uint32_t *ret)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; // by number of bytes
    if (length == 0) {
        return 0;
    }
    unsigned char lead = (unsigned char)text[0];
    if (lead < 0x80) {
        *ret = lead;
        return 1;
    }
    size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || bytes > length) {
        return 0;
    }
    uint32_t point = lead & (0x7fU >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (next & 0x3fU);
    }
    if (point < smallest[bytes] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return 0;
    }
    *ret = point;
    return bytes;
}

bool utf8_is_printable(uint32_t point)
{
    if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) {
        return false;
    }
    if ((point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069)) {
        return false;
    }
    return point != 0xfeff && (point & 0xfffe) != 0xfffe;
}

bool utf8_is_text(const char *text, size_t length)
{
    uint32_t point = 0;
    for (size_t at = 0, used = 0; at < length; at += used) {
        used = utf8_decode(text + at, length - at, &point);
        if (used == 0 || point == 0) {
            return false;
        }
    }
    return true;
}
