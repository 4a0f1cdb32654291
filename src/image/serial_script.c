// SPDX-License-Identifier: GPL-3.0-or-later
// image/serial_script — parses scripts, see serial_script.h. Run by machine/serial_play.c.
#include "image/serial_script.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"

#define TIMEOUT_NS   (30 * NS_PER_S)
#define PROBLEMS_MAX 100
#define STEP_MAX     65536U // longest text of a step, in bytes
#define NAME_MAX_    64

struct reader {
    const char *file;
    const struct router_config *router;
    struct serial_script *script;
    const char *line, *end; // of the present line
    const char *at;
    unsigned number;
    uint64_t timeout_ns;
    FILE *problems;
    unsigned problem_count;
};

static bool problem(struct reader *reader, const char *where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Adds a problem at a position; returns false.
static bool problem(struct reader *reader, const char *where, const char *format, ...)
{
    if (reader->problem_count++ < PROBLEMS_MAX) {
        fprintf(reader->problems, "%s%s:%u:%zu: ", reader->problem_count > 1 ? "\n" : "",
                reader->file, reader->number, (size_t)(where - reader->line) + 1);
        va_list args;
        va_start(args, format);
        vfprintf(reader->problems, format, args);
        va_end(args);
    }
    return false;
}

// ---- placeholders

static void put_mac(FILE *out, const uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        fprintf(out, i == 0 ? "%02x" : ":%02x", mac[i]);
    }
}

static const struct router_config_neighbour *neighbour_of(const struct reader *reader,
                                                          const char *nic)
{
    for (size_t i = 0; i < reader->router->neighbour_count; i++) {
        if (text_equal(reader->router->neighbours[i].nic, nic)) {
            return &reader->router->neighbours[i];
        }
    }
    return NULL;
}

// Writes the value of an interface's placeholder. False if there is no such placeholder.
static bool put_of_nic(const struct reader *reader, FILE *out, const char *what,
                       const struct router_config_nic *nic)
{
    const struct router_config_neighbour *neighbour = neighbour_of(reader, nic->name);
    const struct ip_interface *ip = &nic->ip;
    char text[IP_TEXT_SIZE];
    if (text_equal(what, "address")) {
        fprintf(out, "%s/%u", ip_text(&ip->address, text), ip->prefix);
    } else if (text_equal(what, "ip")) {
        fputs(ip_text(&ip->address, text), out);
    } else if (text_equal(what, "prefix")) {
        fprintf(out, "%u", ip->prefix);
    } else if (text_equal(what, "mask")) {
        struct ip_address ones = {.version = ip->address.version};
        memset(ones.bytes, 0xff, sizeof ones.bytes);
        ones = ip_subnet(&ones, ip->prefix);
        fputs(ip_text(&ones, text), out);
    } else if (text_equal(what, "mac")) {
        put_mac(out, nic->mac);
    } else if (text_equal(what, "mtu")) {
        fprintf(out, "%u", nic->mtu);
    } else if (text_equal(what, "neighbour") && neighbour != NULL) {
        fputs(ip_text(&neighbour->address, text), out);
    } else if (text_equal(what, "neighbour_mac") && neighbour != NULL) {
        put_mac(out, neighbour->mac);
    } else {
        return false;
    }
    return true;
}

// At "{NAME}": writes the value and moves behind it.
static bool put_in(struct reader *reader, FILE *out)
{
    const char *begin = reader->at;
    const char *close = memchr(begin, '}', (size_t)(reader->end - begin));
    size_t length = close == NULL ? NAME_MAX_ : (size_t)(close - begin) - 1;
    if (length >= NAME_MAX_) {
        return problem(reader, begin, "no } for this {; write a { itself as \\{");
    }
    char name[NAME_MAX_];
    memcpy(name, begin + 1, length);
    name[length] = '\0';
    reader->at = close + 1;
    if (text_equal(name, "name")) {
        fputs(reader->router->name, out);
        return true;
    }
    char *dot = strchr(name, '.');
    if (dot != NULL) {
        *dot = '\0';
        for (size_t i = 0; i < reader->router->nic_count; i++) {
            if (text_equal(reader->router->nics[i].name, dot + 1)) {
                return put_of_nic(reader, out, name, &reader->router->nics[i]) ||
                       problem(reader, begin, "an interface has no {%s.%s}", name, dot + 1);
            }
        }
        return problem(reader, begin, "the router has no interface \"%s\"", dot + 1);
    }
    return problem(reader, begin, "{%s} is unknown; expected {name} or such as {address.eth0}",
                   name);
}

// ---- quoted text

static int hex(char digit)
{
    return isdigit((unsigned char)digit)    ? digit - '0'
           : isxdigit((unsigned char)digit) ? tolower((unsigned char)digit) - 'a' + 10
                                            : -1;
}

// At a backslash: writes the character and moves behind it.
static bool put_escape(struct reader *reader, FILE *out)
{
    static const char names[] = "rnte\\\"{";
    static const char bytes[] = "\r\n\t\033\\\"{";
    const char *begin = reader->at;
    size_t left = (size_t)(reader->end - begin);
    char which = left > 1 ? begin[1] : '\0';
    const char *found = which == '\0' ? NULL : strchr(names, which);
    if (found != NULL) {
        fputc(bytes[found - names], out);
        reader->at += 2;
        return true;
    }
    if (which == 'x' && left > 3 && hex(begin[2]) >= 0 && hex(begin[3]) >= 0) {
        fputc(hex(begin[2]) * 16 + hex(begin[3]), out);
        reader->at += 4;
        return true;
    }
    reader->at += left > 1 ? 2 : 1;
    return problem(reader, begin,
                   "unknown escape; there are \\r \\n \\t \\e \\\\ \\\" \\{ and \\xHH");
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t')) {
        reader->at++;
    }
}

