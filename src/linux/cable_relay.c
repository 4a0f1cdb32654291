// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cable_relay — see cable.h: the process that holds delayed packets of cables until they are
 * due, and sends them.
 *
 * It reads packets from rings in memory, one for each CPU, keeps them in a heap by due time, and
 * sends them by a packet socket. While it holds packets, it looks at the rings at least every
 * SLICE_NS; otherwise it sleeps until a packet arrives. A full ring or heap loses packets: the
 * counters of the cable's interfaces show them as not carried. Called by testbed/.
 */
#include "linux/cable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "linux/first.h"
#include "version.h"

#if HAVE_BPF

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "base/text.h"
#include "linux/cable_held.h"

#define RING_PAGES   512U         // of each CPU: 2 MiB
#define HELD_MAX     (256U << 20) // bytes of all packets that it holds
#define SLICE_NS     (CABLE_DELAY_MIN_NS / 2)
#define BATCH        64U
#define SEND_BUFFER  (8 << 20)
#define READY_WITHIN (10U * NS_PER_S)
#define ADDRESSES    12U // bytes of a frame before a VLAN tag
#define TAG          4U

struct packet {
    uint64_t due_ns, number; // packets that are due at the same time leave in order
    int out;
    uint32_t length;
    uint8_t bytes[];
};

struct relay {
    struct packet **heap; // the first is the next that is due
    size_t count, room;
    size_t bytes;
    uint64_t number;
    int socket;
};

// ---- the heap

static bool is_before(const struct packet *a, const struct packet *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void push(struct relay *relay, struct packet *packet)
{
    if (relay->count == relay->room) {
        relay->room = relay->room == 0 ? 1024 : 2 * relay->room;
        relay->heap = memory_resize(relay->heap, relay->room, sizeof(struct packet *));
    }
    size_t at = relay->count++;
    while (at > 0 && is_before(packet, relay->heap[(at - 1) / 2])) {
        relay->heap[at] = relay->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    relay->heap[at] = packet;
    relay->bytes += sizeof *packet + packet->length;
}

static struct packet *pop(struct relay *relay)
{
    struct packet *first = relay->heap[0];
    struct packet *last = relay->heap[--relay->count];
    size_t at = 0;
    for (size_t child = 1; child < relay->count; child = 2 * at + 1) {
        if (child + 1 < relay->count && is_before(relay->heap[child + 1], relay->heap[child])) {
            child++;
        }
        if (!is_before(relay->heap[child], last)) {
            break;
        }
        relay->heap[at] = relay->heap[child];
        at = child;
    }
    relay->heap[at] = last;
    relay->bytes -= sizeof *first + first->length;
    return first;
}

// ---- packets

static void take(void *context, int cpu, void *data, uint32_t size)
{
    struct relay *relay = context;
    struct cable_held head;
    (void)cpu;
    if (size < sizeof head) {
        return;
    }
    memcpy(&head, data, sizeof head); // the kernel's rings align records by 4 bytes only
    if (size - sizeof head < head.length || head.length < ADDRESSES ||
        relay->bytes + sizeof(struct packet) + head.length + TAG > HELD_MAX) {
        return;
    }
    const uint8_t *frame = (const uint8_t *)data + sizeof head;
    struct packet *packet = memory_new(sizeof *packet + head.length + TAG, 1);
    *packet = (struct packet){.due_ns = head.due_ns,
                              .number = relay->number++,
                              .out = (int)head.out,
                              .length = head.length};
    if ((head.tag & CABLE_TAGGED) != 0) {
        const uint16_t tag[2] = {htons(ETHERTYPE_VLAN), htons((uint16_t)head.tag)};
        memcpy(packet->bytes, frame, ADDRESSES);
        memcpy(packet->bytes + ADDRESSES, tag, TAG);
        memcpy(packet->bytes + ADDRESSES + TAG, frame + ADDRESSES, head.length - ADDRESSES);
        packet->length += TAG;
    } else {
        memcpy(packet->bytes, frame, head.length);
    }
    push(relay, packet);
}

static void send_due(struct relay *relay)
{
    uint64_t now = clock_monotonic_ns();
    while (relay->count > 0 && relay->heap[0]->due_ns <= now) {
        struct packet *packets[BATCH];
        struct sockaddr_ll to[BATCH];
        struct iovec parts[BATCH];
        struct mmsghdr messages[BATCH];
        unsigned count = 0;
        while (count < BATCH && relay->count > 0 && relay->heap[0]->due_ns <= now) {
            struct packet *packet = packets[count] = pop(relay);
            to[count] = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_ifindex = packet->out};
            parts[count] = (struct iovec){packet->bytes, packet->length};
            messages[count] = (struct mmsghdr){.msg_hdr = {.msg_name = &to[count],
                                                           .msg_namelen = sizeof to[count],
                                                           .msg_iov = &parts[count],
                                                           .msg_iovlen = 1}};
            count++;
        }
        for (unsigned sent = 0; sent < count;) {
            int rc = sendmmsg(relay->socket, messages + sent, count - sent, 0);
            sent += rc > 0 ? (unsigned)rc : 1U; // one that cannot be sent is lost
        }
        for (unsigned i = 0; i < count; i++) {
            free(packets[i]);
        }
    }
}

static void rest(const struct relay *relay, int arrivals)
{
    if (relay->count == 0) {
        struct pollfd wanted = {.fd = arrivals, .events = POLLIN};
        (void)poll(&wanted, 1, -1);
        return;
    }
    uint64_t until_ns = clock_monotonic_ns() + SLICE_NS;
    until_ns = relay->heap[0]->due_ns < until_ns ? relay->heap[0]->due_ns : until_ns;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / NS_PER_S),
                                   .tv_nsec = (long)(until_ns % NS_PER_S)};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

