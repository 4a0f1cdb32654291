// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/pair — see pair.h. Called by iperf.c and iperf3.c.
#include "traffic/pair.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/wall_clock.h"

#define UDP_HEADERS   28U
#define LISTEN_NS     (10U * NS_PER_S) // for a sink to be there, on a busy machine
#define LISTEN_STEP   (2U * NS_PER_MS)
#define GRACE_NS      (20U * NS_PER_S) // for hand-shake and report, beyond the time of sending
#define PROC_TEXT_MAX (1U << 20)
#define REPEATED_MAX  1000U // iperf gives up after some two hundred times

struct engine {
    const struct pair_program *program;
    char *path; // of the program
    struct traffic_path *paths;
    size_t path_count;
    struct cpu_list source_cpus, sink_cpus;
};

// One network's two programs in a trial.
struct pair {
    struct pair_trial trial;
    struct child sink, source;
};

// ---- opening and closing

static int find_program(const struct pair_program *program, char **ret, struct error *err)
{
    return child_find(program->name, ret) < 0
               ? fail_lacking(err, "the traffic engine %s needs the program %s: install package %s",
                              program->name, program->name, program->name)
               : 0;
}

int pair_check(const struct pair_program *program, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    return find_program(program, &path, err);
}

int pair_open(const struct pair_program *program, const struct traffic_setup *setup,
              struct engine **ret, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    int rc = find_program(program, &path, err);
    if (rc < 0) {
        return rc;
    }
    struct engine *engine = memory_new(1, sizeof *engine);
    engine->program = program;
    engine->path = steal_pointer(&path);
    engine->path_count = setup->path_count;
    engine->paths = memory_new_array(struct traffic_path, setup->path_count);
    memcpy(engine->paths, setup->paths, setup->path_count * sizeof *setup->paths);
    engine->source_cpus = setup->source_cpus;
    engine->sink_cpus = setup->sink_cpus;
    *ret = engine;
    return 0;
}

void pair_close(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    free(engine->paths);
    free(engine->path);
    free(engine);
}

// ---- starting

void pair_argument(struct pair_arguments *list, const char *format, ...)
{
    if (list->count == PAIR_ARGUMENTS) {
        return; // never: the lists are this room's own
    }
    va_list values;
    va_start(values, format);
    char *text = text_format_args(format, values);
    va_end(values);
    list->items[list->count++] = text;
}

void pair_source(const struct pair_trial *trial, const char *unlimited, int decimals,
                 struct pair_arguments *list)
{
    pair_argument(list, "-c");
    pair_argument(list, "%s", trial->sink);
    pair_argument(list, "-B");
    pair_argument(list, "%s", trial->source);
    pair_argument(list, "-p");
    pair_argument(list, "%u", trial->port);
    pair_argument(list, "-u");
    pair_argument(list, "-b");
    if (trial->bps > 0.0) {
        pair_argument(list, "%.0f", trial->bps);
    } else {
        pair_argument(list, "%s", unlimited);
    }
    pair_argument(list, "-l");
    pair_argument(list, "%u", trial->payload);
    pair_argument(list, "-t");
    pair_argument(list, "%.*f", decimals, trial->seconds);
}

static void arguments_clear(struct pair_arguments *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
}

static int start(const struct engine *engine, const struct traffic_path *path, struct pair *pair,
                 bool sink, struct error *err)
{
    struct pair_arguments list = {.count = 0};
    pair_argument(&list, "%s", engine->program->name);
    (sink ? engine->program->sink : engine->program->source)(&pair->trial, &list);
    struct child_spec spec = {.path = engine->path,
                              .argv = (const char *const *)list.items,
                              .ns = sink ? path->sink_ns : path->source_ns,
                              .cpus = sink ? &engine->sink_cpus : &engine->source_cpus};
    int rc = child_start(&spec, sink ? &pair->sink : &pair->source, err);
    arguments_clear(&list);
    return rc;
}

// What a program that failed said of it: the last line of its error output.
static void complaint(const struct child *child, char ret[160])
{
    const char *text = child->err.length > 0 ? child->err.text : "it said nothing";
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n') {
        length--;
    }
    size_t begin = length;
    while (begin > 0 && text[begin - 1] != '\n') {
        begin--;
    }
    length = length - begin < 150 ? length - begin : 150;
    memcpy(ret, text + begin, length);
    ret[length] = '\0';
    for (char *at = ret; *at != '\0'; at++) {
        *at = *at >= ' ' && *at <= '~' ? *at : ' ';
    }
}

