// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_syntax — the statements of a domain's file, see xm_parts.h. Called by xm_config.c.
 *
 * xm's files are programs in Python. A statement other than NAME = VALUE and NAME += VALUE is
 * recognised only as far as its problem needs it: what it is, and what to write instead. Reading
 * continues after a problem; a statement has at most one, and so has a block of Python.
 */
#include "machine/xen/xm_parts.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

struct lexer {
    const char *at, *end;
    struct xm_place place; // of `at`
    struct xm_problems *problems;
};

// ---- characters

static bool is_continued(char byte)
{
    return ((unsigned char)byte & 0xc0U) == 0x80;
}

static char peek(const struct lexer *lexer, size_t ahead)
{
    return (size_t)(lexer->end - lexer->at) > ahead ? lexer->at[ahead] : '\0';
}

static bool at_end(const struct lexer *lexer)
{
    return lexer->at >= lexer->end;
}

static bool at_line_end(const struct lexer *lexer)
{
    return at_end(lexer) || *lexer->at == '\n' || (*lexer->at == '\r' && peek(lexer, 1) == '\n');
}

static void step(struct lexer *lexer)
{
    if (*lexer->at == '\n') {
        lexer->place.line++;
        lexer->place.column = 1;
    } else if (!is_continued(peek(lexer, 1))) {
        lexer->place.column++;
    }
    lexer->at++;
}

static void steps(struct lexer *lexer, size_t count)
{
    while (count-- > 0) {
        step(lexer);
    }
}

static void skip_line(struct lexer *lexer)
{
    while (!at_line_end(lexer)) {
        step(lexer);
    }
}

// Bytes of a line's end, 0 where none is.
static size_t line_end_length(const struct lexer *lexer, size_t ahead)
{
    return peek(lexer, ahead) == '\n'                                     ? 1
           : peek(lexer, ahead) == '\r' && peek(lexer, ahead + 1) == '\n' ? 2
                                                                          : 0;
}

// A "\" that ends its line joins it with the next, as in Python.
static bool skip_join(struct lexer *lexer)
{
    size_t length = peek(lexer, 0) == '\\' ? line_end_length(lexer, 1) : 0;
    steps(lexer, length > 0 ? 1 + length : 0);
    return length > 0;
}

static void skip_blanks(struct lexer *lexer)
{
    while (peek(lexer, 0) == ' ' || peek(lexer, 0) == '\t' || skip_join(lexer)) {
        if (peek(lexer, 0) == ' ' || peek(lexer, 0) == '\t') {
            step(lexer);
        }
    }
}

// Blanks, ends of lines and comments.
static void skip_space(struct lexer *lexer)
{
    for (;;) {
        skip_blanks(lexer);
        if (peek(lexer, 0) == '#') {
            skip_line(lexer);
        } else if (!at_end(lexer) && at_line_end(lexer)) {
            steps(lexer, *lexer->at == '\r' ? 2 : 1);
        } else {
            return;
        }
    }
}

static bool is_first_of_word(char byte)
{
    return isalpha((unsigned char)byte) != 0 || byte == '_';
}

static size_t word_length(const struct lexer *lexer)
{
    size_t length = 0;
    if (is_first_of_word(peek(lexer, 0))) {
        while (is_first_of_word(peek(lexer, length)) ||
               isdigit((unsigned char)peek(lexer, length))) {
            length++;
        }
    }
    return length;
}

static bool word_is(const char *word, size_t length, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strlen(*list) == length && memcmp(word, *list, length) == 0) {
            return true;
        }
    }
    return false;
}

// Always false, for a reader to return.
static bool refuse(const struct lexer *lexer, struct xm_place place, const char *why)
{
    xm_problem(lexer->problems, place, "%s", why);
    return false;
}

// ---- values

static bool is_quote(char byte)
{
    return byte == '"' || byte == '\'';
}

// Marks a value that only a key which nothing uses can have.
static void mark_wrong(struct xm_value *value, struct xm_place place, const char *why)
{
    if (value->wrong == NULL) {
        value->wrong = why;
        value->wrong_at = place;
    }
}

// Steps onto the byte that a backslash stands before.
static void read_escape(struct lexer *lexer, struct xm_value *value)
{
    char byte = peek(lexer, 1);
    if (byte != '\\' && !is_quote(byte)) {
        mark_wrong(value, lexer->place,
                   "expected no backslash in a text but in \\\\, \\' and \\\"");
    }
    step(lexer);
}