// In the relay's process; the files are the queue of the cables, and where to report readiness.
static void run_relay(const int fds[FIRST_FILES])
{
    const struct sched_param first = {.sched_priority = 1};
    const int buffer = SEND_BUFFER;
    struct relay relay = {.socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
    struct perf_buffer *rings = perf_buffer__new(fds[0], RING_PAGES, take, NULL, &relay, NULL);
    if (relay.socket < 0 || rings == NULL) {
        return;
    }
    (void)setsockopt(relay.socket, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    (void)sched_setscheduler(0, SCHED_FIFO, &first); // packets leave when due, if that is allowed
    if (write(fds[1], "r", 1) != 1) {
        return;
    }
    close(fds[1]);
    for (;;) {
        (void)perf_buffer__consume(rings);
        send_due(&relay);
        rest(&relay, perf_buffer__epoll_fd(rings));
    }
}

int cable_start_relay(const struct netns *ns, const char *host_name, bool outlive, int held,
                      pid_t *ret, struct error *err)
{
    int ends[2];
    char ready = 0;
    pid_t pid = 0;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return fail(err, errno, "pipe");
    }
    _cleanup_close_ int reader = ends[0];
    const int fds[FIRST_FILES] = {held, ends[1]};
    int rc = first_run(ns, host_name, outlive, run_relay, fds, &pid, err);
    close(ends[1]);
    if (rc < 0) {
        return rc;
    }
    rc = stop_wait(reader, POLLIN, clock_monotonic_ns() + READY_WITHIN, err);
    if (rc < 0) {
        return rc;
    }
    if (rc == 0 || read(reader, &ready, 1) != 1) {
        return fail_lacking(err, "the relay of delayed packets cannot read the kernel's rings: "
                                 "perf_event_open(2) and packet sockets are required");
    }
    *ret = pid;
    return 0;
}

#else

int cable_start_relay(const struct netns *ns, const char *host_name, bool outlive, int held,
                      pid_t *ret, struct error *err)
{
    (void)ns, (void)host_name, (void)outlive, (void)held, (void)ret;
    return fail_lacking(err, "impaired cables need a vrbench built with BPF");
}

#endif
