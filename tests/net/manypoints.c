// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests/net/manypoints — prints the points.jsonl of a large run, as a run would have measured it:
 * a router with a capacity, loss beyond it, CPU that follows the load, some invalid points.
 *
 *     manypoints STEPS REPEATS      two topologies, five lengths
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const topologies[] = {"bridged", "dedicated"};
static const unsigned lengths[] = {64, 128, 512, 1024, 1500};

// A number from 0 to 1 (splitmix64).
static double draw(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return (double)((z ^ z >> 31) >> 11) / 0x1p53;
}

struct place {
    unsigned topology, length, step, repeat;
};

static void print_point(const struct place *place, uint64_t *seed)
{
    double pps = 500.0 * (place->step + 1);
    double most = place->topology == 0 ? 180000 : 350000;
    uint64_t tx = (uint64_t)pps;
    double carried = pps < most ? pps : most * (1.1 - 0.1 * pps / most) + 500 * draw(seed);
    uint64_t rx = carried < (double)tx ? (uint64_t)carried : tx;
    uint64_t lost = tx - rx;
    double host = (place->topology == 0 ? 60 : 3) * carried / most + draw(seed);
    double router = 38 * carried / most + draw(seed);
    uint64_t delay = 9000 + (uint64_t)(4000 * draw(seed));
    printf("{\"schema\":1,\"scenario\":\"many\",\"topology\":\"%s\",\"platform\":\"netns\","
           "\"engine\":\"packet\",\"length\":%u,\"length_layer\":\"ip\",\"repeat\":%u,\"step\":%u,"
           "\"duration_s\":1.000%u,\"requested_pps\":%.1f,",
           topologies[place->topology], lengths[place->length], place->repeat, place->step,
           (unsigned)(9 * draw(seed)), pps);
    printf("\"networks\":[{\"name\":\"NET0\",\"router\":\"r1t3\",\"tx\":%" PRIu64
           ",\"unsent\":0,\"rx\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"loss_ratio\":%.17g,"
           "\"duplicated\":0,\"reordered\":0,\"corrupt\":0,\"offered_pps\":%.6f,"
           "\"forwarded_pps\":%.6f,\"delay_ns\":{\"min\":%" PRIu64 ",\"p50\":%" PRIu64
           ",\"p99\":%" PRIu64 ",\"max\":%" PRIu64 "},\"jitter_ns\":%.6f}],",
           tx, rx, lost, (double)lost / (double)tx, pps, (double)rx, delay / 3, delay, 4 * delay,
           9 * delay, 3000 * draw(seed));
    printf("\"cpu\":[{\"name\":\"host\",\"percent\":%.6f,\"ns_per_packet\":%.4f},"
           "{\"name\":\"r1t3\",\"percent\":%.6f,\"ns_per_packet\":%.4f},"
           "{\"name\":\"tester\",\"percent\":%.6f}],\"cpu_total_percent\":%.6f,"
           "\"memory\":[{\"name\":\"r1t3\",\"bytes\":1048576}],",
           host, host * 1e7 / (double)rx, router, router * 1e7 / (double)rx, 30 * draw(seed),
           host + router);
    printf("\"drops\":[");
    if (lost > 0) {
        printf("{\"where\":\"host:s0 receive ring\",\"count\":%" PRIu64 "},", lost / 2);
        printf("{\"where\":\"r1t3:eth0 receive ring\",\"count\":%" PRIu64 "}", lost - lost / 2);
    }
    printf("],\"processors\":[{\"cpu\":0,\"used_by\":\"dut\",\"busy_percent\":%.6f,"
           "\"steal_percent\":%.6f},{\"cpu\":1,\"used_by\":\"tester\",\"busy_percent\":%.6f,"
           "\"steal_percent\":0.0}],\"attempts\":1,",
           host + router, draw(seed), 30 * draw(seed));
    if (draw(seed) < 0.02) {
        puts("\"valid\":false,\"why_invalid\":\"background load: other programs used about 17 % of "
             "a "
             "measurement CPU\"}");
    } else {
        puts("\"valid\":true}");
    }
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    struct place at = {0};
    unsigned steps = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    unsigned repeats = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
    for (at.topology = 0; at.topology < sizeof topologies / sizeof topologies[0]; at.topology++) {
        for (at.length = 0; at.length < sizeof lengths / sizeof lengths[0]; at.length++) {
            for (at.step = 0; at.step < steps; at.step++) {
                for (at.repeat = 0; at.repeat < repeats; at.repeat++) {
                    print_point(&at, &seed);
                }
            }
        }
    }
    return 0;
}