static bool read_text(struct lexer *lexer, struct xm_value *ret)
{
    struct xm_place begin = lexer->place;
    const char quote = *lexer->at;
    if (peek(lexer, 1) == quote && peek(lexer, 2) == quote) {
        return refuse(lexer, begin, "texts in three quotes are not read; write it in one pair");
    }
    step(lexer);
    ret->raw = lexer->at;
    char text[XM_TEXT_MAX + 1];
    size_t length = 0;
    while (!at_line_end(lexer) && *lexer->at != quote) {
        if (skip_join(lexer)) {
            continue;
        }
        if (*lexer->at == '\\' && peek(lexer, 1) != '\0') {
            read_escape(lexer, ret);
        }
        if (iscntrl((unsigned char)*lexer->at)) {
            return refuse(lexer, lexer->place, "a control character in a text");
        }
        if (length >= XM_TEXT_MAX) {
            return refuse(lexer, begin, "this text is longer than 4096 bytes");
        }
        text[length++] = *lexer->at;
        step(lexer);
    }
    if (at_line_end(lexer)) {
        return refuse(lexer, begin, "this quote is not closed in its line");
    }
    step(lexer);
    text[length] = '\0';
    ret->text = text_copy(text);
    return true;
}

// Digits of a number, and whether they are too many.
static uint64_t read_digits(struct lexer *lexer, bool hex, size_t *ret_digits, bool *ret_large)
{
    uint64_t number = 0;
    unsigned base = hex ? 16 : 10;
    for (*ret_digits = 0;; (*ret_digits)++) {
        unsigned char byte = (unsigned char)peek(lexer, 0);
        unsigned value = 0;
        if (isdigit(byte)) {
            value = byte - '0';
        } else if (hex && isxdigit(byte)) {
            value = (unsigned)tolower(byte) - 'a' + 10U;
        } else {
            return number;
        }
        *ret_large = *ret_large || number > (UINT64_MAX - value) / base;
        number = number * base + value;
        step(lexer);
    }
}

static bool read_number(struct lexer *lexer, struct xm_value *ret)
{
    static const char whole[] = "expected a whole number, without a unit, or a text in quotes";
    struct xm_place begin = lexer->place;
    bool large = false;
    size_t digits = 0;
    if (peek(lexer, 0) == '-') {
        mark_wrong(ret, begin, "expected a number that is not negative");
        step(lexer);
    }
    bool hex = peek(lexer, 0) == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'X');
    if (peek(lexer, 0) == '0' && isdigit((unsigned char)peek(lexer, 1))) {
        mark_wrong(ret, begin, "a number that begins with 0 is octal to Python; write it without");
    }
    steps(lexer, hex ? 2 : 0);
    ret->number = read_digits(lexer, hex, &digits, &large);
    if (digits > 0 && !hex && peek(lexer, 0) == '.' && isdigit((unsigned char)peek(lexer, 1))) {
        size_t fraction = 0;
        mark_wrong(ret, begin, whole);
        step(lexer);
        bool ignored = false;
        (void)read_digits(lexer, false, &fraction, &ignored);
    }
    if (digits == 0 || peek(lexer, 0) == '.' || word_length(lexer) > 0) {
        return refuse(lexer, begin, whole);
    }
    if (large) {
        mark_wrong(ret, begin, "this number is too large");
    }
    return true;
}

// What begins with a letter, and is nothing that is read here.
static bool refuse_word(const struct lexer *lexer, size_t length)
{
    if (length <= 2 && is_quote(peek(lexer, length))) {
        return refuse(lexer, lexer->place, "letters in front of a quote are not read");
    }
    xm_problem(lexer->problems, lexer->place,
               "%.*s is a name in Python, and no names are looked up here: write the value itself, "
               "a text in quotes",
               (int)(length > 60 ? 60 : length), lexer->at);
    return false;
}

static bool refuse_value(const struct lexer *lexer)
{
    const char first = peek(lexer, 0);
    return refuse(lexer, lexer->place,
                  at_line_end(lexer) ? "expected a value in the line of its key"
                  : first == '(' || first == '{'
                      ? "expected a text in quotes, a whole number or a list in [ ]; other "
                        "values of Python mean nothing here"
                      : "expected a text in quotes, a whole number or a list in [ ]");
}

// A text or a number.
static bool read_single(struct lexer *lexer, struct xm_value *ret)
{
    static const char *const truths[] = {"True", "False", "None", NULL};
    const char first = peek(lexer, 0);
    size_t length = word_length(lexer);
    ret->kind = is_quote(first) ? XM_TEXT : XM_NUMBER;
    if (is_quote(first)) {
        return read_text(lexer, ret);
    }
    if (isdigit((unsigned char)first) || (first == '-' && isdigit((unsigned char)peek(lexer, 1)))) {
        return read_number(lexer, ret);
    }
    if (word_is(lexer->at, length, truths)) {
        mark_wrong(ret, lexer->place,
                   "expected a text in quotes, a whole number or a list; for True and False "
                   "write 1 and 0");
        steps(lexer, length);
        return true;
    }
    return length > 0 ? refuse_word(lexer, length) : refuse_value(lexer);
}

