// SPDX-License-Identifier: GPL-3.0-or-later
// base/text — see text.h.
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

static void out_of_memory(void)
{
    static const char message[] = "vrbench: out of memory\n";
    fwrite(message, 1, sizeof message - 1, stderr);
    abort();
}

char *text_format_args(const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0) {
        out_of_memory();
    }
    return text;
}

char *text_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = text_format_args(format, args);
    va_end(args);
    return text;
}

void text_append(char **text, const char *separator, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *more = text_format_args(format, args);
    va_end(args);
    const char *before = *text == NULL ? "" : *text;
    char *longer = text_format("%s%s%s", before, before[0] == '\0' ? "" : separator, more);
    free(more);
    free(*text);
    *text = longer;
}

char *text_copy(const char *text)
{
    if (text == NULL) {
        return NULL;
    }
    char *copy = strdup(text);
    if (copy == NULL) {
        out_of_memory();
    }
    return copy;
}

char *text_copy_bytes(const char *bytes, size_t length)
{
    char *copy = memory_new(length + 1, 1);
    memcpy(copy, bytes, length);
    return copy;
}

void *memory_new(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL) {
        out_of_memory();
    }
    return memory;
}

void *memory_resize(void *old, size_t count, size_t size)
{
    void *memory = reallocarray(old, count == 0 ? 1 : count, size);
    if (memory == NULL) {
        out_of_memory();
    }
    return memory;
}

bool text_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcmp(a, b) == 0;
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *text_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

bool text_is_safe_name(const char *text, size_t max)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    size_t length = strlen(text);
    if (length == 0 || length > max || text[0] == '.' || text[0] == '-') {
        return false;
    }
    return strspn(text, allowed) == length;
}

char *text_hex(const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    char *hex = memory_new(2 * length + 1, 1);
    for (size_t i = 0; i < length; i++) {
        hex[2 * i] = digits[from[i] >> 4];
        hex[2 * i + 1] = digits[from[i] & 15U];
    }
    return hex;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

int text_unhex(const char *hex, void **ret_bytes, size_t *ret_length)
{
    size_t length = strlen(hex);
    unsigned char *bytes = memory_new(length / 2 + 1, 1);
    bool good = length % 2 == 0;
    for (size_t i = 0; good && i < length / 2; i++) {
        int high = hex_value(hex[2 * i]);
        int low = hex_value(hex[2 * i + 1]);
        good = high >= 0 && low >= 0;
        bytes[i] = good ? (unsigned char)(high * 16 + low) : 0;
    }
    if (!good) {
        free(bytes);
        return -EINVAL;
    }
    *ret_bytes = bytes;
    *ret_length = length / 2;
    return 0;
}

// Returns the bytes of the first character; `ret` gets its columns.
static size_t measure_character(const char *text, size_t *ret_columns)
{
    uint32_t point = 0;
    size_t bytes = utf8_decode(text, strlen(text) < 4 ? strlen(text) : 4, &point);
    int width = bytes == 0 ? 1 : wcwidth((wchar_t)point);
    *ret_columns = width < 0 ? 1 : (size_t)width;
    return bytes == 0 ? 1 : bytes;
}

uint64_t text_hash(const void *bytes, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (const unsigned char *at = bytes; length > 0; at++, length--) {
        hash = (hash ^ *at) * 0x100000001b3ULL;
    }
    return hash;
}

size_t text_columns(const char *text)
{
    size_t sum = 0;
    while (*text != '\0') {
        size_t columns = 0;
        text += measure_character(text, &columns);
        sum += columns;
    }
    return sum;
}

size_t text_bytes_within(const char *text, size_t columns)
{
    size_t at = 0;
    while (text[at] != '\0') {
        size_t width = 0;
        size_t bytes = measure_character(text + at, &width);
        if (width > columns) {
            break;
        }
        columns -= width;
        at += bytes;
    }
    return at;
}

void text_group_digits(double value, int decimals, char ret[48])
{
    char plain[48];
    snprintf(plain, sizeof plain, "%.*f", decimals, value);
    size_t lead = plain[0] == '-' ? 1 : 0;
    size_t whole = strcspn(plain, ".") - lead;
    size_t out = 0;
    for (size_t i = 0; plain[i] != '\0' && out < 46; i++) {
        size_t left = whole + lead - i;
        if (i > lead && i < lead + whole && left % 3 == 0) {
            ret[out++] = ',';
        }
        ret[out++] = plain[i];
    }
    ret[out] = '\0';
}

char *text_printable(const char *text)
{
    char *shown = memory_new_array(char, 4 * strlen(text) + 1);
    size_t length = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        bool c1 = *c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0; // the first byte of U+0080 to U+009F
        if (*c < 0x20 || *c == 0x7f || c1) {
            length += (size_t)sprintf(shown + length, "\\x%02x", *c);
        } else {
            shown[length++] = (char)*c;
        }
    }
    return shown;
}

char *text_bytes(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024.0;
        unit++;
    }
    return text_format(unit > 0 && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}
