// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/lend — lends a testbed to a process that measures on it (loan.h is that process's side).
 *
 * A loan is a job: it has exclusive use of the testbed, so that deaths of routers are tended to
 * after it. It ends when the borrower returns the testbed, disconnects or dies. The record has the
 * borrower: an owner that takes over the testbed continues the loan until the borrower has ended.
 *
 * If the borrower permits it, weights and caps are set meanwhile, by jobs of work_order_amid(): the
 * loan's job then ends early and waits in the queue, where it continues after these jobs and before
 * all others.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "owner/owned.h"
#include "owner/strays.h"
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

int lend_refuse_shares(const struct owned *owned, struct error *err)
{
    return owned->borrower == 0 || owned->shares_move
               ? 0
               : fail(err, 0,
                      "testbed %s is lent to process %d, which measures with its present weights "
                      "and caps; wait until that has ended, or measure by vrbench run --on %s "
                      "--controlled",
                      owned->name, (int)owned->borrower, owned->name);
}

// Waits for the end of a process that is about to end.
static void await_end(int process)
{
    uint64_t until_ns = clock_monotonic_ns() + END_WITHIN_NS;
    while (!process_has_ended(process) && clock_monotonic_ns() < until_ns) {
        clock_sleep(NS_PER_MS);
    }
}

// Waits until the loan's process ends, the loan is to end, or another job may run; returns whether
// another job may run.
static bool await_pause(const struct job *job, int process)
{
    struct pollfd fds[] = {{.fd = process, .events = POLLIN}, {.fd = job->pause, .events = POLLIN}};
    uint64_t count = 0;
    return stop_poll(fds, 2, STOP_NO_DEADLINE, NULL) > 0 && fds[0].revents == 0 &&
           fds[1].revents != 0 && read(job->pause, &count, sizeof count) > 0;
}

static int lend_job(struct owned *owned, struct job *job, struct error *err)
{
    struct process_id borrower;
    job->changed = JOB_CHANGED_NOTHING;
    if (!job->lent) {
        int rc = testbed_lend(owned->testbed, job->borrower, owned->shares_move, err);
        if (rc < 0) {
            return rc;
        }
        job->lent = true;
    }
    (void)testbed_is_lent(owned->testbed, &borrower);
    _cleanup_close_ int process = process_open(borrower.pid, borrower.started, NULL);
    job->paused = process >= 0 && await_pause(job, process);
    if (job->paused) {
        return 0;
    }
    if (job->owner_ends && process >= 0 && !process_has_ended(process)) {
        return 0; // the next owner continues the loan
    }
    if (process >= 0 && !job->returned) {
        await_end(process); // its connection has ended
    }
    if (!job->returned) {
        strays_remove_sockets(); // of a borrower that was killed
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
        if (named && owned_unusable(owned) != NULL) {
            unusable = owned_unusable(owned);
        }
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

// The loan of a testbed, which runs or pauses; NULL = none.
static struct job *lend_running(const struct owned *owned)
{
    struct job *job = owned->running;
    if (job != NULL && job->amid) {
        job = owned->queue;
    }
    while (job != NULL && job->amid) {
        job = job->next;
    }
    return job != NULL && job->lends && job->begun ? job : NULL;
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
    struct job *running = lend_running(owned);
    if (running != NULL && running->resumes && owned->borrower == borrower) {
        lend_end(running);
        running->borrower = owned->borrower = 0; // its end does not end the new loan
    }
    if ((rc = lend_refuse(owned, err)) < 0) {
        return rc;
    }
    _cleanup_close_ int pause = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pause < 0) {
        return fail(err, errno, "making an eventfd");
    }
    struct job *job = work_order(owned, "lending a testbed", lend_job, client, request);
    job->lends = true;
    job->borrower = owned->borrower = borrower;
    job->pause = steal_fd(&pause);
    owned->shares_move = json_is_true(json_object_get(request, "shares_move"));
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
        if (borrower.pid > 0) {
            strays_remove_sockets();
            if (testbed_reclaim(owned->testbed, &why) < 0) {
                log_warning("owner", "testbed %s: %s", owned->name, why.text);
            }
        }
        return;
    }
    struct job *job = work_order(owned, "continuing a loan", lend_job, NULL, NULL);
    job->lends = job->resumes = job->lent = true;
    job->borrower = owned->borrower = borrower.pid;
    job->pause = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    // Jobs that set shares would wait for the end of a loan that can't pause.
    owned->shares_move = job->pause >= 0 && testbed_loan_moves_shares(owned->testbed);
}
