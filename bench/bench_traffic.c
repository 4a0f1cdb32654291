// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench/bench_traffic — runs an engine of vrbench over a veth pair between two namespaces, on the
 * CPUs that this process may use (taskset), or the kernel's plain live frames ("live"; "timed" also
 * reads the clock at both ends of each frame). Prints one JSON object, in which "wire_…" are the
 * interfaces' own counters. Called by bench/run and by tests/net/soak_exact.sh.
 *
 *     bench_traffic [--engine packet|xdp|live|timed] [--ip 4|6] --length BYTES|imix --pps N|max
 *                   --duration SECONDS [--witness]
 *
 * With --witness, the sink of bench_witness takes the place of the engine's, so that gaps between
 * packets are measured as those of other tools are.
 */
#include "version.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "linux/counters.h"
#include "linux/cpu.h"
#include "linux/link.h"
#include "linux/napi.h"
#include "linux/offload.h"
#include "live_frames.h"
#include "scenario/mix.h"
#include "traffic/engine.h"
#include "traffic/form_make.h"
#include "witness.h"

struct wire {
    struct netns *source, *sink;
    struct napi_interface napi;
};

// What is sent.
struct order {
    const char *engine;
    unsigned version; // of IP
    bool witness;
    struct form_lengths lengths;
    struct traffic_request request;
};

static const uint8_t source_mac[6] = {2, 0x76, 0, 0, 0, 1};
static const uint8_t sink_mac[6] = {2, 0x76, 0, 0, 0, 2};

static int make_wire(struct wire *wire, const struct cpu_list *cpus, struct error *err)
{
    static const struct offloads wanted = {.gro = true, .gso = false, .tso = false};
    int rc = netns_create(NULL, &wire->source, err);
    if (rc == 0) {
        rc = netns_create(NULL, &wire->sink, err);
    }
    if (rc < 0) {
        return rc;
    }
    struct link_spec a = {.ns = wire->source, .name = "s0", .index = 10, .mtu = 3386};
    struct link_spec b = {.ns = wire->sink, .name = "k0", .index = 10, .mtu = 3386};
    memcpy(a.mac, source_mac, 6);
    memcpy(b.mac, sink_mac, 6);
    wire->napi = (struct napi_interface){.name = "k0", .index = 10};
    if ((rc = link_make_pair(&a, &b, err)) < 0 ||
        (rc = offload_set(wire->source, "s0", &wanted, err)) < 0 ||
        (rc = offload_set(wire->sink, "k0", &wanted, err)) < 0 ||
        (rc = link_set_up(wire->source, 10, true, err)) < 0 ||
        (rc = link_set_up(wire->sink, 10, true, err)) < 0 ||
        (rc = napi_make_threaded(wire->sink, &wire->napi, 1, NAPI_AUTO, err)) < 0) {
        return rc;
    }
    struct cpu_list sink_cpu = {.count = 1, .cpus = {cpus->cpus[cpus->count - 1]}};
    return cpu_bind(wire->napi.threads[0], &sink_cpu, err);
}

static struct traffic_path path_of(unsigned version)
{
    struct traffic_path path = {.source_index = 10, .sink_index = 10};
    memcpy(path.address.source_mac, source_mac, 6);
    memcpy(path.address.next_hop_mac, sink_mac, 6);
    (void)ip_parse(version == 6 ? "2001:2::2" : "198.18.0.2", &path.address.source);
    (void)ip_parse(version == 6 ? "2001:2:0:1::2" : "198.19.0.2", &path.address.destination);
    return path;
}

static struct traffic_setup setup_of(const struct traffic_path *path, const struct cpu_list *cpus)
{
    return (struct traffic_setup){.paths = path,
                                  .path_count = 1,
                                  .source_cpus = {.count = 1, .cpus = {cpus->cpus[0]}},
                                  .sink_cpus = {.count = 1, .cpus = {cpus->cpus[cpus->count - 1]}},
                                  .shared_cpu = cpus->count == 1};
}

