// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * stamps FILE — counts the test frames of a capture (tcpdump -w: pcap, Ethernet) by their stamps,
 * for comparison with what vrbench says. Its own reading of the stamp, on purpose: none of src/ is
 * used. A line a run and network, in order of first sight:
 *
 *     RUN NETWORK frames distinct falling first last
 *
 * `falling` counts frames with a number below that of the frame before. The last line is
 * `total FRAMES other OTHERS`; frames that aren't UDP to port 22098 with the magic are others.
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

static bool count(const uint8_t *frame, size_t length)
{
    if (length < 70 || get16(frame + 12) != 0x0800 || frame[14] != 0x45 || frame[23] != 17 ||
        get16(frame + 36) != 22098 || get16(frame + 42) != 0x5652) {
        return false;
    }
    struct run *run = find(get32(frame + 46), get16(frame + 44));
    uint64_t sequence = (uint64_t)get32(frame + 50) << 32 | get32(frame + 54);
    if (run->frames > 0 && sequence < run->last) {
        run->falling++;
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
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    uint32_t header[6];
    if (file == NULL || fread(header, sizeof header, 1, file) != 1 || header[0] != 0xa1b2c3d4U) {
        fputs("usage: stamps FILE (a pcap file of this machine)\n", stderr);
        return 2;
    }
    unsigned long total = 0;
    unsigned long others = 0;
    uint32_t record[4];
    static uint8_t frame[65536];
    while (fread(record, sizeof record, 1, file) == 1) {
        if (record[2] > sizeof frame || fread(frame, 1, record[2], file) != record[2]) {
            fputs("stamps: torn capture\n", stderr);
            return EXIT_FAILURE;
        }
        total++;
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
    printf("total %lu other %lu\n", total, others);
    return EXIT_SUCCESS;
}
