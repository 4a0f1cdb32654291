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
 * five blanks before each field. cpu_percent is of one CPU and has one decimal as xentop's has;
 * NETTX and NETRX are units of 1024 bytes, as the domain itself counts them: NETTX is what it sent.
 */
#ifndef VRBENCH_FACE_XEN_STATS_H
#define VRBENCH_FACE_XEN_STATS_H

#include "face/top.h"
#include "sampler/sample.h"

#define XEN_STATS_HOST "Domain-0" // what the host is called there

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

// What two samples say: the host first (the hosts of several testbeds summed, but for Xen's, which
// is one and the same Domain-0), then the routers that run. Of routers with the same name in
// several testbeds, each is NAME/TESTBED'S-ID. Nothing at all if there is neither host nor router.
void xen_stats_make(const struct sample *before, const struct sample *after, struct xen_stats *ret);
// What a reading of machines says that vrbench did not make: each that runs, in its order (on Xen
// Domain-0 is the first). Traffic that isn't told is 0.
void xen_stats_of_top(const struct top *top, struct xen_stats *ret);
// Writes the text, ended by a newline, into a new string; "" for no domain.
char *xen_stats_text(const struct xen_stats *stats);
// Reads it strictly: nothing is accepted that xen_stats_text() doesn't write, but that the last
// newline may be missing, as net-snmp takes it off. Errors name the line.
int xen_stats_parse(const char *text, struct xen_stats *ret, struct error *err);
// Adds a domain; what it returns holds until the next is added.
struct xen_domain *xen_stats_add(struct xen_stats *stats, const char *name);
// The domain of that name, or NULL.
const struct xen_domain *xen_stats_find(const struct xen_stats *stats, const char *name);

#endif
