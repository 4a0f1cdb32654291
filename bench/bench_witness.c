// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench/bench_witness — counts the UDP packets of one length that reach an interface of the current
 * network namespace, and drops them, on the last CPU that this process may use. Prints "ready",
 * then at the end of its standard input one JSON object with the quantiles of the gaps between the
 * packets of the first SECONDS. Called by bench/run, for the tools whose receiver measures no gaps.
 *
 *     bench_witness INTERFACE --length BYTES|any [--seconds SECONDS]
 */
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "linux/cpu.h"
#include "linux/napi.h"
#include "linux/offload.h"
#include "witness.h"

static int make_thread(const struct netns *ns, struct napi_interface *interface, struct error *err)
{
    static const struct offloads wanted = {.gro = true, .gso = false, .tso = false};
    struct cpu_list cpus;
    int rc;
    if ((rc = cpu_list_usable(&cpus, err)) < 0 ||
        (rc = offload_set(ns, interface->name, &wanted, err)) < 0 ||
        (rc = napi_make_threaded(ns, interface, 1, NAPI_AUTO, err)) < 0) {
        return rc;
    }
    const struct cpu_list last = {.count = 1, .cpus = {cpus.cpus[cpus.count - 1]}};
    return cpu_bind(interface->threads[0], &last, err);
}

static int watch(const struct netns *ns, struct napi_interface *interface, unsigned length,
                 double seconds, struct error *err)
{
    struct witness *witness = NULL;
    int rc;
    if ((rc = make_thread(ns, interface, err)) < 0 ||
        (rc = witness_open(ns, interface, length, seconds > 0, &witness, err)) < 0) {
        return rc;
    }
    _cleanup_close_ int awake = cpu_hold_awake(NULL); // as `vrbench run` does
    (void)awake;
    printf("ready\n");
    fflush(stdout);
    for (char unused[64]; read(STDIN_FILENO, unused, sizeof unused) > 0;) {
    }
    printf("{");
    witness_print(witness, (uint64_t)(seconds * (double)NS_PER_S), stdout);
    printf("}\n");
    witness_close(witness);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"length", required_argument, NULL, 'l'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    unsigned length = 0;
    double seconds = 0;
    for (int key = 0; (key = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (key) {
        case 'l':
            length = strcmp(optarg, "any") == 0 ? 0 : (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 's':
            seconds = strtod(optarg, NULL);
            break;
        default:
            return EXIT_INPUT;
        }
    }
    struct napi_interface interface = {.name = optind < argc ? argv[optind] : "",
                                       .index =
                                           (int)if_nametoindex(optind < argc ? argv[optind] : "")};
    if (interface.index == 0) {
        fprintf(stderr, "bench_witness: no interface \"%s\"\n", interface.name);
        return EXIT_INPUT;
    }
    _cleanup_error_ struct error err = ERROR_INIT;
    struct netns *ns = NULL;
    int rc = netns_open(NULL, &ns, &err);
    if (rc == 0) {
        rc = watch(ns, &interface, length, seconds, &err);
    }
    netns_close(ns);
    free(interface.threads);
    if (rc < 0) {
        fprintf(stderr, "bench_witness: %s\n", err.text);
        return err.exit_status;
    }
    return 0;
}
