// SPDX-License-Identifier: GPL-3.0-or-later
// machine/guest_counters — see guest_counters.h.
#include "machine/guest_counters.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define WORD_MAX 32U

// Parses a decimal number followed by `end` or the end of the text, and advances `at` behind it.
static int take_number(const char **at, const char *limit, char end, uint64_t *ret)
{
    uint64_t value = 0;
    const char *digit = *at;
    for (; digit < limit && isdigit((unsigned char)*digit); digit++) {
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*digit - '0'), &value)) {
            return -EINVAL;
        }
    }
    if (digit == *at || (digit < limit && *digit != end)) {
        return -EINVAL;
    }
    *at = digit < limit ? digit + 1 : digit;
    *ret = value;
    return 0;
}

static bool take_word(const char **at, const char *limit, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(limit - *at) < length || memcmp(*at, word, length) != 0) {
        return false;
    }
    *at += length;
    return true;
}

int guest_parse_answer(const char *line, size_t length, struct guest_answer *ret, struct error *err)
{
    const char *at = line;
    const char *limit = line + length;
    struct guest_answer answer = {0};
    uint64_t payload = 0;
    bool good = take_number(&at, limit, ' ', &answer.id) == 0;
    if (good) {
        answer.ok = take_word(&at, limit, "ok ");
        good = (answer.ok || take_word(&at, limit, "error ")) &&
               take_number(&at, limit, ' ', &answer.number) == 0 && at < limit &&
               take_number(&at, limit, '\0', &payload) == 0 && at == limit &&
               payload <= GUEST_PAYLOAD_MAX;
    }
    if (!good) {
        return fail(err, 0, "the guest gave an answer that makes no sense");
    }
    answer.length = (size_t)payload;
    *ret = answer;
    return 0;
}

// ---- counters: sections "NAME LENGTH\n" and so many bytes

// Returns the content of a section in a new string; NULL = missing, or the payload is malformed.
static char *section(const char *payload, size_t length, const char *wanted)
{
    const char *limit = payload + length;
    for (const char *at = payload; at < limit;) {
        const char *blank = memchr(at, ' ', (size_t)(limit - at));
        if (blank == NULL || (size_t)(blank - at) > WORD_MAX) {
            return NULL;
        }
        const char *name = at;
        size_t name_length = (size_t)(blank - at);
        uint64_t size = 0;
        at = blank + 1;
        if (take_number(&at, limit, '\n', &size) < 0 || size > (size_t)(limit - at)) {
            return NULL;
        }
        if (strlen(wanted) == name_length && memcmp(name, wanted, name_length) == 0) {
            return text_copy_bytes(at, (size_t)size);
        }
        at += size;
    }
    return NULL;
}

// Adds drops of queueing disciplines, a line "INTERFACE DROPPED" each.
static int add_qdiscs(const char *text, const struct guest_link *links, size_t link_count,
                      struct link_counters *found, struct error *err)
{
    const char *limit = text + strlen(text);
    for (const char *at = text; at < limit;) {
        size_t name = strcspn(at, " \n");
        const char *number = at + name + 1;
        uint64_t drops = 0;
        if (at[name] != ' ' || take_number(&number, limit, '\n', &drops) < 0) {
            return fail(err, 0, "the guest's queueing counters make no sense");
        }
        for (size_t i = 0; i < link_count; i++) {
            if (strlen(links[i].name) == name && strncmp(at, links[i].name, name) == 0) {
                found[i].qdisc_egress += drops;
            }
        }
        at = number;
    }
    return 0;
}

static int read_links(const char *payload, size_t length, const struct guest_link *links,
                      size_t link_count, struct namespace_counters *ret, struct error *err)
{
    _cleanup_free_ char *dev = section(payload, length, "dev");
    _cleanup_free_ char *qdisc = section(payload, length, "qdisc");
    if (dev == NULL || qdisc == NULL) {
        return fail(err, 0, "the guest gave no counters of its interfaces");
    }
    ret->links = memory_new_array(struct link_counters, link_count + 1);
    ret->link_count = link_count;
    for (size_t i = 0; i < link_count; i++) {
        ret->links[i] = (struct link_counters){.index = links[i].index};
        int rc = counters_parse_link(dev, links[i].name, &ret->links[i], err);
        if (rc < 0) {
            return rc;
        }
    }
    return add_qdiscs(qdisc, links, link_count, ret->links, err);
}

int guest_parse_counters(const char *payload, size_t length, const struct guest_link *links,
                         size_t link_count, struct namespace_counters *ret, struct error *err)
{
    struct namespace_counters found = {0};
    _cleanup_free_ char *snmp = section(payload, length, "snmp");
    _cleanup_free_ char *snmp6 = section(payload, length, "snmp6");
    _cleanup_free_ char *netstat = section(payload, length, "netstat");
    const char *six = snmp6 == NULL || *snmp6 == '\0' ? NULL : snmp6; // its kernel has no IPv6
    int rc = snmp == NULL ? fail(err, 0, "the guest gave no counters of its IP layer") : 0;
    rc = rc == 0 ? read_links(payload, length, links, link_count, &found, err) : rc;
    rc = rc == 0 ? counters_parse_ip(snmp, netstat, &found.ip, err) : rc;
    rc = rc == 0 ? counters_parse_udp(snmp, &found.udp, err) : rc;
    rc = rc == 0 ? counters_parse_ip6(six, &found.ip6, &found.udp, err) : rc;
    if (rc < 0) {
        counters_clear(&found);
        return rc;
    }
    *ret = found;
    return 0;
}

// ---- routes and words

int guest_parse_nic(const char *payload, size_t length, char ret[GUEST_NIC_MAX], struct error *err)
{
    bool good = length < GUEST_NIC_MAX;
    for (size_t i = 0; good && i < length; i++) {
        unsigned char byte = (unsigned char)payload[i];
        good = byte < 128 && (isalnum(byte) || byte == '.' || byte == '-' || byte == '_');
    }
    if (!good) {
        return fail(err, 0, "the guest named an interface that makes no sense");
    }
    memcpy(ret, payload, length);
    ret[length] = '\0';
    return 0;
}

void guest_take_words(const char *payload, size_t length, char *ret, size_t room)
{
    size_t kept = length < room ? length : room - 1;
    for (size_t i = 0; i < kept; i++) {
        ret[i] = (char)(payload[i] >= ' ' && payload[i] < 127 ? payload[i] : '?');
    }
    ret[kept] = '\0';
}
