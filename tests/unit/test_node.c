// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of testbed/node and of traffic/engine's halves: an engine whose halves a made-up place
// opens, as a place beyond a stream would.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "testbed/node.h"

#include <cmocka.h>

// What the halves were asked, in order: "K" is the sink, "S" the source.
static char asked[128];

static void note(const char *what)
{
    size_t length = strlen(asked);
    snprintf(asked + length, sizeof asked - length, "%s ", what);
}

// A half keeps its side and nothing else.
struct half {
    char side;
    bool fails;
};

static void note_half(const struct half *half, const char *what)
{
    char text[16];
    snprintf(text, sizeof text, "%c:%s", half->side, what);
    note(text);
}

static int far_start(struct half *half, const struct traffic_request *request, struct error *err)
{
    assert_int_equal(request->run, 41);
    note_half(half, "start");
    return half->fails ? (fail)(err, EIO, "the stream ended") : 0;
}

static int source_finish(struct half *half, const struct traffic_request *request,
                         struct traffic_count *counts, struct error *err)
{
    (void)request, (void)err;
    note_half(half, "finish");
    counts[0].tx = 10;
    counts[1].tx = 20;
    return 0;
}

static int sink_finish(struct half *half, const struct traffic_request *request,
                       struct traffic_count *counts, struct error *err)
{
    (void)request, (void)err;
    note_half(half, "finish");
    assert_int_equal(counts[1].tx, 20); // the source's counts are there
    counts[0].rx = 9;
    counts[1].rx = 20;
    return 0;
}

static void far_stop(struct half *half)
{
    note_half(half, "stop");
}

static void far_close(struct half *half)
{
    note_half(half, "close");
    free(half);
}

// One packet of 30 arrives, if at all, once the threads of the path have had their CPU.
static unsigned looks, busy_looks;
static bool arrives_late;

static bool is_forwarding(const void *context)
{
    assert_ptr_equal(context, &looks);
    return looks++ < busy_looks;
}

static uint64_t sink_seen(const struct half *half)
{
    (void)half;
    return arrives_late && looks >= busy_looks ? 30 : 29;
}

static const struct half_ops far_source = {
    .start = far_start, .finish = source_finish, .stop = far_stop, .close = far_close};
static const struct half_ops waiting_sink = {.start = far_start,
                                             .seen = sink_seen,
                                             .finish = sink_finish,
                                             .stop = far_stop,
                                             .close = far_close};
static const struct half_ops far_sink = {
    .start = far_start, .finish = sink_finish, .stop = far_stop, .close = far_close};

static bool source_fails, sink_is_refused;

static int far_open_half(const struct node *node, const char *engine, enum engine_side side,
                         const struct traffic_setup *setup, struct engine_half *ret,
                         struct error *err)
{
    bool source = side == ENGINE_SOURCE;
    (void)node;
    assert_string_equal(engine, "packet");
    assert_int_equal(setup->path_count, 2);
    assert_int_equal(setup->paths[1].source_node, 0);
    assert_int_equal(setup->paths[1].sink_node, 1);
    note(source ? "S:open" : "K:open");
    if (!source && sink_is_refused) {
        return fail_lacking(err, "no room at the sink");
    }
    struct half *half = memory_new(1, sizeof *half);
    *half = (struct half){.side = source ? 'S' : 'K', .fails = source && source_fails};
    *ret = (struct engine_half){.ops = source ? &far_source : &far_sink, .half = half};
    return 0;
}

static int open_far(struct engine **ret, struct error *err)
{
    static const struct node_ops ops = {.open_half = far_open_half};
    const struct node far = {.ops = &ops};
    const struct traffic_path paths[2] = {{.source_node = 0, .sink_node = 1},
                                          {.source_node = 0, .sink_node = 1}};
    const struct traffic_setup setup = {.paths = paths, .path_count = 2};
    asked[0] = '\0';
    return node_open_engine(&far, "packet", &setup, ret, err);
}

static int run_far(struct traffic_count counts[2], struct error *err)
{
    struct engine *engine = NULL;
    const struct traffic_request request = {.run = 41, .duration_ns = 1};
    assert_int_equal(open_far(&engine, err), 0);
    int rc = engine_run(engine, &request, counts, err);
    engine_close(engine);
    return rc;
}

static void test_trial(void **state)
{
    struct traffic_count counts[2] = {{.rx = 77}, {.rx = 77}};
    (void)state;
    source_fails = sink_is_refused = false;
    assert_int_equal(run_far(counts, NULL), 0);
    assert_string_equal(asked, "S:open K:open K:start S:start S:finish K:finish S:stop K:stop "
                               "S:close K:close ");
    assert_int_equal(counts[0].tx, 10);
    assert_int_equal(counts[0].rx, 9);
    assert_int_equal(counts[1].rx, 20);
}

// Runs a trial with threads that are busy at the first `busy` looks. Returns the number of looks.
static unsigned run_waiting(unsigned busy, bool late)
{
    struct traffic_count counts[2] = {{0}, {0}};
    const struct traffic_request request = {.run = 41, .duration_ns = 1};
    struct engine_half source = {.ops = &far_source, .half = memory_new(1, sizeof(struct half))};
    struct engine_half sink = {.ops = &waiting_sink, .half = memory_new(1, sizeof(struct half))};
    source.half->side = 'S';
    sink.half->side = 'K';
    struct engine *engine = engine_join("packet", 2, &source, &sink);
    engine_wait_for(engine, is_forwarding, &looks);
    looks = 0;
    busy_looks = busy;
    arrives_late = late;
    asked[0] = '\0';
    assert_int_equal(engine_run(engine, &request, counts, NULL), 0);
    engine_close(engine);
    return looks;
}

static void test_wait_for_threads(void **state)
{
    (void)state;
    assert_int_equal(run_waiting(0, false), 1);
    assert_int_equal(run_waiting(3, false), 4);
    assert_int_equal(run_waiting(3, true), 3);           // all have arrived
    assert_in_range(run_waiting(1000000, false), 2, 60); // no longer than 2 s
}

static void test_half_that_fails(void **state)
{
    struct traffic_count counts[2] = {{0}, {0}};
    struct error why = ERROR_INIT;
    (void)state;
    source_fails = true;
    sink_is_refused = false;
    assert_int_equal(run_far(counts, &why), -EIO);
    assert_string_equal(asked, "S:open K:open K:start S:start S:stop K:stop S:close K:close ");
    error_clear(&why);
}

static void test_half_that_is_refused(void **state)
{
    struct engine *engine = NULL;
    struct error why = ERROR_INIT;
    (void)state;
    source_fails = false;
    sink_is_refused = true;
    assert_true(open_far(&engine, &why) < 0);
    assert_null(engine);
    assert_int_equal(why.exit_status, EXIT_LACKING);
    assert_string_equal(why.text, "no room at the sink");
    assert_string_equal(asked, "S:open K:open S:close ");
    error_clear(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trial),
        cmocka_unit_test(test_wait_for_threads),
        cmocka_unit_test(test_half_that_fails),
        cmocka_unit_test(test_half_that_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
