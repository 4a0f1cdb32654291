// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * face/xen_stats — the text that the study's monitoring script made of `xentop -b -i 2 -d D` and
 * net-snmp served as an `extend`: a record a domain, a blank line between records,
 *
 *     Name: r1t3
 *          cpu_sec: 1234
 *          cpu_percent: 12.3
 *          NETTX: 4711
 *          NETRX: 4712
 *
 * with five blanks before each field. cpu_percent is of one CPU and has one decimal, as in xentop;
 * NETTX and NETRX are in units of 1024 bytes, counted by the domain: NETTX is what it sent.
 */
#ifndef VRBENCH_FACE_XEN_STATS_H
#define VRBENCH_FACE_XEN_STATS_H

#include "face/top.h"
#include "sampler/sample.h"

#define XEN_STATS_HOST "Domain-0" // name of the host in this text

struct xen_domain {
    char *name; // printable ASCII, no blanks
    uint64_t cpu_seconds;
    uint64_t tx_kib, rx_kib;
    double cpu_percent; // 0 to 9,999,999.9
};

struct xen_stats {
    struct xen_domain *domains;
    size_t count;
};
void xen_stats_clear(struct xen_stats *stats);
#define _cleanup_xen_stats_ __attribute__((cleanup(xen_stats_clear)))

// Makes the records of two samples: the host first (the hosts of several testbeds summed, except
// Xen's, which are one Domain-0), then the running routers. Routers with the same name in several
// testbeds are named NAME/TESTBED-ID. Empty without hosts and routers.
void xen_stats_make(const struct sample *before, const struct sample *after, struct xen_stats *ret);
// Makes the records of machines that vrbench did not make: each running one, in the order of `top`
// (on Xen Domain-0 is the first). Unknown traffic is 0.
void xen_stats_of_top(const struct top *top, struct xen_stats *ret);
// Returns the text, ended by a newline, in a new string; "" without domains.
char *xen_stats_text(const struct xen_stats *stats);
// Parses exactly what xen_stats_text() writes, except that the last newline may be missing, because
// net-snmp removes it. Errors name the line.
int xen_stats_parse(const char *text, struct xen_stats *ret, struct error *err);
// Adds a domain and returns it; the pointer is valid until the next one is added.
struct xen_domain *xen_stats_add(struct xen_stats *stats, const char *name);
// Returns the domain of that name, or NULL.
const struct xen_domain *xen_stats_find(const struct xen_stats *stats, const char *name);

#endif
