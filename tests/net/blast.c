// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests/net/blast — sends small UDP packets from the namespace it runs in, in bursts of a
 * millisecond, until it is killed. Stop and continue it by signal: what it did not send meanwhile
 * it doesn't send later.
 *
 *     blast ADDRESS PORT PPS
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BURST_MAX 1024
#define LENGTH    36 // of the payload: an IP packet of 64 bytes

int main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
        fprintf(stderr, "usage: blast ADDRESS PORT PPS\n");
        return 2;
    }
    to.sin_port = htons((unsigned short)strtoul(argv[2], NULL, 10));
    unsigned long burst = strtoul(argv[3], NULL, 10) / 1000;
    burst = burst > BURST_MAX ? BURST_MAX : burst;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        perror("blast");
        return 1;
    }
    char payload[LENGTH] = {0};
    struct iovec vector = {payload, sizeof payload};
    static struct mmsghdr messages[BURST_MAX];
    for (size_t i = 0; i < BURST_MAX; i++) {
        messages[i].msg_hdr.msg_iov = &vector;
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    const struct timespec pause = {.tv_nsec = 1000000};
    for (;;) {
        (void)sendmmsg(fd, messages, (unsigned)burst, MSG_DONTWAIT);
        (void)nanosleep(&pause, NULL);
    }
}
