// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/lend — lends a testbed to a process that measures on it (loan.h is that process's side).
 *
 * A loan is a job: it has exclusive use of the testbed, so that deaths of routers are tended to
 * after it. It ends when the borrower returns the testbed, disconnects or dies. The record has the
 * borrower: an owner that takes over the testbed continues the loan until the borrower has ended.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "owner/owned.h"
#include "testbed/loan.h"
#include "testbed/standing.h"

#define END_WITHIN_NS (5U * NS_PER_S) // from the end of a connection to the end of its process

int lend_refuse(const struct owned *owned, struct error *err)
{
    return owned->borrower == 0
               ? 0
               : fail(err, 0,
                      "testbed %s is lent to process %d, which measures on it; wait until that "
                      "has ended",
                      owned->name, (int)owned->borrower);
}

// Waits for the end of a process that is about to end.
static void await_end(int process)
{
    uint64_t until_ns = clock_monotonic_ns() + END_WITHIN_NS;
    while (!process_has_ended(process) && clock_monotonic_ns() < until_ns) {
        clock_sleep(NS_PER_MS);
    }
}

static int lend_job(struct owned *owned, struct job *job, struct error *err)
{
    struct process_id borrower;
    job->changed = JOB_CHANGED_NOTHING;
    int rc = job->resumes ? 0 : testbed_lend(owned->testbed, job->borrower, err);
    if (rc < 0) {
        return rc;
    }
    (void)testbed_is_lent(owned->testbed, &borrower);
    _cleanup_close_ int process = process_open(borrower.pid, borrower.started, NULL);
    if (process >= 0) {
        (void)stop_wait(process, POLLIN, STOP_NO_DEADLINE, NULL);
    }
    if (job->owner_ends && process >= 0 && !process_has_ended(process)) {
        return 0; // the next owner continues the loan
    }
    if (process >= 0 && !job->returned) {
        await_end(process); // its connection has ended
    }
    return testbed_reclaim(owned->testbed, err);
}

// Finds the testbed of a request: by name or id, by the name of one of its networks, or both.
static int lend_find(struct owner *owner, const json_t *request, struct owned **ret,
                     struct error *err)
{
    const char *name = json_string_value(json_object_get(request, "name"));
    const char *network = json_string_value(json_object_get(request, "network"));
    const char *unusable = NULL;
    struct owned *found = NULL;
    for (size_t i = 0; i < owner->owned_count; i++) {
        struct owned *owned = owner->owned[i];
        bool named = name == NULL || text_equal(owned->name, name) || text_equal(owned->id, name);
        unusable = named && owned->unusable != NULL ? owned->unusable : unusable;
        if (!named || !owned->stands || owned->ends ||
            (network != NULL && testbed_network_called(owned->testbed, network) == SIZE_MAX)) {
            continue;
        }
        if (found != NULL) {
            return fail_input(err, "several testbeds have a network %s; name it %s/%s or %s/%s",
                              network, found->name, network, owned->name, network);
        }
        found = owned;
    }
    if (found == NULL && unusable != NULL) {
        return fail(err, 0, "%s", unusable);
    }
    if (found == NULL && network != NULL) {
        return fail_input(err,
                          "no standing testbed has a network %s%s%s; vrbench list shows the "
                          "testbeds, and vrbench up SCENARIO builds one",
                          name == NULL ? "" : name, name == NULL ? "" : "/", network);
    }
    if (found == NULL) {
        return fail_input(err,
                          "no testbed \"%s\"; vrbench list shows the testbeds, and vrbench up "
                          "SCENARIO builds one",
                          name == NULL ? "" : name);
    }
    *ret = found;
    return 0;
}

static pid_t peer_of(const struct client *client)
{
    struct ucred peer = {0};
    socklen_t length = sizeof peer;
    return getsockopt(client->wire.fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.pid : 0;
}

int lend_take(struct client *client, json_t *request, struct error *err)
{
    struct owned *owned = NULL;
    pid_t borrower = peer_of(client);
    int rc = lend_find(client->owner, request, &owned, err);
    if (rc < 0 || owned == NULL) {
        return rc;
    }
    // The same process again: it lost its connection with an owner that died.
    struct job *running = owned->running;
    if (running != NULL && running->resumes && owned->borrower == borrower) {
        lend_end(running);
        owned->borrower = 0;
    }
    if ((rc = lend_refuse(owned, err)) < 0) {
        return rc;
    }
    struct job *job = work_order(owned, "lending a testbed", lend_job, client, request);
    job->lends = true;
    job->borrower = owned->borrower = borrower;
    work_start(owned);
    return 0;
}

void lend_end(struct job *job)
{
    job->returned = true;
    stop_flag_raise(&job->stop);
}

void lend_resume(struct owned *owned)
{
    struct process_id borrower;
    if (!testbed_is_lent(owned->testbed, &borrower)) {
        _cleanup_error_ struct error why = ERROR_INIT;
        if (borrower.pid > 0 && testbed_reclaim(owned->testbed, &why) < 0) {
            log_warning("owner", "testbed %s: %s", owned->name, why.text);
        }
        return;
    }
    struct job *job = work_order(owned, "continuing a loan", lend_job, NULL, NULL);
    job->lends = job->resumes = true;
    job->borrower = owned->borrower = borrower.pid;
}
