// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * relay A B [--drop-every N] [--duplicate-every N] [--swap-every N] [--corrupt-every N]
 *
 * A cable with faults: every frame that interface A receives leaves from B, and the other way
 * round. Faults befall test frames (UDP to port 22098) from A to B only, chosen by the sequence
 * number of their stamp, so that it is known which: number s is dropped if s % N == 1, sent twice
 * if s % N == 2, sent after its successor if s % N == 3, damaged in its last byte if s % N == 6.
 * Prints "ready" when it relays; ends with SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX     16384
#define HELD_FOR_MS   15 // a frame without a successor is let go
#define RECEIVE_BYTES (32 << 20)

static unsigned long drop_every, duplicate_every, swap_every, corrupt_every;

static uint8_t held[FRAME_MAX]; // waits for its successor
static size_t held_length;

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int open_end(const char *name)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ALL),
                             .sll_ifindex = (int)if_nametoindex(name)};
    int bytes = RECEIVE_BYTES;
    int on = 1;
    if (fd < 0 || at.sll_ifindex == 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        die(name);
    }
    return fd;
}

static void emit(int fd, const uint8_t *frame, size_t length)
{
    while (send(fd, frame, length, 0) < 0) {
        if (errno == ENETDOWN || errno == ENXIO) {
            return; // the other end is being taken or given back
        }
        if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
            die("sending");
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static bool sequence_of(const uint8_t *frame, size_t length, uint64_t *ret)
{
    static const uint8_t port[2] = {22098 >> 8, 22098 & 0xff};
    if (length < 70 || frame[12] != 8 || frame[13] != 0 || frame[14] != 0x45 || frame[23] != 17 ||
        memcmp(frame + 36, port, 2) != 0) {
        return false;
    }
    *ret = 0;
    for (size_t i = 0; i < 8; i++) {
        *ret = *ret << 8 | frame[50 + i];
    }
    return true;
}

static bool struck(uint64_t sequence, unsigned long every, unsigned long at)
{
    return every > 0 && sequence % every == at % every;
}

static void let_go(int fd)
{
    if (held_length > 0) {
        emit(fd, held, held_length);
        held_length = 0;
    }
}

static void forward(int fd, uint8_t *frame, size_t length)
{
    uint64_t sequence = 0;
    if (!sequence_of(frame, length, &sequence)) {
        emit(fd, frame, length);
        return;
    }
    if (struck(sequence, drop_every, 1)) {
        return;
    }
    if (struck(sequence, swap_every, 3)) {
        let_go(fd);
        memcpy(held, frame, length);
        held_length = length;
        return;
    }
    if (struck(sequence, corrupt_every, 6)) {
        frame[length - 1] ^= 0x55;
    }
    emit(fd, frame, length);
    if (struck(sequence, duplicate_every, 2)) {
        emit(fd, frame, length);
    }
    let_go(fd);
}

static unsigned long number(const char *text)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || value == 0) {
        fprintf(stderr, "relay: not a number above 0: %s\n", text);
        exit(2);
    }
    return value;
}

static void read_options(int argc, char **argv)
{
    static const struct option options[] = {{"drop-every", required_argument, NULL, 'd'},
                                            {"duplicate-every", required_argument, NULL, 'u'},
                                            {"swap-every", required_argument, NULL, 's'},
                                            {"corrupt-every", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    for (int option = 0; (option = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        switch (option) {
        case 'd':
            drop_every = number(optarg);
            break;
        case 'u':
            duplicate_every = number(optarg);
            break;
        case 's':
            swap_every = number(optarg);
            break;
        case 'c':
            corrupt_every = number(optarg);
            break;
        default:
            exit(2);
        }
    }
    if (argc - optind != 2) {
        fputs("usage: relay A B [--drop-every N] [--duplicate-every N] [--swap-every N] "
              "[--corrupt-every N]\n",
              stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    struct pollfd ends[2] = {{.fd = open_end(argv[optind]), .events = POLLIN},
                             {.fd = open_end(argv[optind + 1]), .events = POLLIN}};
    puts("ready");
    fflush(stdout);
    static uint8_t frame[FRAME_MAX];
    for (;;) {
        int ready = poll(ends, 2, held_length > 0 ? HELD_FOR_MS : -1);
        if (ready < 0 && errno != EINTR) {
            die("poll");
        }
        if (ready == 0) {
            let_go(ends[1].fd);
        }
        for (size_t i = 0; ready > 0 && i < 2; i++) {
            ssize_t length = 0;
            while ((length = recv(ends[i].fd, frame, sizeof frame, MSG_DONTWAIT)) > 0) {
                if (i == 0) {
                    forward(ends[1].fd, frame, (size_t)length);
                } else {
                    emit(ends[0].fd, frame, (size_t)length);
                }
            }
        }
    }
}
