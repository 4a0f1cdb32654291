// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * bench/bench_traffic — runs an engine of vrbench over a veth pair between two namespaces, on the
 * CPUs that this process may use (taskset), or the kernel's plain live frames ("live"). Prints one
 * JSON object. Called by bench/run.
 *
 *     bench_traffic [--engine packet|xdp|live] --length BYTES --pps N|max --duration SECONDS
 */
#include "version.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "linux/cpu.h"
#include "linux/link.h"
#include "linux/napi.h"
#include "linux/offload.h"
#include "live_frames.h"
#include "traffic/engine.h"

struct wire {
    struct netns *source, *sink;
    struct napi_interface napi;
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

static int measure(struct wire *wire, const char *name, const struct cpu_list *cpus,
                   const struct traffic_request *request, struct error *err)
{
    struct traffic_path path = {
        .source_index = 10,
        .sink_index = 10,
        .address = {.source = ip_v4(0xc6120002U), .destination = ip_v4(0xc6130002U)}};
    memcpy(path.address.source_mac, source_mac, 6);
    memcpy(path.address.next_hop_mac, sink_mac, 6);
    struct traffic_setup setup = {.paths = &path,
                                  .path_count = 1,
                                  .source_cpus = {.count = 1, .cpus = {cpus->cpus[0]}},
                                  .sink_cpus = {.count = 1, .cpus = {cpus->cpus[cpus->count - 1]}},
                                  .shared_cpu = cpus->count == 1};
    _cleanup_close_ int awake = cpu_hold_awake(NULL); // as `vrbench run` does
    (void)awake;
    const struct netns *const source_ns[] = {wire->source};
    const struct netns *const sink_ns[] = {wire->sink};
    struct engine_half source = {0};
    struct engine_half sink = {0};
    int rc;
    if ((rc = engine_check(name, err)) < 0 ||
        (rc = engine_open_half(name, ENGINE_SOURCE, &setup, source_ns, &source, err)) < 0 ||
        (rc = engine_open_half(name, ENGINE_SINK, &setup, sink_ns, &sink, err)) < 0) {
        return rc;
    }
    struct engine *engine = engine_join(name, 1, &source, &sink);
    uint64_t napi_before = 0;
    uint64_t napi_after = 0;
    (void)cpu_task_time(wire->napi.threads[0], &napi_before, NULL);
    uint64_t own_before = cpu_own_time();
    struct traffic_count count;
    rc = engine_run(engine, request, &count, err);
    uint64_t own = cpu_own_time() - own_before - count.waited_ns;
    (void)cpu_task_time(wire->napi.threads[0], &napi_after, NULL);
    engine_close(engine);
    if (rc < 0) {
        return rc;
    }
    double seconds = (double)count.sending_ns / (double)NS_PER_S;
    printf("{\"tx_pps\": %.0f, \"rx_pps\": %.0f, \"tx\": %" PRIu64 ", \"rx\": %" PRIu64
           ", \"unsent\": %" PRIu64 ", \"sink_drops\": %" PRIu64
           ", \"cpu_ns_per_packet\": %.0f, \"napi_ns_per_packet\": %.0f, \"delay_p50_ns\": %" PRIu64
           ", \"delay_p99_ns\": %" PRIu64 ", \"gap_p50_ns\": %" PRIu64 ", \"gap_p99_ns\": %" PRIu64
           ", \"gap_p999_ns\": %" PRIu64 "}\n",
           (double)count.tx / seconds, (double)count.rx / seconds, count.tx, count.rx, count.unsent,
           count.sink_drops,
           (double)(own + napi_after - napi_before) / (double)(count.rx == 0 ? 1 : count.rx),
           (double)(napi_after - napi_before) / (double)(count.rx == 0 ? 1 : count.rx),
           count.delay_p50, count.delay_p99, count.gap_p50, count.gap_p99, count.gap_p999);
    return 0;
}

#if HAVE_BPF
static int measure_live(const struct wire *wire, const struct cpu_list *cpus,
                        const struct traffic_request *request, struct error *err)
{
    const struct live_frames live = {.source = wire->source,
                                     .sink = wire->sink,
                                     .source_index = 10,
                                     .sink_index = 10,
                                     .napi = &wire->napi,
                                     .length = FRAME_ETHERNET + request->ip_length,
                                     .duration_ns = request->duration_ns};
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

static int measure_engine(struct wire *wire, const char *engine, const struct cpu_list *cpus,
                          const struct traffic_request *request, struct error *err)
{
#if HAVE_BPF
    if (strcmp(engine, "live") == 0) {
        return measure_live(wire, cpus, request, err);
    }
#endif
    return measure(wire, engine, cpus, request, err);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"engine", required_argument, NULL, 'e'},
                                            {"length", required_argument, NULL, 'l'},
                                            {"pps", required_argument, NULL, 'p'},
                                            {"duration", required_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    struct traffic_request request = {.run = 1, .ip_length = 64, .duration_ns = NS_PER_S};
    const char *engine = "packet";
    for (int key = 0; (key = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (key) {
        case 'e':
            engine = optarg;
            break;
        case 'l':
            request.ip_length = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'p':
            request.pps = strcmp(optarg, "max") == 0 ? 0.0 : strtod(optarg, NULL);
            break;
        case 'd':
            request.duration_ns = (uint64_t)(strtod(optarg, NULL) * (double)NS_PER_S);
            break;
        default:
            return EXIT_INPUT;
        }
    }
    if (request.ip_length < FRAME_IP_MIN(4) || request.ip_length > FRAME_IP_MAX ||
        request.duration_ns < NS_PER_MS) {
        fprintf(stderr, "bench_traffic: length or duration out of range\n");
        return EXIT_INPUT;
    }
    _cleanup_error_ struct error err = ERROR_INIT;
    struct cpu_list cpus;
    struct wire wire = {0};
    int rc = cpu_list_usable(&cpus, &err);
    if (rc == 0) {
        rc = make_wire(&wire, &cpus, &err);
    }
    if (rc == 0) {
        rc = measure_engine(&wire, engine, &cpus, &request, &err);
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
