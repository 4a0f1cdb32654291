// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/pair — see pair.h. Called by iperf.c, iperf3.c and tcp.c.
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

#define LISTEN_NS     (10U * NS_PER_S) // time limit for a sink to listen, on a busy machine
#define LISTEN_STEP   (2U * NS_PER_MS)
#define GRACE_NS      (20U * NS_PER_S) // time for handshake and report, beyond the time of sending
#define PROC_TEXT_MAX (1U << 20)
#define VERSION_NS    (5U * NS_PER_S)
#define REPEATED_MAX  1000U    // iperf gives up after about two hundred repetitions
#define BLOCK_MOST    131072.0 // bytes of a write: iperf3's default

// One network's process in a trial.
struct pair_child {
    struct pair_trial trial;
    struct child child;
};

struct half {
    const struct pair_program *program;
    bool is_sink;
    char *path; // path of the program
    struct traffic_path *paths;
    const struct netns **ns; // for each path
    size_t path_count;
    struct cpu_list cpus;
    // State of a trial:
    struct pair_child *children; // for each path
    uint64_t deadline_ns;        // beyond the end of any trial
    struct wall_clock clock;     // of a sink: the programs stamp packets by the time of day
};

// ---- opening and closing

static int find_program(const struct pair_program *program, char **ret, struct error *err)
{
    return child_find(program->name, ret) < 0
               ? fail_lacking(err,
                              "the traffic engine %s requires the program %s: install package %s",
                              program->engine, program->name, program->name)
               : 0;
}

bool pair_version_find(const char *text, char ret[PAIR_VERSION])
{
    static const char *const heads[] = {"iperf version ", "iperf "};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        const char *at = text_starts(text, heads[i]) ? text + strlen(heads[i]) : text;
        size_t length = strspn(at, "0123456789.");
        if (at != text && length > 0 && length < PAIR_VERSION && *at != '.' &&
            memchr(at, '.', length) != NULL) {
            memcpy(ret, at, length);
            ret[length] = '\0';
            return true;
        }
    }
    return false;
}

bool pair_version_known(const struct pair_program *program, const char *version)
{
    char *end = NULL;
    unsigned long major = strtoul(version, &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    const unsigned *first = program->version_first;
    const unsigned *last = program->version_last;
    return (major > first[0] || (major == first[0] && minor >= first[1])) &&
           (major < last[0] || (major == last[0] && minor <= last[1]));
}

char *pair_version(const struct engine_ops *engine)
{
    _cleanup_free_ char *path = NULL;
    _cleanup_child_ struct child child = CHILD_INIT;
    char version[PAIR_VERSION];
    if (find_program(engine->program, &path, NULL) < 0) {
        return NULL;
    }
    const struct child_spec spec = {
        .path = path, .argv = (const char *const[]){engine->program->name, "-v", NULL}};
    bool found =
        child_run(&spec, VERSION_NS, &child, NULL) >= 0 && // iperf 2 exits with status 1
        (pair_version_find(child.err.text, version) || pair_version_find(child.out.text, version));
    return found ? text_copy(version) : NULL;
}

// A program that prints no version is accepted: its reports are read strictly.
int pair_check(const struct engine_ops *engine, struct error *err)
{
    const struct pair_program *program = engine->program;
    const unsigned *first = program->version_first;
    const unsigned *last = program->version_last;
    _cleanup_free_ char *path = NULL;
    int rc = find_program(program, &path, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ char *version = pair_version(engine);
    return version == NULL || pair_version_known(program, version)
               ? 0
               : fail_lacking(err,
                              "the traffic engine %s reads the reports of versions %u.%u to "
                              "%u.%u, and %s is version %s: install Debian's package %s",
                              program->engine, first[0], first[1], last[0], last[1], path, version,
                              program->name);
}

static int open_half(const struct pair_program *program, const struct traffic_setup *setup,
                     const struct netns *const *ns, bool is_sink, struct half **ret,
                     struct error *err)
{
    _cleanup_free_ char *path = NULL;
    int rc = find_program(program, &path, err);
    if (rc < 0) {
        return rc;
    }
    struct half *half = memory_new(1, sizeof *half);
    *half = (struct half){
        .program = program,
        .is_sink = is_sink,
        .path = steal_pointer(&path),
        .paths = memory_new_array(struct traffic_path, setup->path_count),
        .ns = memory_new_array(const struct netns *, setup->path_count),
        .path_count = setup->path_count,
        .cpus = is_sink ? setup->sink_cpus : setup->source_cpus,
        .children = memory_new_array(struct pair_child, setup->path_count),
        .clock = WALL_CLOCK_INIT,
    };
    memcpy(half->paths, setup->paths, setup->path_count * sizeof *setup->paths);
    for (size_t i = 0; i < half->path_count; i++) {
        half->ns[i] = ns[i];
        half->children[i].child = (struct child)CHILD_INIT;
    }
    *ret = half;
    return 0;
}

static int source_open(const struct engine_ops *engine, const struct traffic_setup *setup,
                       const struct netns *const *ns, struct half **ret, struct error *err)
{
    return open_half(engine->program, setup, ns, false, ret, err);
}

static int sink_open(const struct engine_ops *engine, const struct traffic_setup *setup,
                     const struct netns *const *ns, struct half **ret, struct error *err)
{
    return open_half(engine->program, setup, ns, true, ret, err);
}

static void half_stop(struct half *half)
{
    for (size_t i = 0; i < half->path_count; i++) {
        child_end(&half->children[i].child);
    }
    wall_clock_end(&half->clock);
}

static void half_close(struct half *half)
{
    if (half == NULL) {
        return;
    }
    half_stop(half);
    free(half->children);
    free(half->ns);
    free(half->paths);
    free(half->path);
    free(half);
}

// ---- starting

void pair_argument(struct pair_arguments *list, const char *format, ...)
{
    if (list->count == PAIR_ARGUMENTS) {
        return; // cannot happen: the lists are defined in this room
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
    pair_argument(list, "-b");
    if (trial->bps > 0.0) {
        pair_argument(list, "%.0f", trial->bps);
    } else {
        pair_argument(list, "%s", unlimited);
    }
    pair_argument(list, "-l");
    pair_argument(list, "%u", trial->block);
    pair_argument(list, "-t");
    pair_argument(list, "%.*f", decimals, trial->seconds);
}

void pair_iperf3_sink(const struct pair_trial *trial, struct pair_arguments *list)
{
    pair_argument(list, "-s");
    pair_argument(list, "-1");
    pair_argument(list, "-J");
    pair_argument(list, "-B");
    pair_argument(list, "%s", trial->sink);
    pair_argument(list, "-p");
    pair_argument(list, "%u", trial->port);
}

static void arguments_clear(struct pair_arguments *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]);
    }
}

