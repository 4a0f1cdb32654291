// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench/bench_profile — sends loads that change in time on several networks of a testbed (vrbench
 * up, dedicated) at the same time, and prints what was offered and lost in each window. Called by
 * bench/control.py.
 *
 *     bench_profile SOURCE SINK SECONDS [HOST]
 *
 * SOURCE, SINK and HOST are files of network namespaces. Standard input has a line for each
 * network: ADDRESS of its sink, INTERFACE of the source, and knots SECOND PPS of a piecewise linear
 * rate; two knots at one time are a step. Each window of 100 ms is a line of JSON: [[offered,
 * lost], …] by network; the last line is an object with the sums of sent packets and those that the
 * sink's interfaces received. A packet is lost if the ring of the cable's far end has no space
 * (tx_dropped of the source's interface), which is where routers that lack CPU lose packets. With
 * HOST, INTERFACE is INTERFACE,TAP, and packets that the queue of the host's tap did not take
 * (tx_dropped) are lost, too: there virtual machines that lack CPU lose packets.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#define NETWORKS   8U
#define KNOTS      32U
#define BURST      64U
#define LENGTH     36 // of the payload: an IP packet of 64 bytes
#define PORT       9
#define TICK_NS    NS_PER_MS
#define WINDOW_NS  (100 * NS_PER_MS)
#define TX_DROPPED 11U   // column of /proc/net/dev, from 0
#define DRAIN_MS   2000U // longest time for which queues drain

// Open lists of interfaces; -1 = none.
struct counted {
    int source, sink, host;
};

struct network {
    char interface[32];
    char tap[32]; // of the host; "" = none
    int fd;
    double at_s[KNOTS], pps[KNOTS];
    size_t knots;
    double due; // packets, fractional
    uint64_t sent, sent_before, dropped, dropped_before;
};

static double rate_at(const struct network *network, double at_s)
{
    size_t next = 0;
    while (next < network->knots && network->at_s[next] <= at_s) {
        next++;
    }
    if (next == 0 || next == network->knots) {
        return network->pps[next == 0 ? 0 : next - 1];
    }
    const double span = network->at_s[next] - network->at_s[next - 1];
    const double part = (at_s - network->at_s[next - 1]) / span;
    return network->pps[next - 1] + (network->pps[next] - network->pps[next - 1]) * part;
}

static int network_read(char *line, struct network *ret, struct error *err)
{
    char *rest = NULL;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    const char *address = strtok_r(line, " \n", &rest);
    const char *interface = strtok_r(NULL, " \n", &rest);
    if (address == NULL || interface == NULL || inet_pton(AF_INET, address, &to.sin_addr) != 1) {
        return fail_input(err, "a network is a line: ADDRESS INTERFACE SECOND PPS …");
    }
    *ret = (struct network){.fd = -1};
    const char *tap = strchr(interface, ',');
    snprintf(ret->interface, sizeof ret->interface, "%.*s",
             (int)(tap == NULL ? strlen(interface) : (size_t)(tap - interface)), interface);
    snprintf(ret->tap, sizeof ret->tap, "%s", tap == NULL ? "" : tap + 1);
    for (const char *word; ret->knots < KNOTS && (word = strtok_r(NULL, " \n", &rest)) != NULL;) {
        const char *pps = strtok_r(NULL, " \n", &rest);
        ret->at_s[ret->knots] = strtod(word, NULL);
        ret->pps[ret->knots++] = pps == NULL ? 0.0 : strtod(pps, NULL);
    }
    ret->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int room = 4 << 20;
    if (ret->fd < 0 || connect(ret->fd, (struct sockaddr *)&to, sizeof to) < 0) {
        return fail(err, errno, "a socket to %s", address);
    }
    (void)setsockopt(ret->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    return ret->knots > 0 ? 0 : fail_input(err, "network %s has no rate", address);
}

// ---- counters of /proc/net/dev, which belongs to the namespace in which it was opened

// Column `column` of an interface's figures, from 0.
static uint64_t figure_of(const char *text, const char *interface, unsigned column)
{
    _cleanup_free_ char *name = text_format("%s:", interface);
    const char *at = strstr(text, name);
    uint64_t figure = 0;
    if (at == NULL) {
        return 0;
    }
    char *next = (char *)at + strlen(name);
    for (unsigned i = 0; i <= column; i++) {
        figure = strtoull(next, &next, 10);
    }
    return figure;
}

static void read_text(int fd, char *ret, size_t room)
{
    size_t length = 0;
    for (ssize_t got = 1; got > 0 && length + 1 < room;) {
        got = pread(fd, ret + length, room - 1 - length, (off_t)length);
        length += got > 0 ? (size_t)got : 0;
    }
    ret[length] = '\0';
}

static void read_drops(const struct counted *at, struct network *networks, size_t count)
{
    static char source[16384];
    static char host[16384];
    read_text(at->source, source, sizeof source);
    if (at->host >= 0) {
        read_text(at->host, host, sizeof host);
    }
    for (size_t i = 0; i < count; i++) {
        networks[i].dropped = figure_of(source, networks[i].interface, TX_DROPPED);
        if (at->host >= 0 && networks[i].tap[0] != '\0') {
            networks[i].dropped += figure_of(host, networks[i].tap, TX_DROPPED);
        }
    }
}

// Packets that all interfaces of the namespace except the loopback received.
static uint64_t read_received(int fd)
{
    static char text[16384];
    uint64_t sum = 0;
    char *rest = NULL;
    read_text(fd, text, sizeof text);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *colon = strchr(line, ':');
        if (colon != NULL && strstr(line, " lo:") == NULL) {
            char *next = colon + 1;
            (void)strtoull(next, &next, 10);
            sum += strtoull(next, &next, 10);
        }
    }
    return sum;
}

// ---- sending

static void send_due(struct network *network)
{
    static char payload[LENGTH];
    static struct iovec vector = {payload, sizeof payload};
    static struct mmsghdr messages[BURST];
    while (network->due >= 1.0) {
        const unsigned burst = network->due > BURST ? BURST : (unsigned)network->due;
        for (size_t i = 0; i < burst; i++) {
            messages[i].msg_hdr.msg_iov = &vector;
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        const int sent = sendmmsg(network->fd, messages, burst, MSG_DONTWAIT);
        network->sent += sent > 0 ? (uint64_t)sent : 0;
        network->due -= burst; // what could not be sent is not made up for
    }
}

static void window_print(struct network *networks, size_t count)
{
    putchar('[');
    for (size_t i = 0; i < count; i++) {
        struct network *network = &networks[i];
        printf("%s[%" PRIu64 ", %" PRIu64 "]", i == 0 ? "" : ", ",
               network->sent - network->sent_before, network->dropped - network->dropped_before);
        network->sent_before = network->sent;
        network->dropped_before = network->dropped;
    }
    puts("]");
}

// Waits until the sink has received nothing for a window: queues are empty then.
static void drain(const struct counted *at)
{
    uint64_t before = 0;
    uint64_t received = read_received(at->sink);
    for (unsigned ms = 0; ms < DRAIN_MS && (ms == 0 || received != before); ms += 100) {
        clock_sleep(WINDOW_NS);
        before = received;
        received = read_received(at->sink);
    }
}

static void send_all(struct network *networks, size_t count, double seconds,
                     const struct counted *at)
{
    read_drops(at, networks, count);
    for (size_t i = 0; i < count; i++) {
        networks[i].dropped_before = networks[i].dropped;
    }
    const uint64_t received_before = read_received(at->sink);
    const uint64_t began_ns = clock_monotonic_ns();
    uint64_t last_ns = began_ns;
    uint64_t window_ns = began_ns + WINDOW_NS;
    uint64_t sent = 0;
    while ((double)(last_ns - began_ns) < seconds * (double)NS_PER_S) {
        (void)clock_sleep_until(last_ns + TICK_NS);
        const uint64_t now_ns = clock_monotonic_ns();
        const double at_s = (double)(now_ns - began_ns) / (double)NS_PER_S;
        for (size_t i = 0; i < count; i++) {
            networks[i].due += rate_at(&networks[i], at_s) * (double)(now_ns - last_ns) * 1e-9;
            send_due(&networks[i]);
        }
        last_ns = now_ns;
        if (now_ns >= window_ns) {
            read_drops(at, networks, count);
            window_print(networks, count);
            window_ns += WINDOW_NS;
        }
    }
    drain(at);
    for (size_t i = 0; i < count; i++) {
        sent += networks[i].sent;
    }
    read_drops(at, networks, count);
    printf("{\"sent\": %" PRIu64 ", \"received\": %" PRIu64 "}\n", sent,
           read_received(at->sink) - received_before);
}

// Enters a namespace and opens the list of its interfaces.
static int open_counters(const char *path, int *ret, struct error *err)
{
    _cleanup_close_ int ns = open(path, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET) < 0) {
        return fail(err, errno, "namespace %s", path);
    }
    *ret = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
    return *ret < 0 ? fail(err, errno, "/proc/thread-self/net/dev") : 0;
}

static int run(int argc, char **argv, struct error *err)
{
    static struct network networks[NETWORKS];
    _cleanup_close_ int sink = -1;
    _cleanup_close_ int host = -1;
    _cleanup_close_ int source = -1;
    _cleanup_free_ char *line = NULL;
    size_t room = 0;
    size_t count = 0;
    int rc = open_counters(argv[2], &sink, err);
    rc = rc < 0 || argc < 5 ? rc : open_counters(argv[4], &host, err);
    rc = rc < 0 ? rc : open_counters(argv[1], &source, err); // the last one: sockets are its
    while (rc == 0 && count < NETWORKS && getline(&line, &room, stdin) > 0) {
        rc = network_read(line, &networks[count++], err);
    }
    if (rc == 0) {
        const struct counted at = {source, sink, host};
        send_all(networks, count, strtod(argv[3], NULL), &at);
    }
    return rc;
}

int main(int argc, char **argv)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    if (argc != 4 && argc != 5) {
        fputs("usage: bench_profile SOURCE SINK SECONDS [HOST]\n", stderr);
        return EXIT_INPUT;
    }
    if (run(argc, argv, &err) < 0) {
        fprintf(stderr, "bench_profile: %s\n", err.text);
        return err.exit_status;
    }
    return 0;
}
