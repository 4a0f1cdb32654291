// SPDX-License-Identifier: GPL-3.0-or-later
// face/xentop_text — see xentop_text.h. Called by `vrbench xen-stats`.
#include "face/xentop_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define COLUMNS_MAX  40
#define STATE_LENGTH 6
#define WORD_MAX     31    // longest figure, in bytes
#define DOMAINS_MAX  32752 // Xen's limit of domain numbers

enum column {
    COLUMN_NAME,
    COLUMN_STATE,
    COLUMN_SECONDS,
    COLUMN_PERCENT,
    COLUMN_TX,
    COLUMN_RX,
    COLUMN_MAXMEM, // the column that may have two words
    COLUMN_OTHER,
};
#define COLUMNS_NEEDED COLUMN_MAXMEM

static const char *const column_names[] = {"NAME",     "STATE",    "CPU(sec)", "CPU(%)",
                                           "NETTX(k)", "NETRX(k)", "MAXMEM(k)"};

struct reader {
    const char *at, *end; // of the line, without its end
    unsigned line;
    enum column columns[COLUMNS_MAX];
    size_t column_count; // 0 = no head line so far
    struct xentop now;   // the iteration in progress
    size_t block;        // domains since the last head line
    size_t block_before; // domains between the last two head lines
    bool in_vcpus;       // the previous line listed vCPUs
    bool in_pcpus;       // in the table of physical CPUs
};

static void clear_domains(struct xentop *xentop)
{
    for (size_t i = 0; i < xentop->count; i++) {
        free(xentop->domains[i].name);
        free(xentop->domains[i].nets);
    }
    free(xentop->domains);
    xentop->domains = NULL;
    xentop->count = 0;
}

void xentop_clear(struct xentop *xentop)
{
    clear_domains(xentop);
    *xentop = (struct xentop){0};
}

static int refuse(const struct reader *reader, const char *why, struct error *err)
{
    return fail_input(err, "xentop, line %u: %s", reader->line, why);
}

// ---- words

// Takes the next word of the line; "" at its end.
static size_t take_word(struct reader *reader, const char **ret)
{
    while (reader->at < reader->end && *reader->at == ' ') {
        reader->at++;
    }
    *ret = reader->at;
    while (reader->at < reader->end && *reader->at != ' ') {
        reader->at++;
    }
    return (size_t)(reader->at - *ret);
}

static bool word_is(const char *word, size_t length, const char *wanted)
{
    return strlen(wanted) == length && memcmp(word, wanted, length) == 0;
}