// Reads "…" up to its closing quote, even if there is a problem in between.
static bool read_quoted(struct reader *reader, char **ret, size_t *ret_length)
{
    const char *begin = reader->at;
    if (begin >= reader->end || *begin != '"') {
        return problem(reader, begin, "expected a text in \"quotes\"");
    }
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        abort();
    }
    bool good = true;
    reader->at++;
    while (reader->at < reader->end && *reader->at != '"') {
        if (*reader->at == '\\') {
            good &= put_escape(reader, out);
        } else if (*reader->at == '{') {
            const char *before = reader->at;
            good &= put_in(reader, out);
            reader->at += reader->at == before;
        } else if (iscntrl((unsigned char)*reader->at)) {
            good = problem(reader, reader->at++, "a control character; write it as \\xHH");
        } else {
            fputc(*reader->at++, out);
        }
    }
    fclose(out);
    if (reader->at >= reader->end) {
        good = problem(reader, begin, "this quote is not closed");
    } else {
        reader->at++;
    }
    if (good && (length == 0 || length > STEP_MAX)) {
        good = problem(reader, begin, "expected 1 to %u bytes of text", STEP_MAX);
    }
    if (!good) {
        free(text);
        return false;
    }
    *ret = text;
    *ret_length = length;
    return true;
}

// ---- lines

static bool nothing_more(struct reader *reader)
{
    skip_blanks(reader);
    return reader->at == reader->end || problem(reader, reader->at, "expected the end of the line");
}

static void read_step(struct reader *reader, enum serial_deed deed)
{
    struct serial_step step = {
        .deed = deed, .line = reader->number, .timeout_ns = reader->timeout_ns};
    skip_blanks(reader);
    if (!read_quoted(reader, &step.text, &step.length)) {
        return;
    }
    struct serial_script *script = reader->script;
    script->steps = memory_resize(script->steps, script->count + 1, sizeof step);
    script->steps[script->count++] = step;
    (void)nothing_more(reader);
}

static void read_timeout(struct reader *reader)
{
    skip_blanks(reader);
    _cleanup_free_ char *text = text_copy_bytes(reader->at, (size_t)(reader->end - reader->at));
    _cleanup_error_ struct error why = ERROR_INIT;
    uint64_t ns = 0;
    if (strlen(text) != (size_t)(reader->end - reader->at) || parse_duration(text, &ns, &why) < 0) {
        (void)problem(reader, reader->at, "%s",
                      why.text == NULL ? "expected a time such as 30 s" : why.text);
        return;
    }
    reader->timeout_ns = ns;
}

static void read_line(struct reader *reader)
{
    if (reader->end > reader->line && reader->end[-1] == '\r') {
        reader->end--; // a carriage return of another system's editor
    }
    reader->at = reader->line;
    skip_blanks(reader);
    const char *word = reader->at;
    while (reader->at < reader->end && islower((unsigned char)*reader->at)) {
        reader->at++;
    }
    size_t length = (size_t)(reader->at - word);
    if (word == reader->end || *word == '#') {
        return;
    }
    if (length == 6 && memcmp(word, "expect", length) == 0) {
        read_step(reader, SERIAL_EXPECT);
    } else if (length == 4 && memcmp(word, "send", length) == 0) {
        read_step(reader, SERIAL_SEND);
    } else if (length == 7 && memcmp(word, "timeout", length) == 0) {
        read_timeout(reader);
    } else {
        (void)problem(reader, word, "expected expect, send or timeout");
    }
}

int serial_script_parse(const char *file, const char *text, size_t length,
                        const struct router_config *router, struct serial_script *ret,
                        struct error *err)
{
    struct serial_script script = {0};
    _cleanup_free_ char *problems = NULL;
    size_t problems_length = 0;
    struct reader reader = {.file = file,
                            .router = router,
                            .script = &script,
                            .timeout_ns = TIMEOUT_NS,
                            .problems = open_memstream(&problems, &problems_length)};
    if (reader.problems == NULL) {
        abort();
    }
    const char *limit = text + length;
    for (const char *line = text; line < limit;) {
        const char *end = memchr(line, '\n', (size_t)(limit - line));
        reader.number++;
        reader.line = line;
        reader.end = end == NULL ? limit : end;
        read_line(&reader);
        line = end == NULL ? limit : end + 1;
    }
    if (reader.problem_count == 0 && script.count == 0) {
        reader.line = text;
        reader.number = 1;
        (void)problem(&reader, text, "this script does nothing");
    }
    fclose(reader.problems);
    if (reader.problem_count > 0) {
        serial_script_clear(&script);
        return fail_located(err, problems);
    }
    *ret = script;
    return 0;
}

void serial_script_clear(struct serial_script *script)
{
    for (size_t i = 0; i < script->count; i++) {
        free(script->steps[i].text);
    }
    free(script->steps);
    *script = (struct serial_script){0};
}