// What the kernel's counters of both interfaces say.
struct wire_counts {
    uint64_t tx, tx_dropped; // of the source's: accepted by the sink's ring, and not
    uint64_t rx;             // of the sink's
};

static const struct link_counters *counters_of_wire(const struct namespace_counters *counters)
{
    for (size_t i = 0; i < counters->link_count; i++) {
        if (counters->links[i].index == 10) {
            return &counters->links[i];
        }
    }
    static const struct link_counters none;
    return &none;
}

static int wire_count(const struct wire *wire, struct wire_counts *ret, struct error *err)
{
    struct namespace_counters source = {0};
    struct namespace_counters sink = {0};
    int rc;
    if ((rc = counters_read(wire->source, &source, err)) == 0 &&
        (rc = counters_read(wire->sink, &sink, err)) == 0) {
        const struct link_counters *from = counters_of_wire(&source);
        *ret = (struct wire_counts){.tx = from->tx_packets,
                                    .tx_dropped = from->tx_dropped,
                                    .rx = counters_of_wire(&sink)->rx_packets};
    }
    counters_clear(&source);
    counters_clear(&sink);
    return rc;
}

static void print_counts(const struct traffic_count *count, uint64_t own_ns, uint64_t napi_ns,
                         const struct wire_counts *wire)
{
    double seconds = (double)count->sending_ns / (double)NS_PER_S;
    double received = (double)(count->rx == 0 ? 1 : count->rx);
    printf("{\"tx_pps\": %.0f, \"rx_pps\": %.0f, \"tx\": %" PRIu64 ", \"rx\": %" PRIu64
           ", \"unsent\": %" PRIu64 ", \"sink_drops\": %" PRIu64
           ", \"cpu_ns_per_packet\": %.0f, \"napi_ns_per_packet\": %.0f, \"delay_p50_ns\": %" PRIu64
           ", \"delay_p99_ns\": %" PRIu64 ", \"gap_p50_ns\": %" PRIu64 ", \"gap_p99_ns\": %" PRIu64
           ", \"gap_p999_ns\": %" PRIu64,
           (double)count->tx / seconds, (double)count->rx / seconds, count->tx, count->rx,
           count->unsent, count->sink_drops, (double)(own_ns + napi_ns) / received,
           (double)napi_ns / received, count->delay_p50, count->delay_p99, count->gap_p50,
           count->gap_p99, count->gap_p999);
    printf(", \"duplicated\": %" PRIu64 ", \"reordered\": %" PRIu64 ", \"corrupt\": %" PRIu64
           ", \"stale\": %" PRIu64 ", \"strays\": %" PRIu64 ", \"wire_tx\": %" PRIu64
           ", \"wire_dropped\": %" PRIu64 ", \"wire_rx\": %" PRIu64 "}\n",
           count->duplicated, count->reordered, count->corrupt, count->stale, count->strays,
           wire->tx, wire->tx_dropped, wire->rx);
}

static int measure(struct wire *wire, const struct order *order, const struct cpu_list *cpus,
                   struct error *err)
{
    const struct traffic_path path = path_of(order->version);
    const struct traffic_setup setup = setup_of(&path, cpus);
    const struct netns *const source_ns[] = {wire->source};
    const struct netns *const sink_ns[] = {wire->sink};
    struct engine_half source = {0};
    struct engine_half sink = {0};
    int rc;
    if ((rc = engine_open_half(order->engine, ENGINE_SOURCE, &setup, source_ns, &source, err)) <
            0 ||
        (rc = engine_open_half(order->engine, ENGINE_SINK, &setup, sink_ns, &sink, err)) < 0) {
        engine_close_half(&source);
        return rc;
    }
    struct engine *engine = engine_join(order->engine, 1, &source, &sink);
    uint64_t napi_before = 0;
    uint64_t napi_after = 0;
    (void)cpu_task_time(wire->napi.threads[0], &napi_before, NULL);
    uint64_t own_before = cpu_own_time();
    struct traffic_count count = {0};
    struct wire_counts before = {0};
    struct wire_counts after = {0};
    if ((rc = wire_count(wire, &before, err)) == 0) {
        rc = engine_run(engine, &order->request, &count, err);
    }
    uint64_t own = cpu_own_time() - own_before - count.waited_ns;
    (void)cpu_task_time(wire->napi.threads[0], &napi_after, NULL);
    if (rc == 0) {
        rc = wire_count(wire, &after, err);
    }
    engine_close(engine);
    if (rc == 0) {
        const struct wire_counts passed = {.tx = after.tx - before.tx,
                                           .tx_dropped = after.tx_dropped - before.tx_dropped,
                                           .rx = after.rx - before.rx};
        print_counts(&count, own, napi_after - napi_before, &passed);
    }
    return rc;
}

