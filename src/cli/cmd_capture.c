// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_capture — `vrbench capture`: captures packets at interfaces of a testbed by tcpdump(1).
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "linux/child.h"
#include "linux/link.h"
#include "linux/process.h"
#include "linux/rights.h"
#include "owner/enter.h"
#include "report/capture_count.h"

#define POINTS_MAX    32U
#define LISTEN_NS     (20U * NS_PER_S) // limit for tcpdump to begin, on a busy machine
#define END_WITHIN_NS (10U * NS_PER_S) // limit for it to write what it has
#define SECONDS_MAX   86400.0

struct capture_values {
    const char *file, *time, *filter;
    uint64_t count, snap;
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
     .help = "end a point after N packets"},
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
    OPTIONS_END,
};

// A place where packets are captured.
struct point_of_capture {
    const char *called; // as the user wrote it
    char *node, *interface, *file;
    struct testbed *testbed;
    const struct netns *ns;
    struct child child;
};

// ---- points

static void point_close(struct point_of_capture *point)
{
    child_end(&point->child);
    testbed_free(point->testbed);
    free(point->node);
    free(point->interface);
    free(point->file);
}

static const struct netns *netns_of(const struct testbed *testbed, const char *node)
{
    const struct plan *plan = testbed_plan(testbed);
    for (size_t i = 0; i < plan->node_count; i++) {
        if (text_equal(plan->nodes[i].name, node)) {
            return testbed_netns(testbed, i);
        }
    }
    return NULL;
}

// Finds [TESTBED/]NODE:INTERFACE.
static int point_open(const char *called, struct point_of_capture *ret, struct error *err)
{
    const char *colon = strrchr(called, ':');
    const char *node = NULL;
    struct link_info info;
    ret->called = called;
    if (colon == NULL || colon == called || colon[1] == '\0' || strlen(colon + 1) >= IF_NAMESIZE) {
        return fail_input(err, "expected a point such as r1:eth1, not \"%s\"", called);
    }
    _cleanup_free_ char *place = text_copy_bytes(called, (size_t)(colon - called));
    ret->interface = text_copy(colon + 1);
    int rc = enter_find(place, &ret->testbed, &node, err);
    if (rc < 0) {
        return rc;
    }
    ret->node = text_copy(node);
    ret->ns = netns_of(ret->testbed, node);
    if (ret->ns == NULL) {
        return fail_lacking(err,
                            "%s has no network namespace on this machine: capture at the host's "
                            "end of its interfaces, host:vifID.N",
                            node);
    }
    return link_find(ret->ns, ret->interface, &info, NULL) == 0
               ? 0
               : fail_input(err, "%s has no interface %s; vrbench console %s -- ip link lists them",
                            node, ret->interface, place);
}

// FILE for one point; for several of them NAME-NODE-IF.EXT.
static char *file_for(const char *file, const struct point_of_capture *point, size_t count)
{
    const char *slash = strrchr(file, '/');
    const char *dot = strrchr(slash == NULL ? file : slash + 1, '.');
    size_t stem = dot == NULL ? strlen(file) : (size_t)(dot - file);
    return count == 1 ? text_copy(file)
                      : text_format("%.*s-%s-%s%s", (int)stem, file, point->node, point->interface,
                                    dot == NULL ? ".pcap" : dot);
}

// ---- tcpdump

static int start_tcpdump(const char *path, const struct capture_values *asked,
                         struct point_of_capture *point, struct error *err)
{
    _cleanup_free_ char *count = text_format("%llu", (unsigned long long)asked->count);
    _cleanup_free_ char *snap = text_format("%llu", (unsigned long long)asked->snap);
    const char *argv[20] = {"tcpdump", "-n", "-U", "-Z", "root", "-i", NULL, "-w", NULL};
    size_t used = 9;
    argv[6] = point->interface;
    argv[8] = point->file;
    if (asked->count > 0) {
        argv[used++] = "-c";
        argv[used++] = count;
    }
    if (asked->snap > 0) {
        argv[used++] = "-s";
        argv[used++] = snap;
    }
    if (asked->filter != NULL) {
        argv[used++] = "--"; // the filter is no option
        argv[used++] = asked->filter;
    }
    const struct child_spec spec = {.path = path, .argv = argv, .ns = point->ns};
    return child_start(&spec, &point->child, err);
}

// The last line that it wrote, for a message.
static int fail_capture(struct point_of_capture *point, struct error *err)
{
    char *text = point->child.err.text;
    size_t length = text == NULL ? 0 : strlen(text);
    while (length > 0 && text[length - 1] == '\n') {
        text[--length] = '\0';
    }
    const char *last = length == 0 ? NULL : strrchr(text, '\n');
    return fail(err, 0, "capturing at %s: %s", point->called,
                length == 0    ? "tcpdump ended"
                : last == NULL ? text
                               : last + 1);
}