// Parses digits, at most as many as a number has; false otherwise.
static bool read_number(const char *word, size_t length, uint64_t *ret)
{
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(word[i] - '0');
        if (word[i] < '0' || word[i] > '9' || number > (UINT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *ret = number;
    return length > 0;
}

// Parses a number in the format "%.1f".
static bool read_percent(const char *word, size_t length, double *ret)
{
    uint64_t whole = 0;
    if (length < 3 || length > 9 || word[length - 2] != '.' || word[length - 1] < '0' ||
        word[length - 1] > '9' || !read_number(word, length - 2, &whole)) {
        return false;
    }
    *ret = (double)whole + (double)(word[length - 1] - '0') / 10.0;
    return true;
}

// ---- the head line

static bool is_head(struct reader reader)
{
    const char *word = NULL;
    size_t length = take_word(&reader, &word);
    bool name = word_is(word, length, "NAME");
    length = take_word(&reader, &word);
    return name && word_is(word, length, "STATE");
}

static int read_head(struct reader *reader, struct error *err)
{
    unsigned seen = 0;
    reader->column_count = 0;
    for (;;) {
        const char *word = NULL;
        size_t length = take_word(reader, &word);
        if (length == 0) {
            break;
        }
        if (reader->column_count == COLUMNS_MAX) {
            return refuse(reader, "this head line has too many columns", err);
        }
        unsigned column = 0;
        while (column < COLUMN_OTHER && !word_is(word, length, column_names[column])) {
            column++;
        }
        if (column < COLUMN_OTHER && (seen & 1U << column) != 0) {
            return refuse(reader, "this head line names a column twice", err);
        }
        seen |= 1U << column;
        reader->columns[reader->column_count++] = (enum column)column;
    }
    for (unsigned column = 0; column < COLUMNS_NEEDED; column++) {
        if ((seen & 1U << column) == 0) {
            return fail_input(err, "xentop, line %u: this head line has no column %s", reader->line,
                              column_names[column]);
        }
    }
    reader->block_before = reader->block;
    reader->block = 0;
    return 0;
}

// ---- a domain

// Finds the last word of the line that has the form of a state, because a name may have any form.
static const char *find_state(const struct reader *reader)
{
    static const char letters[] = "dsbcpr";
    if (reader->end - reader->at <= STATE_LENGTH) {
        return NULL;
    }
    for (const char *at = reader->end - STATE_LENGTH; at > reader->at; at--) {
        bool state = at[-1] == ' ' && (at + STATE_LENGTH == reader->end || at[STATE_LENGTH] == ' ');
        for (size_t i = 0; state && i < STATE_LENGTH; i++) {
            state = at[i] == '-' || at[i] == letters[i];
        }
        if (state) {
            return at;
        }
    }
    return NULL;
}

static int read_figure(const struct reader *reader, enum column column, const char *word,
                       size_t length, struct xentop_domain *domain, struct error *err)
{
    uint64_t *number = column == COLUMN_SECONDS ? &domain->cpu_seconds
                       : column == COLUMN_TX    ? &domain->tx_kib
                       : column == COLUMN_RX    ? &domain->rx_kib
                                                : NULL;
    bool good = number != NULL             ? read_number(word, length, number)
                : column == COLUMN_PERCENT ? read_percent(word, length, &domain->cpu_percent)
                                           : true;
    if (good) {
        return 0;
    }
    return fail_input(err, "xentop, line %u: %s is \"%.*s\", expected a %s", reader->line,
                      column_names[column], (int)(length > WORD_MAX ? WORD_MAX : length), word,
                      column == COLUMN_PERCENT ? "percentage with one decimal" : "whole number");
}

static int read_figures(struct reader *reader, struct xentop_domain *domain, struct error *err)
{
    const char *word = NULL;
    for (size_t i = 2; i < reader->column_count; i++) {
        size_t length = take_word(reader, &word);
        if (length == 0) {
            return refuse(reader, "this line is incomplete: a column is missing", err);
        }
        if (reader->columns[i] == COLUMN_MAXMEM && word_is(word, length, "no")) {
            length = take_word(reader, &word);
            if (!word_is(word, length, "limit")) {
                return refuse(reader, "expected \"no limit\" or a number as MAXMEM(k)", err);
            }
        }
        int rc = read_figure(reader, reader->columns[i], word, length, domain, err);
        if (rc < 0) {
            return rc;
        }
    }
    return take_word(reader, &word) == 0
               ? 0
               : refuse(reader, "this line has more columns than the head line", err);
}

// Whether a domain of that name, the first below a head line, begins the next iteration. With -r
// each domain has its own head line.
static bool begins_iteration(const struct reader *reader, const char *name)
{
    return reader->now.count == 0 || reader->block_before > 1 ||
           text_equal(reader->now.domains[0].name, name);
}

static int read_domain(struct reader *reader, const char *state, struct error *err)
{
    struct xentop *now = &reader->now;
    const char *begin = reader->at + strspn(reader->at, " ");
    const char *end = state;
    while (end > begin && end[-1] == ' ') {
        end--;
    }
    if (begin >= end) {
        return refuse(reader, "this domain has no name", err);
    }
    _cleanup_free_ char *name = text_copy_bytes(begin, (size_t)(end - begin));
    struct xentop_domain domain = {.cpu_percent = 0.0};
    memcpy(domain.state, state, STATE_LENGTH);
    reader->at = state + STATE_LENGTH;
    int rc = read_figures(reader, &domain, err);
    if (rc < 0) {
        return rc;
    }
    if (reader->block == 0 && begins_iteration(reader, name)) {
        clear_domains(now);
        now->iterations++;
    }
    for (size_t i = 0; i < now->count; i++) {
        if (text_equal(now->domains[i].name, name)) {
            _cleanup_free_ char *clean = text_printable(name);
            return fail_input(
                err,
                "xentop, line %u: a second domain \"%s\": xentop truncates names to ten "
                "characters unless option -f is given",
                reader->line, clean);
        }
    }
    if (now->count == DOMAINS_MAX) {
        return refuse(reader, "more domains than Xen has numbers for", err);
    }
    domain.name = steal_pointer(&name);
    if ((now->count & (now->count - 1)) == 0) { // 0 or a power of two: the array is full
        now->domains =
            memory_resize(now->domains, now->count == 0 ? 1 : 2 * now->count, sizeof domain);
    }
    now->domains[now->count++] = domain;
    reader->block++;
    return 0;
}

// ---- what options add

// Takes a number followed directly by its unit: "105pkts".
static bool take_count(struct reader *reader, const char *unit, uint64_t *ret)
{
    const char *word = NULL;
    size_t length = take_word(reader, &word);
    size_t tail = strlen(unit);
    return length > tail && memcmp(word + length - tail, unit, tail) == 0 &&
           read_number(word, length - tail, ret);
}

static bool take_way(struct reader *reader, const char *head, struct xentop_way *ret)
{
    const char *word = NULL;
    size_t length = take_word(reader, &word);
    return word_is(word, length, head) && take_count(reader, "bytes", &ret->bytes) &&
           take_count(reader, "pkts", &ret->packets) && take_count(reader, "err", &ret->errors) &&
           take_count(reader, "drop", &ret->drops);
}

static int read_net(struct reader *reader, struct error *err)
{
    const char *word = NULL;
    uint64_t number = 0;
    size_t length = take_word(reader, &word);
    struct xentop_net net = {.number = 0};
    if (!read_number(word + 3, length - 3, &number) || number > 9999 ||
        !take_way(reader, "RX:", &net.rx) || !take_way(reader, "TX:", &net.tx) ||
        take_word(reader, &word) != 0) {
        return refuse(reader, "expected such as Net0 RX: 8832bytes 105pkts 0err 0drop TX: …", err);
    }
    struct xentop_domain *domain = &reader->now.domains[reader->now.count - 1];
    net.number = (unsigned)number;
    domain->nets = memory_resize(domain->nets, domain->net_count + 1, sizeof net);
    domain->nets[domain->net_count++] = net;
    return 0;
}

// " 5:          3s  6:          1s": vCPUs for which the previous line had no room.
static bool is_vcpus(struct reader reader)
{
    const char *word = NULL;
    for (size_t count = 0;; count++) {
        uint64_t number = 0;
        size_t length = take_word(&reader, &word);
        if (length == 0) {
            return count > 0;
        }
        if (word[length - 1] != ':' || !read_number(word, length - 1, &number) ||
            !take_count(&reader, "s", &number)) {
            return false;
        }
    }
}

static bool line_starts(const struct reader *reader, const char *head)
{
    size_t length = strlen(head);
    return (size_t)(reader->end - reader->at) >= length && memcmp(reader->at, head, length) == 0;
}

// The table that -p adds since Xen 4.21, below the domains:
// "Physical CPU Usage:", lines "+-------+--------+", "| Core  | Usage  |" and "| 0     |   2.0% |".
static bool is_pcpus(struct reader *reader)
{
    bool head = line_starts(reader, "Physical CPU Usage:");
    reader->in_pcpus =
        head || (reader->in_pcpus && (line_starts(reader, "+-") || line_starts(reader, "| ")));
    return reader->in_pcpus || line_starts(reader, "No PCPU data available");
}

static int read_detail(struct reader *reader, struct error *err)
{
    bool in_vcpus = reader->in_vcpus;
    bool vcpus = line_starts(reader, "VCPUs(sec):");
    reader->in_vcpus = vcpus || (in_vcpus && is_vcpus(*reader));
    if (reader->block == 0) {
        return refuse(reader, "expected a domain below the head line", err);
    }
    if (line_starts(reader, "Net") && reader->end - reader->at > 3 && reader->at[3] >= '0' &&
        reader->at[3] <= '9') {
        return read_net(reader, err);
    }
    if (reader->in_vcpus || line_starts(reader, "VBD ") || line_starts(reader, "Tmem:")) {
        return 0;
    }
    return refuse(reader, "expected a domain, or what -n, -p, -v or -x adds", err);
}

// ---- the text

static int read_line(struct reader *reader, struct error *err)
{
    if (reader->at == reader->end) {
        return 0;
    }
    if (is_head(*reader)) {
        reader->in_vcpus = false;
        reader->in_pcpus = false;
        return read_head(reader, err);
    }
    if (reader->block > 0 && is_pcpus(reader)) {
        reader->in_vcpus = false;
        return 0;
    }
    if (reader->column_count == 0) {
        return refuse(reader, "expected xentop's head line, NAME STATE CPU(sec) …", err);
    }
    const char *state = find_state(reader);
    if (state != NULL) {
        reader->in_vcpus = false;
        return read_domain(reader, state, err);
    }
    return read_detail(reader, err);
}

// Checks that the iteration has CPU(%).
static int check_last(const struct xentop *last, struct error *err)
{
    bool used = last->iterations > 1;
    for (size_t i = 0; i < last->count; i++) {
        used = used || last->domains[i].cpu_percent > 0.0;
    }
    if (last->count == 0) {
        return fail_input(err, "xentop: the text contains no domain");
    }
    return used ? 0
                : fail_input(err, "xentop: only the first iteration, whose CPU(%%) always "
                                  "reads 0.0; use two: xentop -b -i 2");
}

int xentop_text_parse(const char *text, struct xentop *ret, struct error *err)
{
    struct reader reader = {.line = 0};
    int rc = 0;
    for (const char *at = text; rc == 0 && *at != '\0';) {
        size_t length = strcspn(at, "\n");
        bool ended = at[length] == '\n';
        reader.at = at;
        reader.end = at + length - (length > 0 && at[length - 1] == '\r' ? 1 : 0);
        reader.line++;
        rc = read_line(&reader, err);
        at += length + (ended ? 1 : 0);
    }
    if (rc == 0) {
        rc = check_last(&reader.now, err);
    }
    if (rc < 0) {
        xentop_clear(&reader.now);
        return rc;
    }
    *ret = reader.now;
    return 0;
}

int xentop_stats(const struct xentop *xentop, struct xen_stats *ret, struct error *err)
{
    struct xen_stats stats = {0};
    for (size_t i = 0; i < xentop->count; i++) {
        const struct xentop_domain *domain = &xentop->domains[i];
        _cleanup_free_ char *name = text_copy(domain->name);
        for (char *at = name; *at != '\0'; at++) {
            *at = *at > ' ' && *at < 0x7f ? *at : '_';
        }
        if (xen_stats_find(&stats, name) != NULL) {
            xen_stats_clear(&stats);
            return fail_input(err,
                              "xentop: two domains are called \"%s\" after other characters were "
                              "replaced by \"_\"",
                              name);
        }
        struct xen_domain *reported = xen_stats_add(&stats, name);
        reported->cpu_seconds = domain->cpu_seconds;
        reported->cpu_percent = domain->cpu_percent;
        reported->tx_kib = domain->tx_kib;
        reported->rx_kib = domain->rx_kib;
    }
    *ret = stats;
    return 0;
}
