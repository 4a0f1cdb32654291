// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/packet — the engine "packet": AF_PACKET source and sink in threads of this process,
 * several paths loaded at the same moment. Called by measure/ through engine.h.
 */
#include "traffic/packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/thread.h"

#define START_AFTER_NS (3U * NS_PER_MS) // for all threads to be there
#define DRAIN_STEP_NS  NS_PER_MS
#define QUIET_NS       (40U * NS_PER_MS)   // nothing arrives for so long: drained
#define DRAIN_MAX_NS   (2000U * NS_PER_MS) // a router may hold packets back, but not for ever

struct engine {
    size_t path_count;
    struct packet_stream *streams;
    struct packet_receiver *receivers;
    struct packet_source *sources;
    size_t source_count;
    struct packet_sink *sinks;
    size_t sink_count;
    struct wall_clock clock; // of the trial
    atomic_bool stop_sending, stop_receiving;
};

static void packet_close(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    for (size_t i = 0; i < engine->path_count; i++) {
        packet_stream_close(&engine->streams[i]);
        packet_receiver_close(&engine->receivers[i]);
    }
    for (size_t i = 0; i < engine->source_count; i++) {
        free(engine->sources[i].streams);
    }
    for (size_t i = 0; i < engine->sink_count; i++) {
        free(engine->sinks[i].receivers);
    }
    free(engine->sources);
    free(engine->sinks);
    free(engine->streams);
    free(engine->receivers);
    free(engine);
}

static struct cpu_list one_cpu(const struct cpu_list *all, size_t i)
{
    struct cpu_list one = {.count = 1};
    one.cpus[0] = all->cpus[i % all->count];
    return one;
}

static size_t threads_for(const struct cpu_list *cpus, size_t paths)
{
    size_t count = cpus->count < paths ? cpus->count : paths;
    return count == 0 ? 1 : count;
}

// One thread a CPU on each side, at most one a path; paths are dealt out in turn.
static void deal_out(struct engine *engine, const struct traffic_setup *setup)
{
    size_t paths = setup->path_count;
    engine->source_count = threads_for(&setup->source_cpus, paths);
    engine->sink_count = threads_for(&setup->sink_cpus, paths);
    engine->sources = memory_new_array(struct packet_source, engine->source_count);
    engine->sinks = memory_new_array(struct packet_sink, engine->sink_count);
    for (size_t i = 0; i < engine->source_count; i++) {
        engine->sources[i] = (struct packet_source){
            .streams = memory_new_array(struct packet_stream *, paths),
            .cpus = one_cpu(&setup->source_cpus, i),
            .shared_cpu = setup->shared_cpu,
            .stop = &engine->stop_sending,
        };
    }
    for (size_t i = 0; i < engine->sink_count; i++) {
        engine->sinks[i] = (struct packet_sink){
            .receivers = memory_new_array(struct packet_receiver *, paths),
            .cpus = one_cpu(&setup->sink_cpus, i),
            .stop = &engine->stop_receiving,
        };
    }
    for (size_t i = 0; i < paths; i++) {
        struct packet_source *source = &engine->sources[i % engine->source_count];
        source->streams[source->stream_count++] = &engine->streams[i];
        struct packet_sink *sink = &engine->sinks[i % engine->sink_count];
        sink->receivers[sink->receiver_count++] = &engine->receivers[i];
    }
}

static int packet_open(const struct traffic_setup *setup, struct engine **ret, struct error *err)
{
    if (setup->path_count == 0 || setup->source_cpus.count == 0 || setup->sink_cpus.count == 0) {
        return fail(err, EINVAL, "an engine without paths or CPUs");
    }
    struct engine *engine = memory_new(1, sizeof *engine);
    engine->streams = memory_new_array(struct packet_stream, setup->path_count);
    engine->receivers = memory_new_array(struct packet_receiver, setup->path_count);
    for (size_t i = 0; i < setup->path_count; i++) {
        engine->streams[i].socket = -1;
        engine->receivers[i].socket = -1;
    }
    engine->path_count = setup->path_count;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < setup->path_count; i++) {
        rc = packet_stream_open(&setup->paths[i], &engine->streams[i], err);
        if (rc == 0) {
            rc = packet_receiver_open(&setup->paths[i], &engine->receivers[i], err);
        }
    }
    if (rc < 0) {
        packet_close(engine);
        return rc;
    }
    deal_out(engine, setup);
    *ret = engine;
    return 0;
}

struct thread_group {
    pthread_t *threads;
    size_t count;
};

static int start_thread(struct thread_group *group, void *(*body)(void *), void *argument,
                        struct error *err)
{
    int rc = thread_start(&group->threads[group->count], body, argument);
    if (rc != 0) {
        return fail(err, rc, "starting a thread of the tester");
    }
    group->count++;
    return 0;
}

static void join_all(struct thread_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        pthread_join(group->threads[i], NULL);
    }
    group->count = 0;
}

static uint64_t arrivals(const struct engine *engine)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < engine->path_count; i++) {
        sum += atomic_load_explicit(&engine->receivers[i].flow->arrivals, memory_order_relaxed);
    }
    return sum;
}

static uint64_t attempted(const struct engine *engine)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < engine->path_count; i++) {
        sum += engine->streams[i].tx;
    }
    return sum;
}

