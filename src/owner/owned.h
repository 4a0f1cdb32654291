// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/owned — internal to owner/: the owner's state, its testbeds and the jobs on them.
 *
 * One thread, the event loop, accesses this state. A slow operation (building, rebooting, querying
 * a hypervisor) is a job: a thread that has exclusive use of one testbed until the job is done.
 * While no job of a testbed runs, the testbed is *at rest* and the loop may use it. Further jobs of
 * the same testbed wait in its queue. Jobs of other testbeds and readings by samplers do not wait.
 */
#ifndef VRBENCH_OWNER_OWNED_H
#define VRBENCH_OWNER_OWNED_H

#include <jansson.h>
#include <pthread.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/settings.h"
#include "base/stop.h"
#include "owner/wire.h"
#include "sampler/sampler.h"
#include "testbed/testbed.h"

struct owner;
struct owned;
struct job;
struct lease;

// ---- clients (owner.c)

struct client {
    struct owner *owner;
    struct wire wire;
    sd_event_source *readable, *writable;
    sd_event_source *more;   // of a client that only looks: takes its next request that has arrived
    struct job *job;         // the client waits for it; NULL = none
    struct reading *reading; // the client waits for it; NULL = none
    struct owned *leased;    // the testbed that it controls; NULL = none (lease.h)
    bool looks;              // of another user, who may only look (look.h)
    json_t *waiting;         // a request that waits until all testbeds are taken over
    struct client *next;
};
// Sends and frees a message to a client (NULL: one that has disconnected).
void client_send(struct client *client, json_t *message);
// Sends a message that is already a line of text.
void client_send_line(struct client *client, const char *line, size_t length);
// Handles the waiting requests, once all testbeds are taken over.
void clients_go_on(struct owner *owner);

// ---- work (work.c)

// Body of a job, which runs in its own thread with exclusive use of `owned->testbed`. Fills
// `job->answer` with the answer and `job->changed` with the changed party.
typedef int (*job_function)(struct owned *owned, struct job *job, struct error *err);

struct job {
    struct owned *owned;
    const char *name; // used in messages: "rebooting r1"
    job_function run;
    struct client *client; // the client that waits for it; NULL = none
    json_t *request;       // its arguments; NULL = none
    size_t router;         // index of its router in the scenario
    size_t party;          // index of its party
    uint64_t ordered_ns;   // CLOCK_MONOTONIC
    bool client_waits;
    bool releases; // removes the whole testbed
    bool builds;   // useless without its client
    bool lends;    // see lend.c, as the next eight
    bool resumes;  // a loan of an earlier owner
    bool lent;     // the record has the loan: not to be lent again after a pause
    bool returned; // the borrower has returned the testbed
    bool owner_ends;
    bool begun;  // the borrower has the testbed
    bool paused; // the loan goes on after a job of work_order_amid()
    int pause;   // eventfd that requests such a pause; -1 = none
    pid_t borrower;
    bool amid;             // may run while a loan pauses
    bool yields;           // ends early for any other job of the testbed
    struct stop_flag stop; // requests an early end
    // Filled by the thread:
    int rc;
    struct error err;
    json_t *says;   // messages for the client's log (wire_say())
    json_t *answer; // members of the answer besides the result; NULL = none
    size_t changed; // a party, SAMPLER_ALL, or JOB_CHANGED_NOTHING
    bool gone;      // the testbed no longer exists
    bool has_survey;
    enum survey_depth survey_depth; // filled in by the job's orderer
    struct sample survey;           // figures of parties that samplers can't read directly
    struct job *next;
};
#define JOB_CHANGED_NOTHING (SAMPLER_ALL - 1)

// Queues a job of a testbed; takes a reference of `request` (may be NULL).
struct job *work_order(struct owned *owned, const char *name, job_function run,
                       struct client *client, json_t *request);
// As work_order() for a job that a loan permits: a running loan pauses until the job is done, and a
// waiting loan begins after the job.
struct job *work_order_amid(struct owned *owned, const char *name, job_function run,
                            struct client *client, json_t *request);
// Queues a job unless one with the same function waits already; returns NULL then.
struct job *work_order_once(struct owned *owned, const char *name, job_function run);
// Starts the next job of a testbed at rest.
void work_start(struct owned *owned);
// Removes a job from the queue and frees it; false if the job already runs.
bool work_forget(struct job *job);
// Answers all jobs that wait for a testbed that no longer exists.
void work_drop(struct owned *owned, const char *why);
int work_open(struct owner *owner, struct error *err);
void work_close(struct owner *owner);

// ---- testbeds

struct watch {
    unsigned life;           // id of the watched life of the router
    sd_event_source *source; // NULL = none
};

