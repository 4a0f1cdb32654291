// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/pair — engines that are other programs: for each network one process as sink and one as
 * source, in the tester's two namespaces, for one trial. The differences between programs are in a
 * struct pair_program (traffic/iperf.c, iperf3.c and tcp.c); pair.c has everything else, from
 * starting both to the figures.
 */
#ifndef VRBENCH_TRAFFIC_PAIR_H
#define VRBENCH_TRAFFIC_PAIR_H

#include "linux/child.h"
#include "traffic/engine.h"
#include "traffic/iperf_report.h"

#define PAIR_ARGUMENTS 32U
#define PAIR_VERSION   16U // longest text of a version in bytes
// Bytes of a packet between the IP header and the payload. TCP: with the option of time stamps,
// which Linux sends in every segment of data (net.ipv4.tcp_timestamps).
#define PAIR_UDP       8U
#define PAIR_TCP       32U

// An argument list under construction; owns its texts.
struct pair_arguments {
    char *items[PAIR_ARGUMENTS + 1]; // ends with NULL
    size_t count;
};
void pair_argument(struct pair_arguments *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Parameters of a trial for one network.
struct pair_trial {
    char source[IP_TEXT_SIZE], sink[IP_TEXT_SIZE]; // addresses
    bool ipv6;                                     // their version
    unsigned port;                                 // the sink's port
    unsigned payload;                              // bytes of a full packet
    unsigned block;                                // bytes of a write: of UDP, the payload
    double bps;                                    // bit/s of payload; 0 = as fast as possible
    double seconds;
};

struct pair_program {
    const char *name;    // name of the program and of its Debian package
    const char *engine;  // name of the engine
    unsigned transport;  // PAIR_UDP or PAIR_TCP
    unsigned first_port; // port of network 0; the other networks use the next ones
    const char *table;   // file in /proc/net that shows a listening sink: "udp" or "tcp", of IPv4
    bool sink_ends;      // the sink reports when it exits by itself, not before
    void (*sink)(const struct pair_trial *trial, struct pair_arguments *list);
    void (*source)(const struct pair_trial *trial, struct pair_arguments *list);
    int (*read)(const struct pair_trial *trial, const struct child_output *text, bool sender,
                struct iperf_report *ret, struct error *err);
    bool (*is_whole)(const char *text); // of a sink that does not exit: whether it has reported
    // Supported versions of its reports, by major and minor number: first and last.
    unsigned version_first[2], version_last[2];
};

// Finds the version in the output of `program -v`: "iperf version 2.1.8 (…", "iperf 3.12 (…". False
// if there is none.
bool pair_version_find(const char *text, char ret[PAIR_VERSION]);
// Whether the reports of that version are supported.
bool pair_version_known(const struct pair_program *program, const char *version);

// Appends the arguments common to all sources: addresses, length of a write, rate (`unlimited` is
// the program's word for as fast as possible) and duration in seconds with `decimals` decimals.
void pair_source(const struct pair_trial *trial, const char *unlimited, int decimals,
                 struct pair_arguments *list);

// The arguments of iperf3 as a sink, which is the same for UDP and TCP.
void pair_iperf3_sink(const struct pair_trial *trial, struct pair_arguments *list);

// For the engine_ops of each program, beside its `program`.
int pair_check(const struct engine_ops *engine, struct error *err);
char *pair_version(const struct engine_ops *engine);
extern const struct half_ops pair_source_half, pair_sink_half;

// Fill in a source's and a sink's part of the figures of one network from its report; -EBADMSG if
// the sink's contradicts the source's. A sink that ends with a repetition of the last datagram
// missed the repetitions before it and counts them as lost: they are subtracted, and the last
// datagram counts as arrived.
void pair_count_source(const struct traffic_request *request, const struct iperf_report *report,
                       struct traffic_count *count);
int pair_count_sink(const struct iperf_report *report, struct traffic_count *count,
                    struct error *err);
// The same of TCP connections, whose packets are counted by the interfaces.
void pair_count_sender(const struct traffic_request *request, unsigned payload,
                       const struct iperf_report *report, struct traffic_count *count);
int pair_count_receiver(const struct iperf_report *report, struct traffic_count *count,
                        struct error *err);

#endif