// Waits until everything sent has arrived, or nothing has for a while.
static void drain(const struct engine *engine)
{
    uint64_t sent = attempted(engine);
    uint64_t seen = arrivals(engine);
    uint64_t start = clock_monotonic_ns();
    uint64_t changed = start;
    while (seen < sent) {
        uint64_t now = clock_monotonic_ns();
        if (now - changed > QUIET_NS || now - start > DRAIN_MAX_NS ||
            stop_sleep(DRAIN_STEP_NS, NULL) < 0) {
            break;
        }
        uint64_t latest = arrivals(engine);
        if (latest != seen) {
            seen = latest;
            changed = clock_monotonic_ns();
        }
    }
}

static void prepare(struct engine *engine, const struct traffic_request *request)
{
    for (size_t i = 0; i < engine->path_count; i++) {
        struct packet_stream *stream = &engine->streams[i];
        packet_stream_prepare(stream, request);
        packet_receiver_prepare(&engine->receivers[i], &engine->clock, request->run,
                                stream->address.network);
    }
    atomic_store(&engine->stop_sending, false);
    atomic_store(&engine->stop_receiving, false);
    for (size_t i = 0; i < engine->sink_count; i++) {
        engine->sinks[i].failed = 0;
    }
}

static void fill_delays(const struct flow *flow, struct traffic_count *count)
{
    count->delay_measured = true;
    count->delay_min = flow->delay_min;
    count->delay_p50 = flow_delay_quantile(flow, 0.5);
    count->delay_p99 = flow_delay_quantile(flow, 0.99);
    count->delay_max = flow->delay_max;
    count->jitter_measured = true;
    count->jitter_ns = flow->jitter;
}

static void collect(const struct engine *engine, const struct traffic_request *request,
                    uint64_t start_ns, struct traffic_count *counts)
{
    bool moved = wall_clock_moved(&engine->clock);
    for (size_t i = 0; i < engine->path_count; i++) {
        moved = moved || engine->receivers[i].flow->impossible > 0;
    }
    for (size_t i = 0; i < engine->path_count; i++) {
        const struct packet_stream *stream = &engine->streams[i];
        struct packet_receiver *receiver = &engine->receivers[i];
        const struct flow *flow = receiver->flow;
        packet_receiver_read_drops(receiver);
        uint64_t asked = stream->target == UINT64_MAX ? stream->tx : stream->target;
        uint64_t sending = stream->last_ns > start_ns ? stream->last_ns - start_ns : 0;
        // A rate is packets over the time that they stand for: the last one's slot counts, too.
        sending = sending < request->duration_ns ? request->duration_ns : sending;
        counts[i] = (struct traffic_count){
            .tx = stream->tx,
            .unsent = asked - stream->tx,
            .rx = flow->received,
            .duplicated = flow->duplicated,
            .reordered = flow->reordered,
            .corrupt = flow->corrupt,
            .stale = flow->stale,
            .strays = flow->strays,
            .sink_drops = receiver->drops,
            .sending_ns = sending,
            .clock_moved = moved,
        };
        if (flow->received > 0 && !moved) {
            fill_delays(flow, &counts[i]);
        }
    }
}

static int first_failure(const struct engine *engine, struct error *err)
{
    for (size_t i = 0; i < engine->source_count; i++) {
        if (engine->sources[i].failed != 0) {
            return fail(err, -engine->sources[i].failed, "sending");
        }
    }
    for (size_t i = 0; i < engine->sink_count; i++) {
        if (engine->sinks[i].failed != 0) {
            return fail(err, -engine->sinks[i].failed, "receiving");
        }
    }
    return 0;
}

// Waits for the sources, and passes a request to stop on to them.
static void await_sources(struct engine *engine, struct thread_group *sources, uint64_t end_ns)
{
    if (stop_sleep_until(end_ns, NULL) < 0) {
        atomic_store(&engine->stop_sending, true);
    }
    join_all(sources);
}

static int packet_run(struct engine *engine, const struct traffic_request *request,
                      struct traffic_count *counts, struct error *err)
{
    int rc = wall_clock_begin(&engine->clock, err);
    if (rc < 0) {
        return rc;
    }
    prepare(engine, request);
    struct thread_group sinks = {memory_new_array(pthread_t, engine->sink_count), 0};
    struct thread_group sources = {memory_new_array(pthread_t, engine->source_count), 0};
    for (size_t i = 0; rc == 0 && i < engine->sink_count; i++) {
        rc = start_thread(&sinks, packet_sink_run, &engine->sinks[i], err);
    }
    uint64_t start_ns = clock_monotonic_ns() + START_AFTER_NS;
    uint64_t end_ns = start_ns + request->duration_ns;
    for (size_t i = 0; rc == 0 && i < engine->source_count; i++) {
        struct packet_source *source = &engine->sources[i];
        source->run = request->run;
        source->pps = request->pps;
        source->start_ns = start_ns;
        source->end_ns = end_ns;
        source->failed = 0;
        rc = start_thread(&sources, packet_source_run, source, err);
    }
    if (rc < 0) {
        atomic_store(&engine->stop_sending, true);
    }
    await_sources(engine, &sources, rc < 0 ? 0 : end_ns);
    drain(engine);
    atomic_store_explicit(&engine->stop_receiving, true, memory_order_release);
    join_all(&sinks);
    free(sources.threads);
    free(sinks.threads);
    if (rc == 0) {
        rc = first_failure(engine, err);
    }
    if (rc == 0 && stop_requested()) {
        rc = fail_interrupted(err);
    }
    if (rc == 0) {
        collect(engine, request, start_ns, counts);
    }
    wall_clock_end(&engine->clock);
    return rc;
}

const struct engine_ops engine_packet = {
    .name = "packet",
    .discard_port = FRAME_PORT,
    .open = packet_open,
    .run = packet_run,
    .close = packet_close,
};