#define RESTARTS 5U // after this many within RESTARTS_NS a router is not restarted any more
struct owned {
    struct owner *owner;
    char *id, *name;            // id is NULL while the testbed is being built
    uint64_t uid;               // the user who built it
    struct settings settings;   // of the environment of who had it built
    struct testbed *testbed;    // NULL while it is being built or `unusable`
    char *unusable;             // why its record can't be read; NULL = readable
    bool stands;                // built: it has been at rest once
    bool rests;                 // at rest: the loop may use the testbed
    bool ends;                  // its removal was requested
    bool adopting;              // its record is not yet read
    pid_t borrower;             // the process that it is lent to, or will be; 0 = none
    bool shares_move;           // the loan permits that weights and caps are set meanwhile
    uint64_t surveyed_ns;       // CLOCK_MONOTONIC of the last survey that was queued
    enum survey_depth surveyed; // its depth
    uint64_t allocations_ns;    // CLOCK_MONOTONIC of the last one that read weights and caps
    struct lease *lease;        // its controller; NULL = none
    struct job *queue, *running;
    struct sampler *sampler;
    struct watch *watches; // by router
    size_t watch_count;
    uint64_t (*restarts)[RESTARTS]; // by router: times of the last restarts, oldest first
};

// A requested sample that waits for surveys.
struct reading {
    struct owner *owner;
    struct client *client;
    json_t *request;
    sd_event_source *deadline;
    unsigned looks; // number of passed deadlines
    struct reading *next;
};

struct owner {
    sd_event *loop;
    int lock, listener;
    sd_event_source *accepting, *finished, *stopping;
    sd_event_source *accept_again; // ends a pause after a failed accept; NULL = none so far
    struct owned **owned;
    size_t owned_count;
    struct client *clients;
    struct reading *readings;
    int results; // eventfd: signals finished jobs
    pthread_mutex_t done_lock;
    struct job *done; // finished jobs that the loop has not processed
    unsigned threads; // running jobs
    bool lingers;     // keeps running without testbeds
    bool ending;      // a stop was requested
    bool ordered;     // the request that started this owner has arrived, or is overdue
    bool impatient;   // requests no longer wait for testbeds that are being taken over
};

struct owned *owned_add(struct owner *owner, const char *id, const char *name);
void owned_remove(struct owned *owned);
// Passes a job's results to the loop: figures, watches, the next job.
void owned_at_rest(struct owned *owned, size_t changed);
// Finds a testbed by name or id; NULL if none matches.
struct owned *owned_find(struct owner *owner, const char *name);
// Why nobody can use a testbed that has a record; NULL if it stands or is being built.
const char *owned_unusable(const struct owned *owned);

// ---- deaths (tend.c)

// Watches the routers of a testbed at rest.
void tend_watch(struct owned *owned);
void tend_forget(struct owned *owned);

// ---- loans (lend.c)

// Fails if a testbed is lent.
int lend_refuse(const struct owned *owned, struct error *err);
// Fails if a testbed is lent to a process that requires that weights and caps stay.
int lend_refuse_shares(const struct owned *owned, struct error *err);
// Handles a request for a loan: {"do": "lend", "name", "network", "shares_move"}.
int lend_take(struct client *client, json_t *request, struct error *err);
// Ends a loan that has begun: the borrower has returned the testbed.
void lend_end(struct job *job);
// Queues the loan of an earlier owner, if the borrower lives, and ends it otherwise.
void lend_resume(struct owned *owned);

// ---- controllers (lease.c)

// Requests: {"do": "control", "testbed", "advise"} takes the lease and returns what the testbed
// consists of; {"do": "plan", "shares"} sets the static plan; {"do": "shares", "shares"} sets
// weights and caps; {"do": "release"} ends the lease.
int lease_take_control(struct client *client, json_t *request, struct error *err);
int lease_take_plan(struct client *client, json_t *request, struct error *err);
int lease_take_shares(struct client *client, json_t *request, struct error *err);
int lease_take_release(struct client *client, json_t *request, struct error *err);
// {"do": "status", "parties": {NAME: {"contract", "margin", "last_action"}}}: what samples contain.
int lease_take_status(struct client *client, json_t *request, struct error *err);
// Fills in what the controller of a testbed reports of a party; the texts remain the lease's.
void lease_describe(const struct owned *owned, struct sample_party *party);

// A client has sent something.
void lease_heard(struct client *client);
// A client has disconnected.
void lease_lost(struct client *client);
// A testbed is removed.
void lease_free(struct owned *owned);

// ---- requests (requests.c), readings (readings.c), adoption (adopt.c)

// Handles a request. Answers an invalid one at once.
void request_take(struct client *client, json_t *request);
void reading_take(struct client *client, json_t *request);
// Called after a survey or a job has ended: answers the readings that no longer wait for anything.
void reading_look(struct owner *owner);
void reading_free(struct reading *reading);
// Queues the adoption of every testbed that has a record.
int adopt_all(struct owner *owner, struct error *err);

// Ends the owner once it has no testbed and no client waits for an answer.
void owner_look_for_end(struct owner *owner);

#endif
