// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * face/xentop_text — the text that `xentop -b` prints, read for hosts that give only that.
 *
 *           NAME  STATE   CPU(sec) CPU(%)     MEM(k) … NETTX(k) NETRX(k) …
 *       Domain-0 -----r        134   54.7    1048576 …        0        0 …
 *           r1t3 --b---         93   17.3      98304 …     6495     6096 …
 *     Net0 RX:     8860bytes      106pkts        0err     1702drop  TX:  6640954bytes …
 *
 * Columns are known by the head line (older versions have fewer); names may hold blanks; a domain
 * without a bound of memory has "no limit" there, two words; options -f, -n, -r, -v and -x are
 * understood. Of several iterations the last counts: CPU(%) is of the time between two, and reads
 * 0.0 in xentop's first. TX and RX are as xentop has them, Domain-0's view of a vif: what is sent
 * there is what the domain received. Called by `vrbench xen-stats --from-xentop`.
 */
#ifndef VRBENCH_FACE_XENTOP_TEXT_H
#define VRBENCH_FACE_XENTOP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "face/xen_stats.h"

#define XENTOP_TEXT_MAX (64U << 20) // bytes of a text

struct xentop_way {
    uint64_t bytes, packets, errors, drops;
};

// A line of -n: a vif.
struct xentop_net {
    unsigned number;
    struct xentop_way rx, tx;
};

struct xentop_domain {
    char *name;    // as printed: without -f, at most ten characters
    char state[7]; // "-----r"
    uint64_t cpu_seconds;
    double cpu_percent; // of one CPU, 0 to 9,999,999.9
    uint64_t tx_kib, rx_kib;
    struct xentop_net *nets;
    size_t net_count;
};

struct xentop {
    struct xentop_domain *domains; // of the last iteration
    size_t count;
    size_t iterations;
};

// Reads a text. Errors (exit status 2) name the line; among them: nothing there; only xentop's
// first iteration, known by every CPU(%) being 0.0; two domains of one name, which are cut ones.
int xentop_text_parse(const char *text, struct xentop *ret, struct error *err);
void xentop_clear(struct xentop *xentop);
#define _cleanup_xentop_ __attribute__((cleanup(xentop_clear)))

// The same as the study's script told it: name, CPU(sec), CPU(%), NETTX(k), NETRX(k). What a name
// may not have there (blanks, what isn't ASCII) becomes "_". Fails if two are the same then.
int xentop_stats(const struct xentop *xentop, struct xen_stats *ret, struct error *err);

#endif
