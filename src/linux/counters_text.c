// SPDX-License-Identifier: GPL-3.0-or-later
// linux/counters_text — parses counters from texts of /proc/net, of this kernel or of a virtual
// machine's kernel; see counters.h.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "linux/counters.h"

// Finds the value under heading `name` of group `group` in a text of the form "Ip: A B C\nIp: 1 2
// 3\n".
static int named_value(const char *text, const char *group, const char *name, uint64_t *ret)
{
    size_t group_length = strlen(group);
    size_t name_length = strlen(name);
    const char *line = text;
    while (line != NULL && strncmp(line, group, group_length) != 0) {
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    const char *values = line == NULL ? NULL : strchr(line, '\n');
    if (values == NULL || strncmp(values + 1, group, group_length) != 0) {
        return -ENOENT;
    }
    const char *heading = line + group_length;
    const char *value = values + 1 + group_length;
    while (*heading == ' ') {
        heading++;
        char *end = NULL;
        uint64_t number = strtoull(value, &end, 10);
        if (end == value) {
            return -EINVAL;
        }
        value = end;
        size_t length = strcspn(heading, " \n");
        if (length == name_length && strncmp(heading, name, length) == 0) {
            *ret = number;
            return 0;
        }
        heading += length;
    }
    return -ENOENT;
}

struct ip_row {
    const char *name;
    size_t offset;
};
static const struct ip_row ip_rows[] = {
    {"InHdrErrors", offsetof(struct ip_counters, in_hdr_errors)},
    {"InAddrErrors", offsetof(struct ip_counters, in_addr_errors)},
    {"InDiscards", offsetof(struct ip_counters, in_discards)},
    {"OutDiscards", offsetof(struct ip_counters, out_discards)},
    {"OutNoRoutes", offsetof(struct ip_counters, no_routes)},
};

// Kernels with the counter OutTransmits (Linux 6.7) count a packet as forwarded before the firewall
// decides about it, and in OutRequests only the node's own packets.
static uint64_t sent_on(uint64_t transmits, uint64_t requests)
{
    return transmits > requests ? transmits - requests : 0;
}

int counters_parse_ip(const char *snmp, const char *netstat, struct ip_counters *ret,
                      struct error *err)
{
    struct ip_counters found = {0};
    for (size_t i = 0; i < sizeof ip_rows / sizeof ip_rows[0]; i++) {
        uint64_t *slot = (uint64_t *)(void *)((char *)&found + ip_rows[i].offset);
        if (named_value(snmp, "Ip:", ip_rows[i].name, slot) < 0) {
            return fail(err, 0, "/proc/net/snmp has no %s", ip_rows[i].name);
        }
    }
    uint64_t transmits = 0;
    uint64_t requests = 0;
    (void)named_value(snmp, "Ip:", "InReceives", &found.received);
    (void)named_value(snmp, "Ip:", "InDelivers", &found.delivered);
    (void)named_value(snmp, "Ip:", "ForwDatagrams", &found.forwarded);
    if (named_value(snmp, "Ip:", "OutTransmits", &transmits) == 0 &&
        named_value(snmp, "Ip:", "OutRequests", &requests) == 0) {
        found.forwarded = sent_on(transmits, requests);
    }
    (void)named_value(snmp, "Ip:", "ReasmReqds", &found.fragments);
    uint64_t in_no_routes = 0;
    if (netstat != NULL) {
        (void)named_value(netstat, "IpExt:", "InNoRoutes", &in_no_routes);
        (void)named_value(netstat, "IpExt:", "InMcastPkts", &found.multicast);
        (void)named_value(netstat, "IpExt:", "InTruncatedPkts", &found.in_truncated);
    }
    found.no_routes += in_no_routes;
    *ret = found;
    return 0;
}

// Finds the value of a line "NAME VALUE" with any number of blanks between.
static int line_value(const char *text, const char *name, uint64_t *ret)
{
    size_t length = strlen(name);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && (line[length] == ' ' || line[length] == '\t')) {
            const char *value = line + length + strspn(line + length, " \t");
            char *end = NULL;
            uint64_t number = strtoull(value, &end, 10);
            if (*value < '0' || *value > '9' || strchr(" \n", *end) == NULL) {
                return -EINVAL;
            }
            *ret = number;
            return 0;
        }
    }
    return -ENOENT;
}

