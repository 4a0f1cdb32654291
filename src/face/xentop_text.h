// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * face/xentop_text — parses the output of `xentop -b`, for hosts on which only that is available.
 *
 *           NAME  STATE   CPU(sec) CPU(%)     MEM(k) … NETTX(k) NETRX(k) …
 *       Domain-0 -----r        134   54.7    1048576 …        0        0 …
 *           r1t3 --b---         93   17.3      98304 …     6495     6096 …
 *     Net0 RX:     8860bytes      106pkts        0err     1702drop  TX:  6640954bytes …
 *
 * Columns are identified by the head line (older versions have fewer). Names may contain blanks. A
 * domain without a memory limit has the two words "no limit". Options -f, -n, -r, -v and -x are
 * understood. Of several iterations the last one is used: CPU(%) covers the time between two
 * iterations, and xentop's first always reads 0.0. TX and RX are as in xentop, seen by Domain-0's
 * vif: its TX is what the domain received. Called by `vrbench xen-stats --from-xentop`.
 */
#ifndef VRBENCH_FACE_XENTOP_TEXT_H
#define VRBENCH_FACE_XENTOP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "face/xen_stats.h"

#define XENTOP_TEXT_MAX (64U << 20) // longest text, in bytes

struct xentop_way {
    uint64_t bytes, packets, errors, drops;
};

// A vif: a line of option -n.
struct xentop_net {
    unsigned number;
    struct xentop_way rx, tx;
};

struct xentop_domain {
    char *name;    // as printed: at most ten characters without -f
    char state[7]; // "-----r"
    uint64_t cpu_seconds;
    double cpu_percent; // of one CPU, 0 to 9,999,999.9
    uint64_t tx_kib, rx_kib;
    struct xentop_net *nets;
    size_t net_count;
};

struct xentop {
    struct xentop_domain *domains; // domains of the last iteration
    size_t count;
    size_t iterations;
};

// Parses a text. Errors (exit status 2) name the line. They include: no domains; only xentop's
// first iteration, in which every CPU(%) is 0.0; two domains of one (truncated) name.
int xentop_text_parse(const char *text, struct xentop *ret, struct error *err);
void xentop_clear(struct xentop *xentop);
#define _cleanup_xentop_ __attribute__((cleanup(xentop_clear)))

// Converts to the records of the study's script: name, CPU(sec), CPU(%), NETTX(k), NETRX(k).
// Characters that a name may not have there (blanks, non-ASCII) are replaced by "_". Fails if two
// names are equal then.
int xentop_stats(const struct xentop *xentop, struct xen_stats *ret, struct error *err);

#endif
