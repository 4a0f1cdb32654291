// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench/witness — a receiver that belongs to none of the compared tools: it counts the UDP packets
 * of one length that reach an interface, records when they do, and drops them. Its work is done by
 * the interface's NAPI thread, which precedes every ordinary task of its CPU, as that of the engine
 * xdp. Called by bench_traffic.c and bench_witness.c.
 */
#ifndef VRBENCH_BENCH_WITNESS_H
#define VRBENCH_BENCH_WITNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "linux/napi.h"
#include "linux/netns.h"

struct witness;
// Attaches to an interface that has NAPI threads. Other packets pass. `ip_length` 0 = any;
// `recording` = gaps are measured.
int witness_open(const struct netns *ns, const struct napi_interface *interface, unsigned ip_length,
                 bool recording, struct witness **ret, struct error *err);
uint64_t witness_received(const struct witness *witness);
// Prints the members "received", and of the packets that arrived within `window_ns` after the first
// "rx_pps" and the quantiles of the gaps between them, in ns, as members of a JSON object.
void witness_print(const struct witness *witness, uint64_t window_ns, FILE *out);
void witness_close(struct witness *witness); // NULL is fine

#endif
