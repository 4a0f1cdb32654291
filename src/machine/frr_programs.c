// SPDX-License-Identifier: GPL-3.0-or-later
// machine/frr_programs — see frr_programs.h.
#include "machine/frr_programs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LINES_SHOWN 8U  // limit of refused lines
#define WORDS_SHOWN 40U // longest part of such a line, its command, in characters

static const char *const names[FRR_PROGRAMS] = {
    [FRR_ZEBRA] = "zebra",     [FRR_OSPFD] = "ospfd",   [FRR_STATICD] = "staticd",
    [FRR_BFDD] = "bfdd",       [FRR_BGPD] = "bgpd",     [FRR_RIPD] = "ripd",
    [FRR_RIPNGD] = "ripngd",   [FRR_OSPF6D] = "ospf6d", [FRR_ISISD] = "isisd",
    [FRR_FABRICD] = "fabricd", [FRR_EIGRPD] = "eigrpd", [FRR_BABELD] = "babeld",
    [FRR_PIMD] = "pimd",       [FRR_PBRD] = "pbrd",     [FRR_VRRPD] = "vrrpd"};

// First words of lines for a particular program, with any space between them. Other lines are for
// zebra, ospfd or all.
static const struct {
    const char *words;
    enum frr_program program; // FRR_PROGRAMS: one that vrbench does not start, `other`
    const char *other;
} commands[] = {
    {"ip route", FRR_STATICD, NULL},
    {"ipv6 route", FRR_STATICD, NULL},
    {"ip mroute", FRR_STATICD, NULL},
    {"ipv6 mroute", FRR_STATICD, NULL},
    {"router bgp", FRR_BGPD, NULL},
    {"bgp", FRR_BGPD, NULL},
    {"rpki", FRR_BGPD, NULL},
    {"bmp", FRR_BGPD, NULL},
    {"router rip", FRR_RIPD, NULL},
    {"ip rip", FRR_RIPD, NULL},
    {"router ripng", FRR_RIPNGD, NULL},
    {"ipv6 ripng", FRR_RIPNGD, NULL},
    {"router ospf6", FRR_OSPF6D, NULL},
    {"ipv6 ospf6", FRR_OSPF6D, NULL},
    {"router isis", FRR_ISISD, NULL},
    {"ip router isis", FRR_ISISD, NULL},
    {"ipv6 router isis", FRR_ISISD, NULL},
    {"isis", FRR_ISISD, NULL},
    {"router openfabric", FRR_FABRICD, NULL},
    {"ip router openfabric", FRR_FABRICD, NULL},
    {"ipv6 router openfabric", FRR_FABRICD, NULL},
    {"openfabric", FRR_FABRICD, NULL},
    {"router eigrp", FRR_EIGRPD, NULL},
    {"router babel", FRR_BABELD, NULL},
    {"babel", FRR_BABELD, NULL},
    {"ip pim", FRR_PIMD, NULL},
    {"ip igmp", FRR_PIMD, NULL},
    {"ip msdp", FRR_PIMD, NULL},
    {"ip multicast", FRR_PIMD, NULL},
    {"router pim", FRR_PIMD, NULL},
    {"pbr-map", FRR_PBRD, NULL},
    {"pbr-policy", FRR_PBRD, NULL},
    {"vrrp", FRR_VRRPD, NULL},
    {"ipv6 pim", FRR_PROGRAMS, "pim6d"},
    {"ipv6 mld", FRR_PROGRAMS, "pim6d"},
    {"router pim6", FRR_PROGRAMS, "pim6d"},
    {"mpls ldp", FRR_PROGRAMS, "ldpd"},
    {"ip nhrp", FRR_PROGRAMS, "nhrpd"},
    {"ipv6 nhrp", FRR_PROGRAMS, "nhrpd"},
    {"nhrp", FRR_PROGRAMS, "nhrpd"},
};

const char *frr_program_name(enum frr_program program)
{
    return names[program];
}

// ---- lines and words

struct config_line {
    const char *text; // after the leading space
    size_t length;
    unsigned number, column;
};