#if HAVE_BPF
static int send_alone(const struct engine_half *source, const struct traffic_request *request,
                      struct traffic_count *count, struct error *err)
{
    int rc = source->ops->start(source->half, request, err);
    if (rc == 0) {
        rc = source->ops->finish(source->half, request, count, err);
    }
    source->ops->stop(source->half);
    return rc;
}

static int measure_witnessed(struct wire *wire, const struct order *order,
                             const struct cpu_list *cpus, struct error *err)
{
    const struct traffic_path path = path_of(order->version);
    const struct traffic_setup setup = setup_of(&path, cpus);
    const struct netns *const source_ns[] = {wire->source};
    struct engine_half source = {0};
    struct witness *witness = NULL;
    struct traffic_count count = {0};
    int rc;
    if ((rc = witness_open(wire->sink, &wire->napi, order->request.ip_length, true, &witness,
                           err)) == 0 &&
        (rc = engine_open_half(order->engine, ENGINE_SOURCE, &setup, source_ns, &source, err)) ==
            0 &&
        (rc = send_alone(&source, &order->request, &count, err)) == 0) {
        clock_sleep(20 * NS_PER_MS); // what is still in the ring arrives
        printf("{\"tx_pps\": %.3f, ",
               (double)count.tx * (double)NS_PER_S / (double)count.sending_ns);
        witness_print(witness, order->request.duration_ns, stdout);
        printf("}\n");
    }
    engine_close_half(&source);
    witness_close(witness);
    return rc;
}
#endif

#if HAVE_BPF
static int measure_live(const struct wire *wire, const struct order *order,
                        const struct cpu_list *cpus, struct error *err)
{
    struct live_frames live = {.source = wire->source,
                               .sink = wire->sink,
                               .source_index = 10,
                               .sink_index = 10,
                               .napi = &wire->napi,
                               .version = order->version,
                               .timed = strcmp(order->engine, "timed") == 0,
                               .duration_ns = order->request.duration_ns};
    const struct traffic_path path = path_of(order->version);
    const struct form form = form_make(&path, &order->request);
    for (unsigned i = 0; i < form_part_count(&form); i++) {
        live.parts[i].length = FRAME_ETHERNET + form.lengths.lengths[i];
    }
    live.part_count = form_part_count(&form);
    live.parts[0].weight = live.part_count == 1 ? 8 : 0;
    for (unsigned i = 0; live.part_count > 1 && i < form.lengths.slot_count; i++) {
        live.parts[form.lengths.slots[i]].weight++;
    }
    const struct cpu_list source_cpu = {.count = 1, .cpus = {cpus->cpus[0]}};
    uint64_t sent = 0;
    uint64_t received = 0;
    uint64_t took_ns = 0;
    int rc = cpu_bind(0, &source_cpu, err);
    if (rc < 0 || (rc = live_frames_run(&live, &sent, &received, &took_ns, err)) < 0) {
        return rc;
    }
    double seconds = (double)took_ns / (double)NS_PER_S;
    printf("{\"tx_pps\": %.0f, \"rx_pps\": %.0f, \"tx\": %" PRIu64 ", \"rx\": %" PRIu64 "}\n",
           (double)sent / seconds, (double)received / seconds, sent, received);
    return 0;
}
#endif