int counters_parse_ip6(const char *snmp6, struct ip_counters *ret, struct udp_counters *udp,
                       struct error *err)
{
    struct ip_counters found = {0};
    uint64_t out_no_routes = 0;
    uint64_t transmits = 0;
    uint64_t requests = 0;
    uint64_t reassembled = 0;
    uint64_t rcvbuf_errors = 0;
    const struct {
        const char *name;
        uint64_t *slot;
    } rows[] = {
        {"Ip6InHdrErrors", &found.in_hdr_errors},
        {"Ip6InAddrErrors", &found.in_addr_errors},
        {"Ip6InDiscards", &found.in_discards},
        {"Ip6OutDiscards", &found.out_discards},
        {"Ip6InNoRoutes", &found.no_routes},
        {"Ip6OutNoRoutes", &out_no_routes},
        {"Ip6InTruncatedPkts", &found.in_truncated},
        {"Ip6InTooBigErrors", &found.too_big},
        {"Ip6ReasmOKs", &reassembled},
        {"Udp6RcvbufErrors", &rcvbuf_errors},
    };
    for (size_t i = 0; snmp6 != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (line_value(snmp6, rows[i].name, rows[i].slot) < 0) {
            return fail(err, 0, "/proc/net/snmp6 has no %s", rows[i].name);
        }
    }
    if (snmp6 != NULL) {
        (void)line_value(snmp6, "Ip6InReceives", &found.received);
        (void)line_value(snmp6, "Ip6InDelivers", &found.delivered);
        (void)line_value(snmp6, "Ip6OutForwDatagrams", &found.forwarded);
        if (line_value(snmp6, "Ip6OutTransmits", &transmits) == 0 &&
            line_value(snmp6, "Ip6OutRequests", &requests) == 0) {
            found.forwarded = sent_on(transmits, requests);
        }
        (void)line_value(snmp6, "Ip6InMcastPkts", &found.multicast);
        (void)line_value(snmp6, "Ip6ReasmReqds", &found.fragments);
    }
    found.no_routes += out_no_routes;
    udp->reassembled += reassembled;
    udp->rcvbuf_errors += rcvbuf_errors;
    *ret = found;
    return 0;
}

int counters_parse_udp(const char *snmp, struct udp_counters *ret, struct error *err)
{
    struct udp_counters found = {0};
    if (named_value(snmp, "Udp:", "RcvbufErrors", &found.rcvbuf_errors) < 0) {
        return fail(err, 0, "/proc/net/snmp has no RcvbufErrors");
    }
    if (named_value(snmp, "Ip:", "ReasmOKs", &found.reassembled) < 0) {
        return fail(err, 0, "/proc/net/snmp has no ReasmOKs");
    }
    *ret = found;
    return 0;
}

// Columns of /proc/net/dev after the name (dev_seq_printf_stats() of net/core/net-procfs.c).
enum {
    RX_BYTES,
    RX_PACKETS,
    RX_ERRORS,
    RX_DROPPED,
    TX_BYTES = 8,
    TX_PACKETS,
    TX_ERRORS,
    TX_DROPPED,
    DEV_COLUMNS = 16
};

int counters_parse_link(const char *dev, const char *name, struct link_counters *counters,
                        struct error *err)
{
    size_t length = strlen(name);
    for (const char *line = dev; line != NULL; line = strchr(line, '\n')) {
        line += strspn(line, " \n");
        if (strncmp(line, name, length) != 0 || line[length] != ':') {
            continue;
        }
        uint64_t values[DEV_COLUMNS];
        const char *at = line + length + 1;
        for (size_t i = 0; i < DEV_COLUMNS; i++) {
            at += strspn(at, " ");
            char *end = NULL;
            values[i] = strtoull(at, &end, 10);
            if (*at < '0' || *at > '9' || strchr(" \n", *end) == NULL) {
                return fail(err, 0, "/proc/net/dev: unexpected content at %s", name);
            }
            at = end;
        }
        counters->rx_bytes = values[RX_BYTES];
        counters->rx_packets = values[RX_PACKETS];
        counters->rx_errors = values[RX_ERRORS];
        counters->rx_dropped = values[RX_DROPPED];
        counters->tx_bytes = values[TX_BYTES];
        counters->tx_packets = values[TX_PACKETS];
        counters->tx_errors = values[TX_ERRORS];
        counters->tx_dropped = values[TX_DROPPED];
        return 0;
    }
    return fail(err, 0, "/proc/net/dev has no %s", name);
}

void counters_clear(struct namespace_counters *counters)
{
    free(counters->links);
    *counters = (struct namespace_counters){0};
}

int counters_parse_softnet(const char *text, uint64_t *ret_dropped, struct error *err)
{
    uint64_t dropped = 0;
    for (const char *line = text; line != NULL && *line != '\0';) {
        char *end = NULL;
        (void)strtoull(line, &end, 16);
        const char *second = end;
        uint64_t value = strtoull(second, &end, 16);
        // strtoull() skips line ends: check that the second column is on this line.
        if (second == line || end == second || *second != ' ') {
            return fail(err, 0, "/proc/net/softnet_stat: unexpected content");
        }
        dropped += value;
        line = strchr(end, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    *ret_dropped = dropped;
    return 0;
}
