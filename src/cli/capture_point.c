// SPDX-License-Identifier: GPL-3.0-or-later
// cli/capture_point — see capture_point.h.
#include "cli/capture_point.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/link.h"
#include "owner/enter.h"
#include "report/capture_count.h"

#define LISTEN_NS     (20U * NS_PER_S) // limit for tcpdump to begin, on a busy machine
#define END_WITHIN_NS (10U * NS_PER_S) // limit for it to write what it has

// ---- points

void capture_point_close(struct capture_point *point)
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

int capture_point_open(const char *called, struct capture_point *ret, struct error *err)
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

char *capture_point_file(const char *file, const struct capture_point *point, size_t count,
                         bool testbed)
{
    const char *dot = strrchr(text_base_name(file), '.');
    size_t stem = dot == NULL ? strlen(file) : (size_t)(dot - file);
    return count == 1 ? text_copy(file)
                      : text_format("%.*s%s%s-%s-%s%s", (int)stem, file, testbed ? "-" : "",
                                    testbed ? testbed_name(point->testbed) : "", point->node,
                                    point->interface, dot == NULL ? ".pcap" : dot);
}

// ---- tcpdump

int capture_program(char **ret_path, struct error *err)
{
    return child_find("tcpdump", ret_path) < 0
               ? fail_lacking(err, "capture requires the program tcpdump: install package tcpdump")
               : 0;
}

// Appends an option and its number, unless it is 0.
static size_t add_number(const char **argv, size_t used, const char *option, uint64_t number,
                         char **ret_text)
{
    if (number > 0) {
        *ret_text = text_format("%llu", (unsigned long long)number);
        argv[used++] = option;
        argv[used++] = *ret_text;
    }
    return used;
}

// The last line that it wrote, for a message.
static int fail_capture(struct capture_point *point, struct error *err)
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

// Refuses a wrong filter before the file of an earlier capture is replaced.
static int check_filter(const char *program, const char *filter, struct capture_point *point,
                        struct error *err)
{
    const char *const argv[] = {"tcpdump",        "-d", "-Z",   "root", "-i",
                                point->interface, "--", filter, NULL};
    const struct child_spec spec = {.path = program, .argv = argv, .ns = point->ns};
    int rc = child_run(&spec, LISTEN_NS, &point->child, err);
    rc = rc == 0 && point->child.status != 0 ? fail_capture(point, err) : rc;
    child_end(&point->child);
    return rc;
}

// Opens the file of a capture. tcpdump itself would follow a link that another user planted. It
// waits while a pipe is full.
static int open_file(const char *file, struct error *err)
{
    _cleanup_close_ int fd = file_open_new(file, 0644, err);
    if (fd >= 0 && fcntl(fd, F_SETFL, 0) < 0) {
        return fail(err, errno, "%s", file);
    }
    return fd < 0 ? fd : steal_fd(&fd);
}

int capture_point_start(const char *program, const struct capture_request *request,
                        const char *file, struct capture_point *point, struct error *err)
{
    _cleanup_free_ char *count = NULL;
    _cleanup_free_ char *snap = NULL;
    _cleanup_free_ char *buffer = NULL;
    const char *argv[20] = {"tcpdump", "-n", "-U", "-Z", "root", "-i", NULL, "-w", "-"};
    size_t used = 9;
    argv[6] = point->interface;
    used = add_number(argv, used, "-c", request->count, &count);
    used = add_number(argv, used, "-s", request->snap, &snap);
    used = add_number(argv, used, "-B", request->buffer_kib, &buffer);
    if (request->filter != NULL) {
        argv[used++] = "--"; // the filter is no option
        argv[used++] = request->filter;
    }
    _cleanup_close_ int fd = -1;
    if (!text_equal(file, "-")) {
        int rc = request->filter == NULL ? 0 : check_filter(program, request->filter, point, err);
        fd = rc < 0 ? rc : open_file(file, err);
        if (fd < 0) {
            return fd;
        }
    }
    const struct child_spec spec = {
        .path = program, .argv = argv, .ns = point->ns, .output = fd < 0 ? 0 : fd};
    return child_start(&spec, &point->child, err);
}

static bool is_listening(const struct capture_point *point)
{
    return point->child.err.text != NULL && strstr(point->child.err.text, "listening on") != NULL;
}

int capture_point_await(struct capture_point *point, struct error *err)
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

void capture_announce(size_t count, bool endless)
{
    fprintf(stderr, "capturing at %zu point%s%s\n", count, count == 1 ? "" : "s",
            endless ? "; Ctrl-C ends" : "");
}

void capture_point_stop(const struct capture_point *point)
{
    if (!point->child.ended && point->child.pid > 0) {
        (void)kill(point->child.pid, SIGINT);
    }
}

void capture_point_ask_dropped(const struct capture_point *point)
{
    if (!point->child.ended && point->child.pid > 0) {
        (void)kill(point->child.pid, SIGUSR1);
    }
}

bool capture_point_take_dropped(struct capture_point *point, uint64_t *ret_dropped)
{
    struct child_output *output = &point->child.err;
    struct child *const children[] = {&point->child};
    if (!point->child.ended && child_wait(children, 1, clock_monotonic_ns(), NULL) < 0) {
        return false;
    }
    const char *behind = output->text == NULL ? NULL : capture_dropped(output->text, ret_dropped);
    if (behind == NULL) {
        return false;
    }
    // Its last words stay.
    size_t gone = (size_t)(behind - output->text);
    output->length -= gone;
    memmove(output->text, behind, output->length + 1);
    return true;
}

int capture_point_counts(struct capture_point *point, uint64_t *ret_captured, uint64_t *ret_dropped,
                         struct error *err)
{
    struct child *const children[] = {&point->child};
    uint64_t until_ns = clock_monotonic_ns() + END_WITHIN_NS;
    while (!point->child.ended && clock_monotonic_ns() < until_ns) {
        if (child_wait(children, 1, until_ns, NULL) < 0) {
            break;
        }
    }
    return point->child.ended && capture_count(point->child.err.text, ret_captured, ret_dropped)
               ? 0
               : fail_capture(point, err);
}