// Length of TCP's writes in whole packets: what is due in a millisecond, in which iperf3 checks its
// rate.
static unsigned block_length(unsigned payload, double bps)
{
    double due = bps > 0.0 ? bps / 8.0 * 1e-3 : BLOCK_MOST;
    double most = due < BLOCK_MOST ? due : BLOCK_MOST;
    double packets = floor(most / payload);
    return payload * (packets < 1.0 ? 1 : (unsigned)packets);
}

// Starts the program of each path.
static int start_children(struct half *half, const struct traffic_request *request,
                          struct error *err)
{
    half->deadline_ns = clock_monotonic_ns() + request->duration_ns + GRACE_NS;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < half->path_count; i++) {
        struct pair_child *child = &half->children[i];
        const struct traffic_path *path = &half->paths[i];
        unsigned version = path->address.source.version;
        unsigned payload =
            traffic_ip_length(path, request) - (version == 6 ? 40 : 20) - half->program->transport;
        double bps = request->pps * payload * 8.0;
        child->trial = (struct pair_trial){
            .ipv6 = version == 6,
            .port = half->program->first_port + (unsigned)i,
            .payload = payload,
            .block = half->program->transport == PAIR_TCP ? block_length(payload, bps) : payload,
            .bps = bps,
            .seconds = (double)request->duration_ns / (double)NS_PER_S,
        };
        ip_text(&path->address.source, child->trial.source);
        ip_text(&path->address.destination, child->trial.sink);
        struct pair_arguments list = {.count = 0};
        pair_argument(&list, "%s", half->program->name);
        (half->is_sink ? half->program->sink : half->program->source)(&child->trial, &list);
        struct child_spec spec = {.path = half->path,
                                  .argv = (const char *const *)list.items,
                                  .ns = half->ns[i],
                                  .cpus = &half->cpus};
        child->child = (struct child)CHILD_INIT;
        rc = child_start(&spec, &child->child, err);
        arguments_clear(&list);
    }
    return rc;
}

