// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/yaml_scan — see yaml_scan.h. Called by yaml.c before libfyaml reads the text.
 *
 * The scan goes line by line. Text that it cannot distinguish from syntax (quoted text over several
 * lines) is treated as syntax, so it may refuse a valid file but accepts no dangerous one.
 */
#include "scenario/yaml_scan.h"

#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "scenario/problem.h"

struct scan {
    const char *text;
    size_t length;
    size_t line_start; // offset of the line's first character, behind a byte order mark
    unsigned line;
    struct scenario_problems *problems;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

// Adds a problem at an offset of the present line.
static bool refuse_at(const struct scan *scan, size_t at, char *text)
{
    unsigned column = 1;
    for (size_t i = scan->line_start; i < at; i++) {
        column += ((unsigned char)scan->text[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    problem_add(scan->problems, scan->line, column, text);
    return false;
}

// Checks the characters from line_start to the end of the line, which is returned; SIZE_MAX =
// refused.
static size_t scan_characters(const struct scan *scan)
{
    size_t at = scan->line_start;
    while (at < scan->length && scan->text[at] != '\n' && scan->text[at] != '\r') {
        uint32_t point = 0;
        size_t bytes = utf8_decode(scan->text + at, scan->length - at, &point);
        if (bytes == 0) {
            unsigned byte = (unsigned char)scan->text[at];
            refuse_at(scan, at, text_format("byte 0x%02x: expected UTF-8 text", byte));
            return SIZE_MAX;
        }
        if (point != '\t' && !utf8_is_printable(point)) {
            refuse_at(scan, at,
                      text_format("control character U+%04X: expected plain text", point));
            return SIZE_MAX;
        }
        at += bytes;
    }
    return at;
}

// The offset behind a quoted text that starts at `at` and ends in the same line; `at` if there is
// none.
static size_t skip_quoted(const struct scan *scan, size_t at, size_t end)
{
    char quote = scan->text[at];
    if (quote != '"' && quote != '\'') {
        return at;
    }
    for (size_t i = at + 1; i < end; i++) {
        if (quote == '"' && scan->text[i] == '\\') {
            i++;
        } else if (scan->text[i] == quote) {
            return i + 1;
        }
    }
    return at;
}

// Looks for indicators where a token may start: after a blank or another indicator.
static bool scan_tokens(const struct scan *scan, size_t end)
{
    bool starts = true;
    for (size_t at = scan->line_start; at < end; at++) {
        char byte = scan->text[at];
        char next = at + 1 < end ? scan->text[at + 1] : ' ';
        size_t quoted_end = starts ? skip_quoted(scan, at, end) : at;
        if (quoted_end > at) {
            at = quoted_end - 1;
            starts = true;
            continue;
        }
        if (byte == '#' && (at == scan->line_start || is_blank(scan->text[at - 1]))) {
            return true;
        }
        if (starts && byte == '?' && (is_blank(next) || strchr(",[]{}:'\"", next) != NULL)) {
            return refuse_at(scan, at,
                             text_format("explicit keys (?) are not supported; write \"key: "
                                         "value\", or put text that begins with \"?\" in quotes"));
        }
        starts = is_blank(byte) || strchr(",[]{}:-?", byte) != NULL;
    }
    return true;
}

static bool scan_line(const struct scan *scan, size_t *ret_end)
{
    size_t end = scan_characters(scan);
    if (end == SIZE_MAX) {
        return false;
    }
    if (scan->line_start < end && scan->text[scan->line_start] == '%') {
        return refuse_at(scan, scan->line_start,
                         text_format("directives (%%) are not supported; remove the line"));
    }
    *ret_end = end;
    return scan_tokens(scan, end);
}

bool yaml_scan(const char *text, size_t length, struct scenario_problems *problems)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    struct scan scan = {.text = text, .length = length, .line = 1, .problems = problems};
    if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
        scan.line_start = 3;
    }
    while (scan.line_start < length) {
        size_t end = 0;
        if (!scan_line(&scan, &end)) {
            return false;
        }
        bool pair = end + 1 < length && text[end] == '\r' && text[end + 1] == '\n';
        scan.line_start = end + (pair ? 2 : 1);
        scan.line++;
    }
    return true;
}
