// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/owned — inside of the owner room: the owner's state, its testbeds and the work on them.
 *
 * One thread, the event loop, holds everything here. What takes time (building, rebooting, asking a
 * hypervisor) is a job: a thread of its own that has one testbed to itself until the job is done.
 * While no job of a testbed runs, the testbed is *at rest* and the loop may use it. Other jobs of
 * the same testbed wait in its queue; other testbeds, and all readings by samplers, do not.
 */
#ifndef VRBENCH_OWNER_OWNED_H
#define VRBENCH_OWNER_OWNED_H

#include <jansson.h>
#include <pthread.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "base/stop.h"
#include "owner/wire.h"
#include "sampler/sampler.h"
#include "testbed/testbed.h"

struct owner;
struct owned;
struct job;

// ---- clients (owner.c)

struct client {
    struct owner *owner;
    struct wire wire;
    sd_event_source *readable, *writable;
    struct job *job;         // that it waits for; NULL = none
    struct reading *reading; // likewise
    json_t *waiting;         // a request that waits for all testbeds to be taken over
    struct client *next;
};
// Sends a message to a client, NULL for one that has gone. The message is freed.
void client_send(struct client *client, json_t *message);
// The same for a message that is a line already.
void client_send_line(struct client *client, const char *line, size_t length);
// Takes the requests that waited, once all testbeds are taken over.
void clients_go_on(struct owner *owner);

// ---- work (work.c)

// What a job does, in a thread of its own. `owned->testbed` is its own meanwhile. It puts what is
// to be answered into `job->answer` and what has changed into `job->changed`.
typedef int (*job_function)(struct owned *owned, struct job *job, struct error *err);

struct job {
    struct owned *owned;
    const char *name; // what it is called in messages: "rebooting r1"
    job_function run;
    struct client *client; // that waits for it; NULL = none
    json_t *request;       // whose arguments it has; NULL = none
    size_t router;         // index of its router in the scenario
    size_t party;          // index of its party
    uint64_t ordered_ns;   // CLOCK_MONOTONIC
    bool client_waits;
    bool releases;         // it takes the whole testbed down
    bool builds;           // it is of no use without its client
    bool yields;           // any other job of the testbed ends it early
    struct stop_flag stop; // asks it to end early
    // Filled by the thread:
    int rc;
    struct error err;
    json_t *says;   // messages for the client's log (wire_say())
    json_t *answer; // more than how it ended; NULL = nothing
    size_t changed; // a party, SAMPLER_ALL, or JOB_CHANGED_NOTHING
    bool gone;      // the testbed is no more
    bool has_survey;
    struct sample survey; // figures of parties that are no quick ones
    struct job *next;
};
#define JOB_CHANGED_NOTHING (SAMPLER_ALL - 1)

// Queues a job of a testbed; `request` (may be NULL) gains a reference.
struct job *work_order(struct owned *owned, const char *name, job_function run,
                       struct client *client, json_t *request);
// The same for a job that is to be queued only once: NULL if one with that function waits already.
struct job *work_order_once(struct owned *owned, const char *name, job_function run);
// Begins the next job of a testbed at rest.
void work_start(struct owned *owned);
// Takes a job that has not begun out of the queue and frees it; false if it runs.
bool work_forget(struct job *job);
// Answers all jobs that wait for a testbed that is no more.
void work_drop(struct owned *owned, const char *why);
int work_open(struct owner *owner, struct error *err);
void work_close(struct owner *owner);

// ---- testbeds

struct watch {
    unsigned life;           // id of the router's life that is watched
    sd_event_source *source; // NULL = none
};

#define RESTARTS 5U // within RESTARTS_NS: then a router is given up
struct owned {
    struct owner *owner;
    char *id, *name;         // id NULL while it is being built
    uint64_t uid;            // of who had it built
    struct testbed *testbed; // NULL = being built, or `unusable`
    char *unusable;          // why its record can't be read; NULL = it is fine
    bool stands;             // its testbed has come to rest once; false while it is being built
    bool rests;              // its testbed may be used by the loop
    bool ends;               // down has been ordered
    bool adopting;           // its record is still to be read
    uint64_t surveyed_ns;    // CLOCK_MONOTONIC of the last survey that was ordered
    struct job *queue, *running;
    struct sampler *sampler;
    struct watch *watches; // by router
    size_t watch_count;
    uint64_t (*restarts)[RESTARTS]; // by router: the last times, oldest first
};

// A sample that was asked for and waits for surveys.
struct reading {
    struct owner *owner;
    struct client *client;
    json_t *request;
    sd_event_source *deadline;
    unsigned looks; // times that the deadline has passed
    struct reading *next;
};

struct owner {
    sd_event *loop;
    int lock, listener;
    sd_event_source *accepting, *finished, *stopping;
    struct owned **owned;
    size_t owned_count;
    struct client *clients;
    struct reading *readings;
    int results; // eventfd: a job has finished
    pthread_mutex_t done_lock;
    struct job *done; // finished jobs that the loop has not seen yet
    unsigned threads; // that are at work
    bool lingers;     // it goes on without testbeds
    bool ending;      // it has been told to stop
    bool ordered;     // a request for which it may have been started has come, or is overdue
    bool impatient;   // orders no longer wait for testbeds that are being taken over
};

struct owned *owned_add(struct owner *owner, const char *id, const char *name);
void owned_remove(struct owned *owned);
// Gives the loop what a job left: figures, watches, the next job.
void owned_at_rest(struct owned *owned, size_t changed);
// The testbed of that name or id; NULL if there is none.
struct owned *owned_find(struct owner *owner, const char *name);

// ---- deaths (tend.c)

// Watches the routers of a testbed at rest.
void tend_watch(struct owned *owned);
void tend_forget(struct owned *owned);

// ---- requests (requests.c), readings (readings.c), adoption (adopt.c)

// Takes a request. What it can't do is answered at once.
void request_take(struct client *client, json_t *request);
void reading_take(struct client *client, json_t *request);
// A survey has come in, or a job has ended: answers what waits for nothing more.
void reading_look(struct owner *owner);
void reading_free(struct reading *reading);
// Queues the adoption of every testbed that stands by its record.
int adopt_all(struct owner *owner, struct error *err);

// The owner ends once it owns nothing and nobody waits for an answer.
void owner_look_for_end(struct owner *owner);

#endif