// The reason that a failed program printed: the last line of its error output.
static void complaint(const struct child *child, char ret[160])
{
    const char *text = child->err.length > 0 ? child->err.text : "it printed nothing";
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

// Whether a socket of the calling thread's namespace listens on the trial's port: it is bound to it
// and not connected.
static bool has_port(const char *table, const struct pair_trial *trial)
{
    _cleanup_free_ char *path =
        text_format("/proc/thread-self/net/%s%s", table, trial->ipv6 ? "6" : "");
    _cleanup_free_ char *text = NULL;
    char wanted[64];
    if (file_read(path, PROC_TEXT_MAX, &text, NULL, NULL) < 0) {
        return false;
    }
    // "  12: 020013C6:1389 00000000:0000 07 …": the local address is the first one with a port.
    snprintf(wanted, sizeof wanted, ":%04X %0*d:0000 ", trial->port, trial->ipv6 ? 32 : 8, 0);
    for (const char *line = strchr(text, '\n'); line != NULL; line = strchr(line + 1, '\n')) {
        const char *local = strstr(line, ": ");
        const char *colon = local == NULL ? NULL : strchr(local + 2, ':');
        if (colon != NULL && strncmp(colon, wanted, strlen(wanted)) == 0) {
            return true;
        }
    }
    return false;
}

static int await_port(const struct half *half, const struct netns *ns, struct pair_child *sink,
                      struct error *err)
{
    const struct pair_program *program = half->program;
    uint64_t deadline = clock_monotonic_ns() + LISTEN_NS;
    struct child *const children[] = {&sink->child};
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    while (rc >= 0 && !has_port(program->table, &sink->trial)) {
        if (sink->child.ended) {
            char why[160];
            complaint(&sink->child, why);
            return unbelievable(err, "%s as sink ended at once: %s", program->name, why);
        }
        if (clock_monotonic_ns() > deadline) {
            return unbelievable(err, "%s as sink does not listen on port %u", program->name,
                                sink->trial.port);
        }
        rc = child_wait(children, 1, clock_monotonic_ns() + LISTEN_STEP, err);
    }
    return rc < 0 ? rc : 0;
}

static int sink_start(struct half *half, const struct traffic_request *request, struct error *err)
{
    int rc;
    if ((rc = wall_clock_begin(&half->clock, err)) < 0 ||
        (rc = start_children(half, request, err)) < 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < half->path_count; i++) {
        rc = await_port(half, half->ns[i], &half->children[i], err);
    }
    return rc;
}

// ---- ending

static bool has_reported(const struct half *half, const struct child *child)
{
    return child->ended ||
           (half->is_sink && !half->program->sink_ends && half->program->is_whole(child->out.text));
}

// Whether waiting can stop: all have reported, or one has failed.
static bool all_done(const struct half *half)
{
    bool done = true;
    for (size_t i = 0; i < half->path_count; i++) {
        const struct child *child = &half->children[i].child;
        if (!half->is_sink && child->ended && child->status != 0) {
            return true;
        }
        done = done && has_reported(half, child);
    }
    return done;
}

static int await_all(const struct half *half, struct error *err)
{
    _cleanup_free_ struct child **children = memory_new_array(struct child *, half->path_count);
    for (size_t i = 0; i < half->path_count; i++) {
        children[i] = &half->children[i].child;
    }
    int rc = 0;
    while (rc >= 0 && !all_done(half) && clock_monotonic_ns() < half->deadline_ns) {
        rc = child_wait(children, half->path_count, half->deadline_ns, err);
    }
    return rc < 0 ? rc : 0;
}

// Reads the report of a program after the wait.
static int read_child(const struct half *half, const struct pair_child *child,
                      struct iperf_report *ret, struct error *err)
{
    const struct pair_program *program = half->program;
    const char *as = half->is_sink ? "sink" : "source";
    bool failed = !half->is_sink && child->child.status != 0;
    char why[160];
    complaint(&child->child, why);
    if (!has_reported(half, &child->child)) {
        return unbelievable(err, "no report from %s as %s in time (%s)", program->name, as, why);
    }
    // A failed program may give the reason in its report.
    if (failed && child->child.out.length == 0) {
        return unbelievable(err, "%s as %s failed: %s", program->name, as, why);
    }
    int rc = program->read(&child->trial, &child->child.out, !half->is_sink, ret, err);
    if (rc == 0 && failed) {
        rc = unbelievable(err, "%s as %s failed: %s", program->name, as, why);
    }
    if (rc < 0) {
        error_context(err, "%s", as);
    }
    return rc;
}

void pair_count_source(const struct traffic_request *request, const struct iperf_report *report,
                       struct traffic_count *count)
{
    double asked = request->pps * (double)request->duration_ns / (double)NS_PER_S;
    uint64_t due = (uint64_t)llround(asked);
    uint64_t sending = (uint64_t)llround(report->seconds * (double)NS_PER_S);
    count->tx = report->packets;
    count->unsent = due > report->packets ? due - report->packets : 0;
    count->sending_ns = sending < request->duration_ns ? request->duration_ns : sending;
    count->end_repeated = report->end_repeated;
}

int pair_count_sink(const struct iperf_report *report, struct traffic_count *count,
                    struct error *err)
{
    uint64_t rx = report->total - report->lost;
    if (!report->counted) {
        return unbelievable(err, "the sink reports no count of what was lost");
    }
    uint64_t repeated = report->total > count->tx ? report->total - count->tx : 0;
    bool possible = count->end_repeated && repeated <= report->lost && repeated <= REPEATED_MAX;
    if (count->tx == 0 || rx > count->tx || (repeated > 0 && !possible)) {
        return unbelievable(err, "the sink counts %llu packets of %llu sent",
                            (unsigned long long)report->total, (unsigned long long)count->tx);
    }
    if (report->packets < rx) {
        return unbelievable(err, "the sink counts %llu packets received, but the bytes of %llu",
                            (unsigned long long)rx, (unsigned long long)report->packets);
    }
    count->rx = rx;
    count->duplicated = report->packets - rx;
    count->reordered = report->reordered < rx ? report->reordered : rx;
    count->jitter_measured = true;
    count->jitter_ns = report->jitter_ns;
    return 0;
}

void pair_count_sender(const struct traffic_request *request, unsigned payload,
                       const struct iperf_report *report, struct traffic_count *count)
{
    double packets = request->pps * (double)request->duration_ns / (double)NS_PER_S;
    double sent = (double)report->bytes / payload;
    uint64_t sending = (uint64_t)llround(report->seconds * (double)NS_PER_S);
    count->unsent = packets > sent ? (uint64_t)(packets - sent) : 0;
    count->sending_ns = sending < request->duration_ns ? request->duration_ns : sending;
    count->tcp = (struct traffic_tcp){.measured = true,
                                      .retransmits = report->tcp.retransmits,
                                      .has_rtt = report->tcp.has_rtt,
                                      .rtt_min = report->tcp.rtt_min_ns,
                                      .rtt_mean = report->tcp.rtt_mean_ns,
                                      .rtt_max = report->tcp.rtt_max_ns};
    memcpy(count->tcp.congestion, report->tcp.congestion, sizeof count->tcp.congestion);
    count->tcp.sent_bytes = report->bytes;
}

int pair_count_receiver(const struct iperf_report *report, struct traffic_count *count,
                        struct error *err)
{
    if (report->bytes > count->tcp.sent_bytes) {
        return unbelievable(err, "the sink counts %llu bytes of %llu sent",
                            (unsigned long long)report->bytes,
                            (unsigned long long)count->tcp.sent_bytes);
    }
    count->tcp.goodput_bps = 8.0 * (double)report->bytes / report->seconds;
    return 0;
}

// Fills in the half's part of the figures of one network.
static int count_report(const struct half *half, const struct traffic_request *request,
                        const struct pair_trial *trial, const struct iperf_report *report,
                        struct traffic_count *count, struct error *err)
{
    bool stream = half->program->transport == PAIR_TCP;
    if (half->is_sink) {
        return stream ? pair_count_receiver(report, count, err)
                      : pair_count_sink(report, count, err);
    }
    if (stream) {
        pair_count_sender(request, trial->payload, report, count);
    } else {
        pair_count_source(request, report, count);
    }
    return 0;
}

static int half_finish(struct half *half, const struct traffic_request *request,
                       struct traffic_count *counts, struct error *err)
{
    int rc = await_all(half, err);
    for (size_t i = 0; rc == 0 && i < half->path_count; i++) {
        struct iperf_report report = {0};
        rc = read_child(half, &half->children[i], &report, err);
        if (rc < 0) {
            return rc;
        }
        rc = count_report(half, request, &half->children[i].trial, &report, &counts[i], err);
        // A TCP connection is timed by the monotonic clock.
        counts[i].clock_moved =
            half->is_sink && half->program->transport == PAIR_UDP && wall_clock_moved(&half->clock);
    }
    return rc;
}

const struct half_ops pair_source_half = {
    .open = source_open,
    .start = start_children,
    .finish = half_finish,
    .stop = half_stop,
    .close = half_close,
};

const struct half_ops pair_sink_half = {
    .open = sink_open,
    .start = sink_start,
    .finish = half_finish,
    .stop = half_stop,
    .close = half_close,
};