static bool read_value(struct lexer *lexer, unsigned depth, struct xm_value *ret);

static bool read_list(struct lexer *lexer, unsigned depth, struct xm_value *ret)
{
    struct xm_place begin = lexer->place;
    if (depth == XM_DEPTH_MAX) {
        return refuse(lexer, begin, "lists in lists are read to a depth of 8");
    }
    step(lexer);
    for (;;) {
        skip_space(lexer);
        if (peek(lexer, 0) == ']') {
            step(lexer);
            return true;
        }
        if (at_end(lexer)) {
            return refuse(lexer, begin, "this list is not closed");
        }
        if (ret->count >= XM_ITEMS_MAX) {
            return refuse(lexer, lexer->place, "this list has more than 256 items");
        }
        struct xm_value item;
        if (!read_value(lexer, depth + 1, &item)) {
            return false;
        }
        ret->items = memory_resize(ret->items, ret->count + 1, sizeof item);
        ret->items[ret->count++] = item;
        skip_space(lexer);
        if (peek(lexer, 0) == ',') {
            step(lexer);
        } else if (peek(lexer, 0) != ']') {
            return refuse(lexer, at_end(lexer) ? begin : lexer->place,
                          at_end(lexer) ? "this list is not closed"
                          : is_quote(peek(lexer, 0))
                              ? "expected a comma between two texts of a list"
                              : "expected \",\" or \"]\"; expressions are not supported");
        }
    }
}

static void release_value(struct xm_value *value)
{
    for (size_t i = 0; i < value->count; i++) {
        release_value(&value->items[i]); // at most XM_DEPTH_MAX deep
    }
    free(value->items);
    free(value->text);
}

static bool read_value(struct lexer *lexer, unsigned depth, struct xm_value *ret)
{
    struct xm_value value = {.kind = XM_LIST, .place = lexer->place};
    bool good =
        peek(lexer, 0) == '[' ? read_list(lexer, depth, &value) : read_single(lexer, &value);
    if (good) {
        *ret = value;
    } else {
        release_value(&value);
    }
    return good;
}

// ---- statements

// Nothing but the end of the statement may follow its value.
static bool read_end(struct lexer *lexer)
{
    skip_blanks(lexer);
    if (at_line_end(lexer) || peek(lexer, 0) == '#') {
        return true;
    }
    if (peek(lexer, 0) == ';') {
        step(lexer);
        return true;
    }
    const char next = peek(lexer, 0);
    return refuse(lexer, lexer->place,
                  is_quote(next) ? "Python joins two texts side by side; write them as one"
                  : strchr("+-*/%.([", next) != NULL
                      ? "expressions and calls are not supported: write the value itself"
                      : "expected the end of the line behind the value");
}

// A word that is no name of a key.
static bool refuse_statement(const struct lexer *lexer, const char *word, size_t length,
                             struct xm_place place)
{
    static const char *const code[] = {"import", "from",   "def",    "if",     "elif",    "else",
                                       "for",    "while",  "try",    "except", "finally", "with",
                                       "class",  "print",  "exec",   "del",    "global",  "return",
                                       "raise",  "assert", "lambda", "pass",   NULL};
    const char next = peek(lexer, 0);
    if (word_is(word, length, code)) {
        xm_problem(lexer->problems, place,
                   "%.*s is Python, which is not executed here: only NAME = VALUE is read",
                   (int)length, word);
        return false;
    }
    if (next == '(' || next == '.') {
        return refuse(
            lexer, place,
            "this is a call in Python, which is not executed here: only NAME = VALUE is read");
    }
    if (strchr("-*/%|&", next) != NULL && next != '\0' && peek(lexer, 1) == '=') {
        return refuse(lexer, lexer->place,
                      "expressions are not supported: expected \"=\" and the whole value");
    }
    if (next == '[') {
        return refuse(lexer, lexer->place, "expected \"=\"; parts of lists can't be set");
    }
    return refuse(lexer, lexer->place, "expected \"=\" and a value behind the key");
}

static bool read_statement(struct lexer *lexer, struct xm_statement *ret)
{
    struct xm_place place = lexer->place;
    const char *word = lexer->at;
    size_t length = word_length(lexer);
    if (length == 0) {
        return refuse(lexer, place, "expected NAME = VALUE");
    }
    steps(lexer, length);
    skip_blanks(lexer);
    struct xm_statement statement = {
        .place = place,
        .extends = peek(lexer, 0) == '+' && peek(lexer, 1) == '=',
    };
    steps(lexer, statement.extends ? 1 : 0);
    if (peek(lexer, 0) != '=' || peek(lexer, 1) == '=') {
        return refuse_statement(lexer, word, length, place);
    }
    step(lexer);
    skip_blanks(lexer);
    if (!read_value(lexer, 0, &statement.value)) {
        return false;
    }
    if (!read_end(lexer)) {
        release_value(&statement.value);
        return false;
    }
    statement.name = text_copy_bytes(word, length);
    *ret = statement;
    return true;
}

