// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_capture — `vrbench capture`: captures packets at interfaces of a testbed by tcpdump(8).
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/capture_around.h"
#include "cli/capture_point.h"
#include "cli/command.h"
#include "linux/rights.h"

#define POINTS_MAX  32U
#define SECONDS_MAX 86400.0
#define AROUND_MAX  10.0               // seconds
#define AROUND_NS   (100U * NS_PER_MS) // default of --before and --after
#define AROUND_KIB  16384U             // tcpdump's buffer, since captures compete with each other

struct capture_values {
    const char *file, *time, *filter, *before, *after;
    uint64_t count, snap;
    bool around_loss;
};

struct capture_times {
    uint64_t time_ns; // STOP_NO_DEADLINE = no end
    uint64_t before_ns, after_ns;
};

static const struct option_row capture_options[] = {
    {.name = "write",
     .letter = 'w',
     .type = OPTION_TEXT,
     .offset = offsetof(struct capture_values, file),
     .argument = "FILE",
     .help = "the capture; for several points NAME-NODE-IF.EXT"},
    {.name = "time",
     .letter = 't',
     .type = OPTION_TEXT,
     .offset = offsetof(struct capture_values, time),
     .argument = "SECONDS",
     .help = "end after this time (until Ctrl-C)"},
    {.name = "count",
     .letter = 'c',
     .type = OPTION_INTEGER,
     .offset = offsetof(struct capture_values, count),
     .min = 1,
     .max = INT32_MAX,
     .argument = "N",
     .help = "end after N packets of each point; with --around-loss, after N times of loss"},
    {.name = "snap",
     .letter = 's',
     .type = OPTION_INTEGER,
     .offset = offsetof(struct capture_values, snap),
     .min = 1,
     .max = 262144,
     .argument = "BYTES",
     .help = "keep only the first BYTES of each packet"},
    {.name = "filter",
     .type = OPTION_TEXT,
     .offset = offsetof(struct capture_values, filter),
     .argument = "EXPR",
     .help = "only these packets, as in pcap-filter(7)"},
    {.name = "around-loss",
     .type = OPTION_FLAG,
     .offset = offsetof(struct capture_values, around_loss),
     .help = "write only the packets around each loss, and name it"},
    {.name = "before",
     .type = OPTION_TEXT,
     .offset = offsetof(struct capture_values, before),
     .argument = "SECONDS",
     .help = "so long before a loss (0.1)"},
    {.name = "after",
     .type = OPTION_TEXT,
     .offset = offsetof(struct capture_values, after),
     .argument = "SECONDS",
     .help = "and after it (0.1)"},
    OPTIONS_END,
};

// Waits until all have ended by themselves, a stop is requested, or the time is over.
static int await_captures(struct capture_point *points, size_t count, uint64_t until_ns,
                          struct error *err)
{
    struct child *children[POINTS_MAX];
    for (;;) {
        size_t running = 0;
        for (size_t i = 0; i < count; i++) {
            if (!points[i].child.ended) {
                children[running++] = &points[i].child;
            }
        }
        if (running == 0 || clock_monotonic_ns() >= until_ns) {
            return 0;
        }
        int rc = child_wait(children, running, until_ns, err);
        if (rc < 0) {
            return rc;
        }
    }
}

static int end_capture(struct capture_point *point, struct error *err)
{
    uint64_t captured = 0;
    uint64_t dropped = 0;
    capture_point_stop(point);
    int rc = capture_point_counts(point, &captured, &dropped, err);
    if (rc < 0) {
        return rc;
    }
    char packets[48];
    char lost[48];
    text_group_digits((double)captured, 0, packets);
    text_group_digits((double)dropped, 0, lost);
    printf("%s: %s packets in %s", point->called, packets, point->file);
    if (dropped > 0) {
        printf(", %s more missed: the capture was too slow", lost);
    }
    printf("\n");
    return 0;
}

// A stop ends the captures, not the wait for their files.
static int end_captures(struct capture_point *points, size_t count, struct error *err)
{
    struct stop_flag none;
    int rc = 0;
    stop_flag_init(&none);
    stop_use(&none);
    for (size_t i = 0; i < count; i++) {
        int one = end_capture(&points[i], rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : one;
    }
    stop_use(NULL);
    stop_flag_clear(&none);
    return rc;
}

// ---- the command

static bool have_several_testbeds(const struct capture_point *points, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (!text_equal(testbed_id(points[i].testbed), testbed_id(points[0].testbed))) {
            return true;
        }
    }
    return false;
}

// Refuses points whose captures would be in the same file.
static int name_files(const char *file, struct capture_point *points, size_t count,
                      struct error *err)
{
    bool several = have_several_testbeds(points, count);
    for (size_t i = 0; i < count; i++) {
        points[i].file = capture_point_file(file, &points[i], count, several);
        for (size_t k = 0; k < i; k++) {
            if (text_equal(points[i].file, points[k].file)) {
                return fail_input(err, "%s and %s would both be in %s", points[k].called,
                                  points[i].called, points[i].file);
            }
        }
    }
    return 0;
}

