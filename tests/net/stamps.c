// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * stamps [--each] FILE — counts the test frames of a capture (tcpdump -w: pcap, Ethernet) by their
 * stamps, for comparison with what vrbench says. Its own reading of the stamp, on purpose: none of
 * src/ is used. A line a run and network, in order of first sight:
 *
 *     RUN NETWORK frames distinct falling first last
 *
 * With --each there is a line for each of these frames before: its run, network and number, the
 * length of its IP packet, its source port, and the last 4 bytes of its source address:
 *
 *     RUN NETWORK NUMBER LENGTH PORT ADDRESS
 *
 * `falling` counts frames with a number below that of the frame before. The last line is
 * `total FRAMES other OTHERS bytes BYTES`; frames that aren't UDP to port 22098 with the magic are
 * others.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS      256
#define SEQUENCES 1000000

struct run {
    uint32_t run;
    unsigned network;
    unsigned long frames, distinct, falling;
    uint64_t first, last;
    uint8_t *seen;
};

static bool each;
static struct run runs[RUNS];
static size_t run_count;

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}
static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static struct run *find(uint32_t number, unsigned network)
{
    for (size_t i = 0; i < run_count; i++) {
        if (runs[i].run == number && runs[i].network == network) {
            return &runs[i];
        }
    }
    if (run_count == RUNS) {
        fputs("stamps: too many runs\n", stderr);
        exit(EXIT_FAILURE);
    }
    runs[run_count] = (struct run){
        .run = number, .network = network, .first = UINT64_MAX, .seen = calloc(SEQUENCES, 1)};
    if (runs[run_count].seen == NULL) {
        exit(EXIT_FAILURE);
    }
    return &runs[run_count++];
}

// Where the stamp of a test frame is: behind IPv4 or IPv6 and UDP. 0 = no test frame.
static size_t stamp_at(const uint8_t *frame, size_t length)
{
    bool four = length >= 70 && get16(frame + 12) == 0x0800 && frame[14] == 0x45 && frame[23] == 17;
    bool six =
        length >= 90 && get16(frame + 12) == 0x86dd && frame[14] >> 4 == 6 && frame[20] == 17;
    size_t at = four ? 42 : six ? 62 : 0;
    return at != 0 && get16(frame + at - 6) == 22098 && get16(frame + at) == 0x5652 ? at : 0;
}

static bool count(const uint8_t *frame, size_t length)
{
    size_t at = stamp_at(frame, length);
    if (at == 0) {
        return false;
    }
    const uint8_t *stamp = frame + at;
    struct run *run = find(get32(stamp + 4), get16(stamp + 2));
    uint64_t sequence = (uint64_t)get32(stamp + 8) << 32 | get32(stamp + 12);
    if (run->frames > 0 && sequence < run->last) {
        run->falling++;
    }
    if (each) {
        unsigned ip_length = at == 42 ? get16(frame + 16) : 40 + get16(frame + 18);
        printf("%08x %u %llu %u %u %08x\n", run->run, run->network, (unsigned long long)sequence,
               ip_length, get16(frame + at - 8), get32(frame + (at == 42 ? 26 : 34)));
    }
    run->first = run->frames == 0 ? sequence : run->first;
    run->last = sequence;
    run->frames++;
    if (sequence < SEQUENCES && run->seen[sequence] == 0) {
        run->seen[sequence] = 1;
        run->distinct++;
    }
    return true;
}

int main(int argc, char **argv)
{
    each = argc == 3 && strcmp(argv[1], "--each") == 0;
    FILE *file = argc == 2 || each ? fopen(argv[argc - 1], "rb") : NULL;
    uint32_t header[6];
    if (file == NULL || fread(header, sizeof header, 1, file) != 1 || header[0] != 0xa1b2c3d4U) {
        fputs("usage: stamps [--each] FILE (a pcap file of this machine)\n", stderr);
        return 2;
    }
    unsigned long total = 0;
    unsigned long others = 0;
    unsigned long long bytes = 0;
    uint32_t record[4];
    static uint8_t frame[65536];
    while (fread(record, sizeof record, 1, file) == 1) {
        if (record[2] > sizeof frame || fread(frame, 1, record[2], file) != record[2]) {
            fputs("stamps: torn capture\n", stderr);
            return EXIT_FAILURE;
        }
        total++;
        bytes += record[3];
        others += !count(frame, record[2]);
    }
    fclose(file);
    for (size_t i = 0; i < run_count; i++) {
        const struct run *run = &runs[i];
        printf("%08x %u %lu %lu %lu %llu %llu\n", run->run, run->network, run->frames,
               run->distinct, run->falling, (unsigned long long)run->first,
               (unsigned long long)run->last);
        free(run->seen);
    }
    printf("total %lu other %lu bytes %llu\n", total, others, bytes);
    return EXIT_SUCCESS;
}