static bool is_listening(const struct point_of_capture *point)
{
    return point->child.err.text != NULL && strstr(point->child.err.text, "listening on") != NULL;
}

static int await_listening(struct point_of_capture *point, struct error *err)
{
    struct child *const children[] = {&point->child};
    uint64_t until_ns = clock_monotonic_ns() + LISTEN_NS;
    while (!is_listening(point)) {
        int rc = child_wait(children, 1, until_ns, err);
        if (rc < 0) {
            return rc;
        }
        if ((point->child.ended && !is_listening(point)) || clock_monotonic_ns() > until_ns) {
            return fail_capture(point, err);
        }
    }
    return 0;
}

// Waits until all have ended by themselves, a stop is requested, or the time is over.
static int await_captures(struct point_of_capture *points, size_t count, uint64_t until_ns,
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

// Has tcpdump write what it has, and reads its counts.
static int end_capture(struct point_of_capture *point, struct error *err)
{
    struct child *const children[] = {&point->child};
    uint64_t until_ns = clock_monotonic_ns() + END_WITHIN_NS;
    uint64_t captured = 0;
    uint64_t dropped = 0;
    if (!point->child.ended) {
        (void)kill(point->child.pid, SIGINT);
    }
    while (!point->child.ended && clock_monotonic_ns() < until_ns) {
        if (child_wait(children, 1, until_ns, NULL) < 0) {
            break;
        }
    }
    if (!point->child.ended || !capture_count(point->child.err.text, &captured, &dropped)) {
        return fail_capture(point, err);
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
static int end_captures(struct point_of_capture *points, size_t count, struct error *err)
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

static int capture(const struct capture_values *asked, uint64_t time_ns,
                   struct point_of_capture *points, size_t count, struct error *err)
{
    _cleanup_free_ char *path = NULL;
    if (child_find("tcpdump", &path) < 0) {
        return fail_lacking(err, "capture requires the program tcpdump: install package tcpdump");
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        points[i].file = file_for(asked->file, &points[i], count);
        rc = start_tcpdump(path, asked, &points[i], err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = await_listening(&points[i], err);
    }
    if (rc < 0) {
        return rc;
    }
    fprintf(stderr, "capturing at %zu point%s%s\n", count, count == 1 ? "" : "s",
            time_ns == STOP_NO_DEADLINE ? "; Ctrl-C ends" : "");
    uint64_t until_ns =
        time_ns == STOP_NO_DEADLINE ? STOP_NO_DEADLINE : clock_monotonic_ns() + time_ns;
    rc = await_captures(points, count, until_ns, err);
    if (rc == -EINTR) { // the intended end
        error_clear(err);
        rc = 0;
    }
    int ended = end_captures(points, count, rc < 0 ? NULL : err);
    return rc < 0 ? rc : ended;
}

static int read_time(const struct capture_values *asked, uint64_t *ret, struct error *err)
{
    double seconds = 0.0;
    *ret = STOP_NO_DEADLINE;
    if (asked->time == NULL) {
        return 0;
    }
    int rc = parse_number(asked->time, 0.01, SECONDS_MAX, &seconds, err);
    if (rc < 0) {
        error_context(err, "--time");
        return rc;
    }
    *ret = (uint64_t)(seconds * (double)NS_PER_S);
    return 0;
}

static int capture_command(void *values, const struct text_list *operands, struct error *err)
{
    const struct capture_values *asked = values;
    uint64_t time_ns = 0;
    size_t count = operands->count;
    if (count == 0 || count > POINTS_MAX) {
        return fail_input(err, "capture takes 1 to %u points, such as r1:eth1", POINTS_MAX);
    }
    if (asked->file == NULL || text_equal(asked->file, "-")) {
        return fail_input(err, "capture requires the name of a file: -w FILE");
    }
    int rc = read_time(asked, &time_ns, err);
    rc = rc < 0 ? rc : rights_check(err);
    struct point_of_capture points[POINTS_MAX] = {0};
    size_t opened = 0;
    for (; rc == 0 && opened < count; opened++) {
        points[opened] = (struct point_of_capture){.child = CHILD_INIT};
        rc = point_open(operands->items[opened], &points[opened], err);
    }
    if (rc == 0) {
        rc = capture(asked, time_ns, points, count, err);
    }
    for (size_t i = 0; i < opened; i++) {
        point_close(&points[i]);
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
               "with Ctrl-C, after --time, or when each point has --count packets.",
    .examples = COMMAND_EXAMPLES({"capture r1:eth1 -w r1.pcap", "one interface, until Ctrl-C"},
                                 {"capture r1:eth0 r1:eth1 -t 5 -w loss.pcap --filter udp",
                                  "both sides of a router for 5 s, a file each"}),
    .options = capture_options,
    .values_size = sizeof(struct capture_values),
    .run = capture_command,
};