// Starts tcpdump at all points.
static int start(const struct capture_values *asked, struct capture_point *points, size_t count,
                 struct error *err)
{
    const struct capture_request request = {.count = asked->around_loss ? 0 : asked->count,
                                            .snap = asked->snap,
                                            .buffer_kib = asked->around_loss ? AROUND_KIB : 0,
                                            .filter = asked->filter};
    _cleanup_free_ char *program = NULL;
    int rc = capture_program(&program, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = capture_point_start(program, &request, asked->around_loss ? "-" : points[i].file,
                                 &points[i], err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = capture_point_await(&points[i], err);
    }
    return rc;
}

static int capture(const struct capture_values *asked, const struct capture_times *times,
                   struct capture_point *points, size_t count, struct error *err)
{
    uint64_t time_ns = times->time_ns;
    int rc = start(asked, points, count, err);
    if (rc < 0) {
        return rc;
    }
    uint64_t until_ns =
        time_ns == STOP_NO_DEADLINE ? STOP_NO_DEADLINE : clock_monotonic_ns() + time_ns;
    if (asked->around_loss) {
        const struct capture_around_spec spec = {.points = points,
                                                 .count = count,
                                                 .before_ns = times->before_ns,
                                                 .after_ns = times->after_ns,
                                                 .losses = asked->count};
        return capture_around(&spec, until_ns, err);
    }
    capture_announce(count, time_ns == STOP_NO_DEADLINE);
    rc = await_captures(points, count, until_ns, err);
    if (rc == -EINTR) { // the intended end
        error_clear(err);
        rc = 0;
    }
    int ended = end_captures(points, count, rc < 0 ? NULL : err);
    return rc < 0 ? rc : ended;
}

static int read_time(const char *option, const char *text, double least, double most, uint64_t *ret,
                     struct error *err)
{
    double seconds = 0.0;
    if (text == NULL) {
        return 0;
    }
    int rc = parse_number(text, least, most, &seconds, err);
    if (rc < 0) {
        error_context(err, "%s", option);
        return rc;
    }
    *ret = (uint64_t)(seconds * (double)NS_PER_S);
    return 0;
}

static int read_times(const struct capture_values *asked, struct capture_times *ret,
                      struct error *err)
{
    *ret = (struct capture_times){STOP_NO_DEADLINE, AROUND_NS, AROUND_NS};
    int rc;
    if (!asked->around_loss && (asked->before != NULL || asked->after != NULL)) {
        return fail_input(err, "--before and --after require --around-loss");
    }
    if (asked->around_loss && asked->snap > 0) {
        return fail_input(err, "--around-loss requires whole packets: --snap cuts off the sequence "
                               "number");
    }
    (void)((rc = read_time("--time", asked->time, 0.01, SECONDS_MAX, &ret->time_ns, err)) < 0 ||
           (rc = read_time("--before", asked->before, 0.0, AROUND_MAX, &ret->before_ns, err)) < 0 ||
           (rc = read_time("--after", asked->after, 0.0, AROUND_MAX, &ret->after_ns, err)) < 0);
    return rc;
}

static int capture_command(void *values, const struct text_list *operands, struct error *err)
{
    const struct capture_values *asked = values;
    struct capture_times times;
    size_t count = operands->count;
    if (count == 0 || count > POINTS_MAX) {
        return fail_input(err, "capture takes 1 to %u points, such as r1:eth1", POINTS_MAX);
    }
    if (asked->file == NULL) {
        return fail_input(err, "capture requires the name of a file: -w FILE");
    }
    if (text_equal(asked->file, "-")) {
        return fail_input(err, "-w -: capture writes to a file, not to standard output");
    }
    int rc = read_times(asked, &times, err);
    rc = rc < 0 ? rc : rights_check(err);
    struct capture_point points[POINTS_MAX] = {0};
    size_t opened = 0;
    for (; rc == 0 && opened < count; opened++) {
        points[opened] = (struct capture_point){.child = CHILD_INIT};
        rc = capture_point_open(operands->items[opened], &points[opened], err);
    }
    rc = rc < 0 ? rc : name_files(asked->file, points, count, err);
    if (rc == 0) {
        rc = capture(asked, &times, points, count, err);
    }
    for (size_t i = 0; i < opened; i++) {
        capture_point_close(&points[i]);
    }
    return rc;
}

const struct command command_capture = {
    .name = "capture",
    .operands = "NODE:IF…",
    .summary = "Capture packets at interfaces of a testbed",
    .details = "Runs tcpdump at each point: an interface of a router, of the host, of source or\n"
               "sink, with the prefix TESTBED/ if several testbeds have that node. Also of a\n"
               "testbed on which a run measures; the capture then takes CPU time from it. Ends\n"
               "with Ctrl-C, after --time, or when each point has --count packets.\n"
               "\n"
               "With --around-loss, packets stay in memory until it is known whether one was\n"
               "lost within --before and --after of them: by a counter of the testbed, or as its\n"
               "sequence number is missing at a point. Each loss is printed with its place, and\n"
               "what the capture itself missed at the end.",
    .examples = COMMAND_EXAMPLES({"capture r1:eth1 -w r1.pcap", "one interface, until Ctrl-C"},
                                 {"capture r1:eth0 r1:eth1 -t 5 -w loss.pcap --filter udp",
                                  "both sides of a router for 5 s, a file each"},
                                 {"capture r1:eth0 r1:eth1 -w loss.pcap --around-loss -c 1",
                                  "both sides of a router around the next loss"}),
    .options = capture_options,
    .values_size = sizeof(struct capture_values),
    .run = capture_command,
};