// Returns the next line and advances `at`. False at the end.
static bool next_line(const char **at, struct config_line *line)
{
    if (**at == '\0') {
        return false;
    }
    size_t whole = strcspn(*at, "\n");
    size_t space = strspn(*at, " \t\r");
    space = space < whole ? space : whole;
    line->number++;
    line->text = *at + space;
    line->length = whole - space;
    line->column = (unsigned)space + 1;
    *at += whole + ((*at)[whole] == '\n');
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool begins_with_words(const struct config_line *line, const char *words)
{
    size_t at = 0;
    for (const char *word = words; *word != '\0'; word++) {
        if (*word == ' ') {
            if (at >= line->length || !is_space(line->text[at])) {
                return false;
            }
            while (at < line->length && is_space(line->text[at])) {
                at++;
            }
        } else if (at >= line->length || line->text[at++] != *word) {
            return false;
        }
    }
    return at == line->length || is_space(line->text[at]);
}

static bool has_word(const struct config_line *line, const char *word)
{
    size_t length = strlen(word);
    for (size_t at = 0; at + length <= line->length; at++) {
        bool begins = at == 0 || is_space(line->text[at - 1]);
        bool ends = at + length == line->length || is_space(line->text[at + length]);
        if (begins && ends && memcmp(line->text + at, word, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_remark(const struct config_line *line)
{
    return line->length == 0 || line->text[0] == '!' || line->text[0] == '#' ||
           begins_with_words(line, "description") || begins_with_words(line, "no");
}

// ---- programs

// Returns the program of a line, FRR_ZEBRA if it is for no particular one; FRR_PROGRAMS and the
// name of one that is not started.
static enum frr_program program_of(const struct config_line *line, const char **ret_other)
{
    for (size_t i = 0; !is_remark(line) && i < sizeof commands / sizeof commands[0]; i++) {
        if (begins_with_words(line, commands[i].words)) {
            *ret_other = commands[i].other;
            return commands[i].program;
        }
    }
    // A separate block; within "router ospf" or "router isis" it is another command.
    if (line->column == 1 && begins_with_words(line, "segment-routing") &&
        line->length == strlen("segment-routing")) {
        *ret_other = "pathd";
        return FRR_PROGRAMS;
    }
    return FRR_ZEBRA;
}

static bool wants_bfd(const struct config_line *line)
{
    return !is_remark(line) && has_word(line, "bfd");
}

void frr_programs_needed(const char *config, bool ret_needed[FRR_PROGRAMS])
{
    struct config_line line = {.number = 0};
    memset(ret_needed, 0, FRR_PROGRAMS * sizeof *ret_needed);
    ret_needed[FRR_ZEBRA] = true;
    ret_needed[FRR_OSPFD] = true;
    for (const char *at = config; next_line(&at, &line);) {
        const char *other = NULL;
        enum frr_program program = program_of(&line, &other);
        if (program < FRR_PROGRAMS) {
            ret_needed[program] = true;
        }
        ret_needed[FRR_BFDD] |= wants_bfd(&line);
    }
}

// Returns the missing program that a line requires, or NULL.
static const char *missing_for(const struct config_line *line, const bool allowed[FRR_PROGRAMS])
{
    const char *other = NULL;
    enum frr_program program = program_of(line, &other);
    if (program == FRR_PROGRAMS) {
        return other;
    }
    if (!allowed[program]) {
        return names[program];
    }
    return wants_bfd(line) && !allowed[FRR_BFDD] ? names[FRR_BFDD] : NULL;
}

int frr_programs_check(const char *config, const char *path, const bool allowed[FRR_PROGRAMS],
                       const char *where, struct error *err)
{
    struct config_line line = {.number = 0};
    _cleanup_free_ char *lines = NULL;
    size_t count = 0;
    for (const char *at = config; next_line(&at, &line);) {
        const char *program = missing_for(&line, allowed);
        if (program == NULL || ++count > LINES_SHOWN) {
            continue;
        }
        _cleanup_free_ char *command =
            text_copy_bytes(line.text, line.length < WORDS_SHOWN ? line.length : WORDS_SHOWN);
        _cleanup_free_ char *printable = text_printable(command);
        text_append(&lines, "\n", "%s:%u:%u: \"%s\" is for %s, which %s", path, line.number,
                    line.column, printable, program, where);
    }
    if (count > LINES_SHOWN) {
        text_append(&lines, "\n", "%s: and %zu lines more", path, count - LINES_SHOWN);
    }
    return count == 0 ? 0 : fail_located(err, lines);
}

size_t frr_command_lines(const char *config)
{
    struct config_line line = {.number = 0};
    size_t count = 0;
    for (const char *at = config; next_line(&at, &line);) {
        count += line.length > 0 && line.text[0] != '!' && line.text[0] != '#';
    }
    return count;
}

// ---- IPv6

bool frr_needs_ipv6(const char *config)
{
    struct config_line line = {.number = 0};
    for (const char *at = config; next_line(&at, &line);) {
        bool used = begins_with_words(&line, "ipv6") || begins_with_words(&line, "router ospf6") ||
                    begins_with_words(&line, "router ripng") ||
                    begins_with_words(&line, "address-family ipv6");
        if (used && !is_remark(&line) && !begins_with_words(&line, "ipv6 prefix-list") &&
            !begins_with_words(&line, "ipv6 access-list")) {
            return true;
        }
    }
    return false;
}

static bool is_of_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

bool bird_needs_ipv6(const char *config)
{
    for (const char *at = config; *at != '\0'; at++) {
        if (*at == '#') {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            at = end == NULL ? at + strlen(at) : end + 1;
        } else if (text_starts(at, "ipv6") && (at == config || !is_of_word(at[-1])) &&
                   !is_of_word(at[4])) {
            return true;
        }
        if (*at == '\0') {
            break;
        }
    }
    return false;
}
