// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench/bench_bare — the lower limit of bench_testbed: measures the time to make only the kernel's
 * objects of N one-router bridged labs, as many at the same time, with the same functions: four
 * network namespaces, two bridges, four veth pairs and seven NAPI threads a lab. There are no
 * addresses, processes, control groups and records. Prints one JSON object, with the microseconds
 * of a lab for each kind of object. Called by bench/run.
 *
 *     bench_bare N
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "await_kernel.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/thread.h"
#include "linux/link.h"
#include "linux/napi.h"
#include "linux/netns.h"
#include "linux/offload.h"

enum { SOURCE, ROUTER, SINK, HOST, NODES };
#define MADE_AT_ONCE 8U // as bench_testbed

enum { BRIDGES = 2, PAIRS = 4 };
enum { BRIDGE_INDEX = 100, PORT_INDEX = 110, END_INDEX = 120 };

static const size_t node_of_pair[PAIRS] = {SOURCE, ROUTER, ROUTER, SINK};

enum step { NAMESPACES, LOOPBACKS, MAKE_BRIDGES, MAKE_PAIRS, SET_UP, OFFLOADS, THREADS, STEPS };
static const char *const step_names[STEPS] = {"namespaces", "loopbacks", "bridges", "pairs",
                                              "up",         "offloads",  "threads"};

struct bare {
    struct netns *nodes[NODES];
    char ports[PAIRS][8], ends[PAIRS][8];
};

static int make_pairs(struct bare *bare, struct error *err)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < PAIRS; i++) {
        snprintf(bare->ports[i], sizeof bare->ports[i], "port%d", i);
        snprintf(bare->ends[i], sizeof bare->ends[i], "end%d", i);
        struct link_spec port = {.ns = bare->nodes[HOST],
                                 .name = bare->ports[i],
                                 .index = PORT_INDEX + i,
                                 .mac = {0x02, 0x76, 8, 0, 0, (uint8_t)i},
                                 .master = BRIDGE_INDEX + i / 2};
        struct link_spec end = {.ns = bare->nodes[node_of_pair[i]],
                                .name = bare->ends[i],
                                .index = END_INDEX + i,
                                .mac = {0x02, 0x76, 8, 0, 1, (uint8_t)i}};
        rc = link_make_pair(&port, &end, err);
    }
    return rc;
}

// GRO gives an end of a pair its NAPI. The source's end needs none: nothing meters it.
static int make_threads(struct bare *bare, bool offloads, struct error *err)
{
    static const struct offloads wanted = {.gro = true};
    int rc = 0;
    for (int i = 0; rc == 0 && i < 2 * PAIRS; i++) {
        bool port = i < PAIRS;
        int pair = i % PAIRS;
        size_t node = port ? HOST : node_of_pair[pair];
        struct napi_interface interface = {.name = port ? bare->ports[pair] : bare->ends[pair],
                                           .index = (port ? PORT_INDEX : END_INDEX) + pair};
        if (node == SOURCE) {
            continue;
        }
        rc = offloads ? offload_set(bare->nodes[node], interface.name, &wanted, err)
                      : napi_make_threaded(bare->nodes[node], &interface, 1, NAPI_AUTO, err);
        free(interface.threads);
    }
    return rc;
}

static int make_step(struct bare *bare, enum step step, struct error *err)
{
    int rc = 0;
    switch (step) {
    case NAMESPACES:
        for (size_t i = 0; rc == 0 && i < NODES; i++) {
            rc = netns_create(NULL, &bare->nodes[i], err);
        }
        return rc;
    case LOOPBACKS:
        for (size_t i = 0; rc == 0 && i < NODES; i++) {
            rc = link_set_up_loopback(bare->nodes[i], err);
        }
        return rc;
    case MAKE_BRIDGES:
        for (int i = 0; rc == 0 && i < BRIDGES; i++) {
            struct link_spec bridge = {.ns = bare->nodes[HOST],
                                       .name = i == 0 ? "bridge0" : "bridge1",
                                       .index = BRIDGE_INDEX + i,
                                       .mac = {0x02, 0x76, 8, 0, 2, (uint8_t)i}};
            rc = link_make_bridge(&bridge, err);
        }
        return rc;
    case MAKE_PAIRS:
        return make_pairs(bare, err);
    case SET_UP:
        for (int i = 0; rc == 0 && i < PAIRS; i++) {
            rc = link_set_up(bare->nodes[HOST], PORT_INDEX + i, true, err);
            if (rc == 0) {
                rc = link_set_up(bare->nodes[node_of_pair[i]], END_INDEX + i, true, err);
            }
        }
        return rc;
    case OFFLOADS:
        return make_threads(bare, true, err);
    case THREADS:
        return make_threads(bare, false, err);
    case STEPS:
        break;
    }
    return 0;
}

struct making {
    struct bare *labs;
    uint64_t (*spent)[STEPS]; // by each lab
    struct error *errors;
};

static void make_one(void *context, size_t i)
{
    struct making *making = context;
    int rc = 0;
    for (enum step step = NAMESPACES; rc == 0 && step < STEPS; step++) {
        uint64_t began = clock_monotonic_ns();
        rc = make_step(&making->labs[i], step, &making->errors[i]);
        making->spent[i][step] = clock_monotonic_ns() - began;
    }
}

int main(int argc, char **argv)
{
    size_t count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (count == 0 || count > 1000) {
        fprintf(stderr, "usage: bench_bare N (1 to 1000)\n");
        return EXIT_INPUT;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    _cleanup_error_ struct error err = ERROR_INIT;
    struct making making = {.labs = memory_new_array(struct bare, count),
                            .spent = memory_new(count, sizeof *making.spent),
                            .errors = memory_new_array(struct error, count)};
    uint64_t start = clock_monotonic_ns();
    thread_each(count, MADE_AT_ONCE, make_one, &making);
    uint64_t up = clock_monotonic_ns();
    uint64_t spent[STEPS] = {0};
    for (size_t i = 0; i < count; i++) {
        for (size_t node = 0; node < NODES; node++) {
            netns_close(making.labs[i].nodes[node]);
        }
        for (enum step step = NAMESPACES; step < STEPS; step++) {
            spent[step] += making.spent[i][step];
        }
        if (err.text == NULL) {
            error_move(&err, &making.errors[i]);
        }
        error_clear(&making.errors[i]);
    }
    free(making.labs);
    free(making.spent);
    free(making.errors);
    int freed_rc = await_kernel(err.text != NULL ? NULL : &err);
    if (err.text != NULL || freed_rc < 0) {
        fprintf(stderr, "bench_bare: %s\n", err.text);
        return EXIT_FAILED;
    }
    printf("{\"labs\": %zu, \"up_s\": %.4f, \"us\": {", count,
           (double)(up - start) / (double)NS_PER_S);
    for (enum step step = NAMESPACES; step < STEPS; step++) {
        printf("%s\"%s\": %.0f", step == NAMESPACES ? "" : ", ", step_names[step],
               (double)spent[step] / 1e3 / (double)count);
    }
    printf("}}\n");
    return 0;
}
