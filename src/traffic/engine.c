// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/engine — runs a trial with an engine's two halves. See engine.h. Called by measure/.
#include "traffic/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "scenario/engines.h"
#include "scenario/scenario.h"

#define DRAIN_STEP_NS NS_PER_MS
#define QUIET_NS      (40U * NS_PER_MS)   // drained once nothing has arrived for so long
#define DRAIN_MAX_NS  (2000U * NS_PER_MS) // a router may delay packets, but not for longer

#define ENGINE_DECLARED(engine, ...) extern const struct engine_ops engine_##engine;
ENGINES(ENGINE_DECLARED)

#define ENGINE_ROW(engine, ...) {#engine, &engine_##engine},
static const struct {
    const char *name;
    const struct engine_ops *ops;
} engines[] = {ENGINES(ENGINE_ROW)};

struct engine {
    const struct engine_traits *traits;
    size_t path_count;
    struct engine_half source, sink;
    bool (*is_forwarding)(const void *context); // NULL = unknown
    const void *context;
};

static const struct engine_ops *engine_find(const char *name)
{
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (text_equal(engines[i].name, name)) {
            return engines[i].ops;
        }
    }
    return NULL;
}

int engine_check(const char *name, struct error *err)
{
    if (text_equal(name, ENGINE_AUTO)) {
        return 0;
    }
    const struct engine_ops *ops = engine_find(name);
    if (ops == NULL) {
        return fail_input(err, "no traffic engine is called \"%s\"", name);
    }
    return ops->check == NULL ? 0 : ops->check(ops, err);
}

const char *engine_choose(unsigned ip_length, char **ret_why)
{
    static const char fast[] = "xdp";
    _cleanup_error_ struct error why = ERROR_INIT;
    unsigned most = scenario_engine(fast)->ip_max;
    if (ip_length > most) {
        *ret_why = text_format("IP packets of %u bytes are longer than the %u that engine %s can "
                               "send",
                               ip_length, most, fast);
        return "packet";
    }
    if (engine_check(fast, &why) < 0) {
        *ret_why = text_copy(why.text);
        return "packet";
    }
    *ret_why = text_copy("this machine can generate and count packets in the kernel");
    return fast;
}

char *engine_program_version(const char *name)
{
    const struct engine_ops *ops = engine_find(name);
    return ops == NULL || ops->version == NULL ? NULL : ops->version(ops);
}

int engine_open_half(const char *name, enum engine_side side, const struct traffic_setup *setup,
                     const struct netns *const *ns, struct engine_half *ret, struct error *err)
{
    const struct engine_ops *engine = engine_find(name);
    struct engine_half half = {.ops = side == ENGINE_SOURCE ? engine->source : engine->sink};
    int rc = half.ops->open(engine, setup, ns, &half.half, err);
    if (rc < 0) {
        return rc;
    }
    *ret = half;
    return 0;
}

void engine_close_half(struct engine_half *half)
{
    if (half->ops != NULL) {
        half->ops->close(half->half);
    }
    *half = (struct engine_half){0};
}

struct engine *engine_join(const char *name, size_t path_count, const struct engine_half *source,
                           const struct engine_half *sink)
{
    struct engine *engine = memory_new(1, sizeof *engine);
    *engine = (struct engine){.traits = scenario_engine(name),
                              .path_count = path_count,
                              .source = *source,
                              .sink = *sink};
    return engine;
}

void engine_close(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    engine_close_half(&engine->source);
    engine_close_half(&engine->sink);
    free(engine);
}

void engine_wait_for(struct engine *engine, bool (*is_forwarding)(const void *context),
                     const void *context)
{
    engine->is_forwarding = is_forwarding;
    engine->context = context;
}

// Waits until everything sent has arrived, or nothing has arrived for a while and no thread
// forwards packets: one that other programs keep from its CPU leaves them in a ring for longer.
static void drain_paths(const struct engine *engine, uint64_t delay_ns,
                        const struct traffic_count *counts)
{
    uint64_t sent = 0;
    for (size_t i = 0; i < engine->path_count; i++) {
        sent += counts[i].tx;
    }
    const struct engine_half *sink = &engine->sink;
    uint64_t seen = sink->ops->seen(sink->half);
    uint64_t start = clock_monotonic_ns();
    uint64_t changed = start;
    while (seen < sent) {
        uint64_t now = clock_monotonic_ns();
        bool quiet = now - changed > QUIET_NS + delay_ns;
        if (quiet && engine->is_forwarding != NULL && engine->is_forwarding(engine->context)) {
            quiet = false;
            changed = clock_monotonic_ns();
        }
        if (quiet || now - start > DRAIN_MAX_NS + delay_ns || stop_sleep(DRAIN_STEP_NS, NULL) < 0) {
            break;
        }
        uint64_t latest = sink->ops->seen(sink->half);
        if (latest != seen) {
            seen = latest;
            changed = clock_monotonic_ns();
        }
    }
}

static int run_halves(const struct engine *engine, const struct traffic_request *request,
                      struct traffic_count *counts, struct error *err)
{
    const struct engine_half *source = &engine->source;
    const struct engine_half *sink = &engine->sink;
    int rc;
    if ((rc = sink->ops->start(sink->half, request, err)) < 0 ||
        (rc = source->ops->start(source->half, request, err)) < 0 ||
        (rc = source->ops->finish(source->half, request, counts, err)) < 0) {
        return rc;
    }
    if (sink->ops->seen != NULL) {
        drain_paths(engine, request->delay_ns, counts);
    }
    return sink->ops->finish(sink->half, request, counts, err);
}

// Drops the delays of a sink whose clock was set during the trial.
static void forget_times(const struct engine *engine, struct traffic_count *counts)
{
    bool moved = false;
    for (size_t i = 0; i < engine->path_count; i++) {
        moved = moved || counts[i].clock_moved;
    }
    for (size_t i = 0; moved && i < engine->path_count; i++) {
        struct traffic_count *count = &counts[i];
        count->clock_moved = true;
        count->delay_measured = count->jitter_measured = false;
        count->delay_min = count->delay_p50 = count->delay_p99 = 0;
        count->delay_p999 = count->delay_max = count->delay_mean = 0;
        memset(count->delay_classes, 0, sizeof count->delay_classes);
        count->jitter_ns = 0.0;
    }
}

int engine_run(struct engine *engine, const struct traffic_request *request,
               struct traffic_count *counts, struct error *err)
{
    for (size_t i = 0; i < engine->path_count; i++) {
        counts[i] = (struct traffic_count){.within = counts[i].within,
                                           .company = (engine->traits->can & ENGINE_COMPANY) != 0};
    }
    int rc = run_halves(engine, request, counts, err);
    engine->source.ops->stop(engine->source.half);
    engine->sink.ops->stop(engine->sink.half);
    if (rc == 0 && stop_requested()) {
        return fail_interrupted(err);
    }
    if (rc == 0) {
        forget_times(engine, counts);
    }
    return rc;
}
