// SPDX-License-Identifier: GPL-3.0-or-later
// face/xen_stats — see xen_stats.h: writes and parses the text. Called by `vrbench xen-stats`.
#include "face/xen_stats.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NUMBER_MAX 20 // digits of UINT64_MAX
#define INDENT     "     "

void xen_stats_clear(struct xen_stats *stats)
{
    for (size_t i = 0; i < stats->count; i++) {
        free(stats->domains[i].name);
    }
    free(stats->domains);
    *stats = (struct xen_stats){0};
}

struct xen_domain *xen_stats_add(struct xen_stats *stats, const char *name)
{
    stats->domains = memory_resize(stats->domains, stats->count + 1, sizeof(struct xen_domain));
    stats->domains[stats->count] = (struct xen_domain){.name = text_copy(name)};
    return &stats->domains[stats->count++];
}

const struct xen_domain *xen_stats_find(const struct xen_stats *stats, const char *name)
{
    for (size_t i = 0; i < stats->count; i++) {
        if (text_equal(stats->domains[i].name, name)) {
            return &stats->domains[i];
        }
    }
    return NULL;
}

// ---- writing

char *xen_stats_text(const struct xen_stats *stats)
{
    char *text = text_copy("");
    for (size_t i = 0; i < stats->count; i++) {
        const struct xen_domain *domain = &stats->domains[i];
        text_append(&text, "\n",
                    "Name: %s\n" INDENT "cpu_sec: %llu\n" INDENT "cpu_percent: %.1f\n" INDENT
                    "NETTX: %llu\n" INDENT "NETRX: %llu\n",
                    domain->name, (unsigned long long)domain->cpu_seconds, domain->cpu_percent,
                    (unsigned long long)domain->tx_kib, (unsigned long long)domain->rx_kib);
    }
    return text;
}

// ---- reading

struct reader {
    const char *at; // next line
    unsigned line;  // number of the next line, from 1
};

static int refuse(const struct reader *reader, const char *wanted, struct error *err)
{
    return fail_input(err, "xen-stats, line %u: expected %s", reader->line, wanted);
}

// Returns the value of the next line, which must begin with `head`, as a span of the text.
static int take_line(struct reader *reader, const char *head, const char **ret, size_t *ret_length,
                     struct error *err)
{
    if (!text_starts(reader->at, head)) {
        return refuse(reader, head, err);
    }
    const char *value = reader->at + strlen(head);
    size_t length = strcspn(value, "\n");
    reader->at = value + length + (value[length] == '\n');
    *ret = value;
    *ret_length = length;
    return 0;
}

// A whole number as printf writes it.
static int take_number(struct reader *reader, const char *head, uint64_t *ret, struct error *err)
{
    const char *value = "";
    size_t length = 0;
    int rc = take_line(reader, head, &value, &length, err);
    if (rc < 0) {
        return rc;
    }
    errno = 0;
    bool digits = length > 0 && length <= NUMBER_MAX && strspn(value, "0123456789") == length &&
                  (value[0] != '0' || length == 1);
    uint64_t number = digits ? strtoull(value, NULL, 10) : 0;
    if (!digits || errno != 0) {
        return refuse(reader, "a whole number", err);
    }
    reader->line++;
    *ret = number;
    return 0;
}

// A number with one decimal.
static int take_percent(struct reader *reader, const char *head, double *ret, struct error *err)
{
    const char *value = "";
    size_t length = 0;
    int rc = take_line(reader, head, &value, &length, err);
    if (rc < 0) {
        return rc;
    }
    size_t whole = strspn(value, "0123456789");
    if (whole == 0 || whole > 7 || (value[0] == '0' && whole > 1) || length != whole + 2 ||
        value[whole] != '.' || value[whole + 1] < '0' || value[whole + 1] > '9') {
        return refuse(reader, "a percentage with one decimal", err);
    }
    reader->line++;
    *ret = (double)strtoull(value, NULL, 10) + (double)(value[whole + 1] - '0') / 10.0;
    return 0;
}

static int take_name(struct reader *reader, const struct xen_stats *stats, char **ret,
                     struct error *err)
{
    const char *value = "";
    size_t length = 0;
    int rc = take_line(reader, "Name: ", &value, &length, err);
    if (rc < 0) {
        return rc;
    }
    bool good = length > 0;
    for (size_t i = 0; i < length; i++) {
        good = good && value[i] > ' ' && value[i] < 0x7f;
    }
    _cleanup_free_ char *name = text_format("%.*s", (int)length, value);
    if (!good || xen_stats_find(stats, name) != NULL) {
        return refuse(reader, "a name that no other domain has", err);
    }
    reader->line++;
    *ret = steal_pointer(&name);
    return 0;
}

static int take_domain(struct reader *reader, struct xen_stats *stats, struct error *err)
{
    _cleanup_free_ char *name = NULL;
    int rc = take_name(reader, stats, &name, err);
    if (rc < 0) {
        return rc;
    }
    struct xen_domain *domain = xen_stats_add(stats, name);
    rc = take_number(reader, INDENT "cpu_sec: ", &domain->cpu_seconds, err);
    if (rc == 0) {
        rc = take_percent(reader, INDENT "cpu_percent: ", &domain->cpu_percent, err);
    }
    if (rc == 0) {
        rc = take_number(reader, INDENT "NETTX: ", &domain->tx_kib, err);
    }
    return rc == 0 ? take_number(reader, INDENT "NETRX: ", &domain->rx_kib, err) : rc;
}

int xen_stats_parse(const char *text, struct xen_stats *ret, struct error *err)
{
    struct xen_stats stats = {0};
    struct reader reader = {.at = text, .line = 1};
    int rc = 0;
    while (rc == 0 && *reader.at != '\0') {
        if (stats.count > 0) {
            rc = *reader.at == '\n' && reader.at[1] != '\0'
                     ? 0
                     : refuse(&reader, "a blank line and another domain", err);
            reader.at += rc == 0;
            reader.line++;
        }
        if (rc == 0) {
            rc = take_domain(&reader, &stats, err);
        }
    }
    if (rc < 0) {
        xen_stats_clear(&stats);
        return rc;
    }
    *ret = stats;
    return 0;
}