static int measure_engine(struct wire *wire, const struct order *order, const struct cpu_list *cpus,
                          struct error *err)
{
    _cleanup_close_ int awake = cpu_hold_awake(NULL); // as `vrbench run` does
    (void)awake;
#if HAVE_BPF
    if (strcmp(order->engine, "live") == 0 || strcmp(order->engine, "timed") == 0) {
        return measure_live(wire, order, cpus, err);
    }
    if (order->witness) {
        int rc = engine_check(order->engine, err);
        return rc < 0 ? rc : measure_witnessed(wire, order, cpus, err);
    }
#endif
    int rc = engine_check(order->engine, err);
    return rc < 0 ? rc : measure(wire, order, cpus, err);
}

// Reads "imix" or a number of bytes.
static int order_set_length(struct order *order, const char *text, struct error *err)
{
    if (!mix_is_meant(text)) {
        order->request.ip_length = (unsigned)strtoul(text, NULL, 10);
        return 0;
    }
    struct length_mix mix;
    int rc = mix_parse(text, FRAME_IP_MIN(4), FRAME_IP_MAX, &mix, err);
    if (rc < 0) {
        return rc;
    }
    mix_settle(&mix, LENGTH_IP, order->version);
    order->lengths.slot_count = mix.slot_count;
    memcpy(order->lengths.slots, mix.slots, mix.slot_count);
    for (unsigned i = 0; i < mix.part_count; i++) {
        order->lengths.lengths[i] = mix.parts[i].length;
    }
    order->request.lengths = &order->lengths;
    order->request.ip_length = mix.parts[0].length;
    return 0;
}

static int order_parse(struct order *order, int argc, char **argv, struct error *err)
{
    static const struct option options[] = {{"engine", required_argument, NULL, 'e'},
                                            {"length", required_argument, NULL, 'l'},
                                            {"pps", required_argument, NULL, 'p'},
                                            {"ip", required_argument, NULL, 'i'},
                                            {"duration", required_argument, NULL, 'd'},
                                            {"witness", no_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    const char *length = "64";
    struct traffic_request *request = &order->request;
    for (int key = 0; (key = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (key) {
        case 'e':
            order->engine = optarg;
            break;
        case 'i':
            order->version = strcmp(optarg, "6") == 0 ? 6 : 4;
            break;
        case 'l':
            length = optarg;
            break;
        case 'p':
            request->pps = strcmp(optarg, "max") == 0 ? 0.0 : strtod(optarg, NULL);
            break;
        case 'd':
            request->duration_ns = (uint64_t)(strtod(optarg, NULL) * (double)NS_PER_S);
            break;
        case 'w':
            order->witness = true;
            break;
        default:
            return fail_input(err, "unknown option");
        }
    }
    int rc = order_set_length(order, length, err);
    if (rc < 0) {
        return rc;
    }
    if (request->ip_length < FRAME_IP_MIN(order->version) || request->ip_length > FRAME_IP_MAX ||
        request->duration_ns < NS_PER_MS) {
        return fail_input(err, "length or duration out of range");
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct order order = {
        .engine = "packet", .version = 4, .request = {.run = 1, .duration_ns = NS_PER_S}};
    _cleanup_error_ struct error err = ERROR_INIT;
    struct cpu_list cpus;
    struct wire wire = {0};
    int rc;
    if ((rc = order_parse(&order, argc, argv, &err)) == 0 &&
        (rc = cpu_list_usable(&cpus, &err)) == 0 && (rc = make_wire(&wire, &cpus, &err)) == 0) {
        rc = measure_engine(&wire, &order, &cpus, &err);
    }
    netns_close(wire.source);
    netns_close(wire.sink);
    free(wire.napi.threads);
    if (rc < 0) {
        fprintf(stderr, "bench_traffic: %s\n", err.text);
        return err.exit_status;
    }
    return 0;
}