// To the next line that can begin a statement: within a list or a block of Python, lines are
// indented, or close it.
static void recover(struct lexer *lexer)
{
    do {
        skip_line(lexer);
        if (at_end(lexer)) {
            return;
        }
        steps(lexer, *lexer->at == '\r' ? 2 : 1);
    } while (!at_end(lexer) && (at_line_end(lexer) || strchr(" \t])}", *lexer->at) != NULL));
}

// How much of it is text, before the first byte that is not.
static size_t text_length(const char *text, size_t length)
{
    uint32_t point = 0;
    size_t at = 0;
    for (size_t used = 0; at < length; at += used) {
        used = utf8_decode(text + at, length - at, &point);
        if (used == 0 || point == 0) {
            break;
        }
    }
    return at;
}

// NAME += VALUE: adds the value to what the name has. The statement is used up if it does.
static bool extend_statement(struct lexer *lexer, struct xm_statements *statements,
                             struct xm_statement *more)
{
    struct xm_value *value = NULL;
    for (size_t i = 0; i < statements->count; i++) {
        if (text_equal(statements->items[i].name, more->name)) {
            value = &statements->items[i].value;
        }
    }
    struct xm_value *added = &more->value;
    if (value == NULL) {
        return false; // the first of its name: xl takes it as a plain "="
    }
    size_t items = value->count + added->count;
    size_t length = value->kind == XM_TEXT && added->kind == XM_TEXT
                        ? strlen(value->text) + strlen(added->text)
                        : 0;
    if (value->kind != added->kind || value->kind == XM_NUMBER) {
        xm_problem(lexer->problems, added->place,
                   "%.60s: only a text is added to a text, and a "
                   "list to a list",
                   more->name);
    } else if (items > XM_ITEMS_MAX || length > XM_TEXT_MAX) {
        xm_problem(lexer->problems, added->place,
                   "%.60s: this makes more than 256 items or 4096 bytes", more->name);
    } else if (value->kind == XM_TEXT) {
        char *joined = text_format("%s%s", value->text, added->text);
        free(value->text);
        value->text = joined;
    } else if (added->count > 0) {
        value->items = memory_resize(value->items, items, sizeof *added);
        memcpy(value->items + value->count, added->items, added->count * sizeof *added);
        value->count = items;
        added->count = 0;
    }
    if (added->wrong != NULL) {
        mark_wrong(value, added->wrong_at, added->wrong);
    }
    release_value(added);
    free(more->name);
    return true;
}

void xm_statements_read(const char *text, size_t length, struct xm_statements *ret,
                        struct xm_problems *problems)
{
    struct lexer lexer = {text, text + length, {1, 1}, problems};
    struct xm_statements statements = {0};
    size_t good = text_length(text, length);
    if (good < length) {
        steps(&lexer, good);
        (void)refuse(&lexer, lexer.place, "this is not UTF-8 text");
        *ret = statements;
        return;
    }
    for (;;) {
        skip_space(&lexer);
        if (at_end(&lexer)) {
            break;
        }
        if (*lexer.at == ';') {
            step(&lexer);
            continue;
        }
        struct xm_statement statement = {.name = NULL};
        if (statements.count >= XM_STATEMENTS_MAX) {
            (void)refuse(&lexer, lexer.place, "this file has more than 1000 values");
            break;
        }
        if (!read_statement(&lexer, &statement)) {
            recover(&lexer);
        } else if (!statement.extends || !extend_statement(&lexer, &statements, &statement)) {
            statements.items =
                memory_resize(statements.items, statements.count + 1, sizeof statement);
            statements.items[statements.count++] = statement;
        }
    }
    *ret = statements;
}

void xm_statements_clear(struct xm_statements *statements)
{
    for (size_t i = 0; i < statements->count; i++) {
        release_value(&statements->items[i].value);
        free(statements->items[i].name);
    }
    free(statements->items);
    *statements = (struct xm_statements){0};
}

struct xm_place xm_place_within(const struct xm_value *text, size_t offset)
{
    struct xm_place place = {text->place.line, text->place.column + 1};
    const char *at = text->raw;
    for (size_t left = offset;;) {
        size_t join = *at != '\\' ? 0 : at[1] == '\n' ? 2 : at[1] == '\r' && at[2] == '\n' ? 3 : 0;
        if (join > 0) {
            at += join;
            place = (struct xm_place){place.line + 1, 1};
        } else if (left == 0) {
            return place;
        } else {
            if (*at == '\\') {
                at++;
                place.column++;
            }
            at++;
            place.column += is_continued(*at) ? 0 : 1;
            left--;
        }
    }
}