static int unbelievable(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static int unbelievable(struct error *err, const char *format, ...)
{
    va_list values;
    char text[300];
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    (void)fail(err, 0, "%s", text);
    return -EBADMSG;
}

// True if a socket of the namespace the thread is in listens on that port: is bound to it and
// connected to nobody.
static bool has_port(const char *table, unsigned port)
{
    _cleanup_free_ char *path = text_format("/proc/thread-self/net/%s", table);
    _cleanup_free_ char *text = NULL;
    char wanted[32];
    if (file_read(path, PROC_TEXT_MAX, &text, NULL, NULL) < 0) {
        return false;
    }
    // "  12: 020013C6:1389 00000000:0000 07 …": the local address is the first with a port.
    snprintf(wanted, sizeof wanted, ":%04X 00000000:0000 ", port);
    for (const char *line = strchr(text, '\n'); line != NULL; line = strchr(line + 1, '\n')) {
        const char *local = strstr(line, ": ");
        const char *colon = local == NULL ? NULL : strchr(local + 2, ':');
        if (colon != NULL && strncmp(colon, wanted, strlen(wanted)) == 0) {
            return true;
        }
    }
    return false;
}

static int await_sink(const struct engine *engine, const struct netns *ns, struct pair *pair,
                      struct error *err)
{
    const struct pair_program *program = engine->program;
    uint64_t deadline = clock_monotonic_ns() + LISTEN_NS;
    struct child *const children[] = {&pair->sink};
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    while (rc >= 0 && !has_port(program->table, pair->trial.port)) {
        if (pair->sink.ended) {
            char why[160];
            complaint(&pair->sink, why);
            return unbelievable(err, "%s, as sink, ended at once: %s", program->name, why);
        }
        if (clock_monotonic_ns() > deadline) {
            return unbelievable(err, "%s, as sink, does not listen on port %u", program->name,
                                pair->trial.port);
        }
        rc = child_wait(children, 1, clock_monotonic_ns() + LISTEN_STEP, err);
    }
    return rc < 0 ? rc : 0;
}

// ---- running

static bool has_reported(const struct pair_program *program, const struct child *sink)
{
    return sink->ended || (!program->sink_ends && strchr(sink->out.text, '\n') != NULL);
}

static bool all_done(const struct engine *engine, const struct pair *pairs)
{
    for (size_t i = 0; i < engine->path_count; i++) {
        if (!pairs[i].source.ended || !has_reported(engine->program, &pairs[i].sink)) {
            return false;
        }
    }
    return true;
}

static bool any_failed(const struct engine *engine, const struct pair *pairs)
{
    for (size_t i = 0; i < engine->path_count; i++) {
        if (pairs[i].source.ended && pairs[i].source.status != 0) {
            return true;
        }
    }
    return false;
}

// Waits for all reports, for a failure, or for longer than any trial takes.
static int await_all(const struct engine *engine, struct pair *pairs, uint64_t deadline,
                     struct error *err)
{
    struct child **children = memory_new_array(struct child *, 2 * engine->path_count);
    for (size_t i = 0; i < engine->path_count; i++) {
        children[2 * i] = &pairs[i].sink;
        children[2 * i + 1] = &pairs[i].source;
    }
    int rc = 0;
    while (rc >= 0 && !all_done(engine, pairs) && !any_failed(engine, pairs) &&
           clock_monotonic_ns() < deadline) {
        rc = child_wait(children, 2 * engine->path_count, deadline, err);
    }
    free(children);
    return rc < 0 ? rc : 0;
}

int pair_count(const struct traffic_request *request, const struct iperf_report *sent,
               const struct iperf_report *received, struct traffic_count *ret, struct error *err)
{
    uint64_t rx = received->total - received->lost;
    if (!received->counted) {
        return unbelievable(err, "the sink reports no count of what was lost");
    }
    uint64_t repeated = received->total > sent->packets ? received->total - sent->packets : 0;
    bool possible = sent->end_repeated && repeated <= received->lost && repeated <= REPEATED_MAX;
    if (sent->packets == 0 || rx > sent->packets || (repeated > 0 && !possible)) {
        return unbelievable(err, "the sink counts %llu packets of %llu sent",
                            (unsigned long long)received->total, (unsigned long long)sent->packets);
    }
    if (received->packets < rx) {
        return unbelievable(err, "the sink counts %llu packets received, but the bytes of %llu",
                            (unsigned long long)rx, (unsigned long long)received->packets);
    }
    double asked = request->pps * (double)request->duration_ns / (double)NS_PER_S;
    uint64_t due = (uint64_t)llround(asked);
    uint64_t sending = (uint64_t)llround(sent->seconds * (double)NS_PER_S);
    *ret = (struct traffic_count){
        .tx = sent->packets,
        .unsent = due > sent->packets ? due - sent->packets : 0,
        .rx = rx,
        .duplicated = received->packets - rx,
        .reordered = received->reordered < rx ? received->reordered : rx,
        .sending_ns = sending < request->duration_ns ? request->duration_ns : sending,
        .jitter_measured = true,
        .jitter_ns = received->jitter_ns,
    };
    return 0;
}

static int collect(const struct engine *engine, const struct traffic_request *request,
                   const struct pair *pair, struct traffic_count *ret, struct error *err)
{
    const struct pair_program *program = engine->program;
    struct iperf_report sent = {0};
    struct iperf_report received = {0};
    char why[160];
    if (!pair->source.ended || !has_reported(program, &pair->sink)) {
        complaint(pair->source.ended ? &pair->sink : &pair->source, why);
        return unbelievable(err, "no report from %s, as %s, in time (%s)", program->name,
                            pair->source.ended ? "sink" : "source", why);
    }
    // A program that failed may say why in its report.
    if (pair->source.status != 0 && pair->source.out.length == 0) {
        complaint(&pair->source, why);
        return unbelievable(err, "%s, as source, failed: %s", program->name, why);
    }
    int rc = program->read(&pair->trial, &pair->source.out, true, &sent, err);
    if (rc == 0 && pair->source.status != 0) {
        complaint(&pair->source, why);
        rc = unbelievable(err, "%s, as source, failed: %s", program->name, why);
    }
    if (rc < 0) {
        error_context(err, "source");
        return rc;
    }
    rc = program->read(&pair->trial, &pair->sink.out, false, &received, err);
    if (rc < 0) {
        error_context(err, "sink");
        return rc;
    }
    return pair_count(request, &sent, &received, ret, err);
}

static void address_text(uint32_t address, char ret[16])
{
    snprintf(ret, 16, "%u.%u.%u.%u", address >> 24 & 255U, address >> 16 & 255U,
             address >> 8 & 255U, address & 255U);
}

static void prepare(const struct engine *engine, const struct traffic_request *request,
                    struct pair *pairs)
{
    for (size_t i = 0; i < engine->path_count; i++) {
        unsigned payload = request->ip_length - UDP_HEADERS;
        pairs[i] = (struct pair){.sink = CHILD_INIT, .source = CHILD_INIT};
        pairs[i].trial = (struct pair_trial){
            .port = engine->program->first_port + (unsigned)i,
            .payload = payload,
            .bps = request->pps * payload * 8.0,
            .seconds = (double)request->duration_ns / (double)NS_PER_S,
        };
        address_text(engine->paths[i].address.source, pairs[i].trial.source);
        address_text(engine->paths[i].address.destination, pairs[i].trial.sink);
    }
}

// The programs stamp packets with the time of day.
static void forget_jitter(const struct engine *engine, struct traffic_count *counts)
{
    for (size_t i = 0; i < engine->path_count; i++) {
        counts[i].clock_moved = true;
        counts[i].jitter_measured = false;
    }
}

int pair_run(struct engine *engine, const struct traffic_request *request,
             struct traffic_count *counts, struct error *err)
{
    struct wall_clock clock = WALL_CLOCK_INIT;
    int rc = wall_clock_begin(&clock, err);
    if (rc < 0) {
        return rc;
    }
    struct pair *pairs = memory_new_array(struct pair, engine->path_count);
    prepare(engine, request, pairs);
    for (size_t i = 0; rc == 0 && i < engine->path_count; i++) {
        rc = start(engine, &engine->paths[i], &pairs[i], true, err);
    }
    for (size_t i = 0; rc == 0 && i < engine->path_count; i++) {
        rc = await_sink(engine, engine->paths[i].sink_ns, &pairs[i], err);
    }
    for (size_t i = 0; rc == 0 && i < engine->path_count; i++) {
        rc = start(engine, &engine->paths[i], &pairs[i], false, err);
    }
    if (rc == 0) {
        uint64_t deadline = clock_monotonic_ns() + request->duration_ns + GRACE_NS;
        rc = await_all(engine, pairs, deadline, err);
    }
    for (size_t i = 0; rc == 0 && i < engine->path_count; i++) {
        rc = collect(engine, request, &pairs[i], &counts[i], err);
    }
    if (rc == 0 && wall_clock_moved(&clock)) {
        forget_jitter(engine, counts);
    }
    wall_clock_end(&clock);
    for (size_t i = 0; i < engine->path_count; i++) {
        child_end(&pairs[i].source);
        child_end(&pairs[i].sink);
    }
    free(pairs);
    return rc;
}
