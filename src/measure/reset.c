// SPDX-License-Identifier: GPL-3.0-or-later
// measure/reset — see reset.h.
#include "measure/reset.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/thread.h"

struct sending {
    const struct bench *bench;
    const struct traffic_request *request;
    struct traffic_count *counts;
    int rc;
    struct error err;
};

static void *run_sending(void *context)
{
    struct sending *sending = context;
    sending->rc =
        engine_run(sending->bench->engine, sending->request, sending->counts, &sending->err);
    return NULL;
}

// The reboot is the device under test's work: its processes descend from this thread, which leaves
// the tester's CPUs to the engine.
static int reboot_router(const struct bench *bench, size_t router, struct error *err)
{
    uint64_t outage_ns = 0;
    (void)cpu_bind(0, &bench->usable, NULL);
    int rc =
        bench->node.ops->reboot_router(&bench->node, router, clock_monotonic_ns(), &outage_ns, err);
    (void)cpu_bind(0, &testbed_plan(bench->testbed)->tester_cpus, NULL);
    return rc;
}

int reset_run(struct bench *bench, const struct traffic_request *request, size_t router,
              uint64_t after_ns, struct traffic_count *counts, struct error *err)
{
    struct sending sending = {
        .bench = bench, .request = request, .counts = counts, .err = ERROR_INIT};
    uint64_t reboot_ns = clock_monotonic_ns() + after_ns;
    pthread_t thread;
    bench->rebooting = true;
    int failed = thread_start(&thread, run_sending, &sending);
    if (failed != 0) {
        bench->rebooting = false;
        return fail(err, failed, "starting a thread");
    }
    int rc = stop_sleep_until(reboot_ns, err);
    rc = rc < 0 ? rc : reboot_router(bench, router, err);
    (void)pthread_join(thread, NULL);
    bench->rebooting = false;
    if (rc == 0 && sending.rc < 0) {
        error_move(err, &sending.err);
        rc = sending.rc;
    }
    error_clear(&sending.err);
    return rc;
}
