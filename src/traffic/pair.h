// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/pair — engines that are other programs: for each network one as sink and one as source,
 * in the tester's two namespaces, for one trial. What differs from program to program is a
 * struct pair_program, of traffic/iperf.c and iperf3.c; the rest, from starting both to the
 * figures, is pair.c's.
 */
#ifndef VRBENCH_TRAFFIC_PAIR_H
#define VRBENCH_TRAFFIC_PAIR_H

#include "linux/child.h"
#include "traffic/engine.h"
#include "traffic/iperf_report.h"

#define PAIR_ARGUMENTS 32U

// An argument list being written; owns its texts.
struct pair_arguments {
    char *items[PAIR_ARGUMENTS + 1]; // ended by NULL
    size_t count;
};
void pair_argument(struct pair_arguments *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// One network's part of a trial.
struct pair_trial {
    char source[16], sink[16]; // addresses, dotted
    unsigned port;             // where the sink listens
    unsigned payload;          // bytes
    double bps;                // of payload; 0 = as fast as possible
    double seconds;
};

struct pair_program {
    const char *name;    // of the program and of its Debian package
    unsigned first_port; // of network 0; the others follow
    const char *table;   // of /proc/net where a sink that listens can be seen: "udp" or "tcp"
    bool sink_ends;      // the sink reports when it ends by itself, not before
    void (*sink)(const struct pair_trial *trial, struct pair_arguments *list);
    void (*source)(const struct pair_trial *trial, struct pair_arguments *list);
    int (*read)(const struct pair_trial *trial, const struct child_output *text, bool sender,
                struct iperf_report *ret, struct error *err);
};

// What all of them take as a source: where from and to, how long the datagrams, how fast
// (`unlimited` is their word for as fast as possible) and for how long, in seconds with so many
// decimals.
void pair_source(const struct pair_trial *trial, const char *unlimited, int decimals,
                 struct pair_arguments *list);

// For engine_ops of each program.
int pair_check(const struct pair_program *program, struct error *err);
int pair_open(const struct pair_program *program, const struct traffic_setup *setup,
              struct engine **ret, struct error *err);
int pair_run(struct engine *engine, const struct traffic_request *request,
             struct traffic_count *counts, struct error *err);
void pair_close(struct engine *engine);

// The figures of one network out of its two reports; -EBADMSG if they contradict each other. A sink
// that ends with a repetition of the last datagram has missed those before it and counts them as
// lost: they are taken off, and the last datagram has arrived.
int pair_count(const struct traffic_request *request, const struct iperf_report *sent,
               const struct iperf_report *received, struct traffic_count *ret, struct error *err);

#endif
