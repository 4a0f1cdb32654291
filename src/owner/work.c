// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/work — see owned.h: one thread per job, one job at a time per testbed. A thread ends with
 * its job, so that an idle owner has one sleeping thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "owner/owned.h"

static void job_free(struct job *job)
{
    if (job->lends && job->owned->borrower == job->borrower) {
        job->owned->borrower = 0;
        job->owned->shares_move = false;
    }
    if (job->pause >= 0) {
        close(job->pause);
    }
    json_decref(job->request);
    json_decref(job->answer);
    json_decref(job->says);
    error_clear(&job->err);
    sample_clear(&job->survey);
    stop_flag_clear(&job->stop);
    free(job);
}

// Log messages of a job are sent to the waiting client before the answer.
static void job_say(void *context, enum log_level level, const char *topic, const char *text)
{
    struct job *job = context;
    json_array_append_new(job->says, wire_say((int)level, topic, text));
}

// Hands a job that has ended to the loop, which concludes it.
static void job_hand_over(struct job *job)
{
    struct owner *owner = job->owned->owner;
    pthread_mutex_lock(&owner->done_lock);
    job->next = owner->done;
    owner->done = job;
    // Within the lock: after the loop has taken the job, the owner may end.
    const uint64_t one = 1;
    (void)!write(owner->results, &one, sizeof one);
    pthread_mutex_unlock(&owner->done_lock);
}

static void *job_thread(void *context)
{
    struct job *job = context;
    struct owned *owned = job->owned;
    stop_use(&job->stop);
    settings_use(&owned->settings);
    log_use_sink(job->client_waits ? job_say : NULL, job);
    job->rc = job->run(owned, job, &job->err);
    log_use_sink(NULL, NULL);
    settings_use(NULL);
    stop_use(NULL);
    job_hand_over(job);
    return NULL;
}

static void job_answer(struct job *job)
{
    if (job->client == NULL) {
        if (job->rc < 0) {
            log_warning("owner", "%s: %s", job->name, job->err.text == NULL ? "" : job->err.text);
        }
        return;
    }
    for (size_t i = 0; i < json_array_size(job->says); i++) {
        client_send(job->client, json_incref(json_array_get(job->says, i)));
    }
    json_t *answer = wire_answer(job->rc, &job->err);
    if (job->rc >= 0 && job->answer != NULL) {
        json_object_update(answer, job->answer);
    }
    job->client->job = NULL;
    client_send(job->client, answer);
}

static void work_next(struct owned *owned);

// Puts a job into the queue: at its end, or before all jobs that must not run during a loan.
static void job_queue(struct job *job, bool amid)
{
    struct job **at = &job->owned->queue;
    while (*at != NULL && (!amid || (*at)->amid)) {
        at = &(*at)->next;
    }
    job->next = *at;
    *at = job;
}

static void job_conclude(struct job *job)
{
    struct owned *owned = job->owned;
    struct owner *owner = owned->owner;
    owned->running = NULL;
    owner->threads--;
    if (job->paused) {
        job_queue(job, true);
        work_next(owned);
        owner_look_for_end(owner);
        return;
    }
    if (owned->adopting) {
        owned->adopting = false;
        if (owned->testbed != NULL) {
            lend_resume(owned); // before anything else may use the testbed
        }
        if (owned->testbed == NULL && !job->gone) {
            owned->unusable =
                text_format("testbed %s: %s", owned->name,
                            job->err.text == NULL ? "can't read its record" : job->err.text);
        }
    } else if (owned->testbed == NULL && owned->unusable == NULL) {
        job->gone = true; // building failed
    }
    if (owned->testbed != NULL) {
        owned_at_rest(owned, job->changed);
    }
    if (job->has_survey) {
        sampler_take_survey(owned->sampler, job->survey_depth, &job->survey);
    }
    job_answer(job);
    bool gone = job->gone;
    job_free(job);
    if (gone) {
        owned_remove(owned);
    } else {
        work_next(owned);
    }
    clients_go_on(owner);
    reading_look(owner);
    owner_look_for_end(owner);
}

static int work_finished(sd_event_source *source, int fd, uint32_t events, void *context)
{
    (void)source;
    (void)events;
    struct owner *owner = context;
    uint64_t count = 0;
    (void)!read(fd, &count, sizeof count);
    pthread_mutex_lock(&owner->done_lock);
    struct job *done = owner->done;
    owner->done = NULL;
    pthread_mutex_unlock(&owner->done_lock);
    while (done != NULL) {
        struct job *next = done->next;
        job_conclude(done);
        done = next;
    }
    return 0;
}

static void work_next(struct owned *owned)
{
    struct job *job = owned->queue;
    if (owned->running != NULL || job == NULL || owned->owner->ending) {
        return;
    }
    owned->queue = job->next;
    job->next = NULL;
    owned->running = job;
    owned->rests = false;
    job->paused = false;
    if (job->releases) {
        // An open socket would keep a namespace and its interfaces alive.
        sampler_free(owned->sampler);
        owned->sampler = sampler_new();
    }
    owned->owner->threads++;
    // From here on the client must not send the request to another owner if this one dies.
    if (!job->begun) {
        client_send(job->client, json_pack("{s:b, s:s?}", "begun", 1, "id", owned->id));
    }
    job->begun = true;
    pthread_t thread;
    int rc = thread_start(&thread, job_thread, job);
    if (rc != 0) {
        // Concluded by the loop: that may free the testbed and readings that the caller still uses.
        job->rc = fail(&job->err, rc, "starting a thread");
        job_hand_over(job);
        return;
    }
    (void)pthread_detach(thread);
}

static struct job *job_new(struct owned *owned, const char *name, job_function run,
                           struct client *client, json_t *request)
{
    struct job *job = memory_new(1, sizeof *job);
    *job = (struct job){.owned = owned,
                        .name = name,
                        .run = run,
                        .client = client,
                        .request = json_incref(request),
                        .ordered_ns = clock_monotonic_ns(),
                        .client_waits = client != NULL,
                        .says = json_array(),
                        .pause = -1,
                        .changed = SAMPLER_ALL};
    stop_flag_init(&job->stop);
    if (client != NULL) {
        client->job = job;
    }
    if (owned->running != NULL && owned->running->yields) {
        stop_flag_raise(&owned->running->stop);
    }
    return job;
}

struct job *work_order(struct owned *owned, const char *name, job_function run,
                       struct client *client, json_t *request)
{
    struct job *job = job_new(owned, name, run, client, request);
    job_queue(job, false);
    return job;
}

struct job *work_order_amid(struct owned *owned, const char *name, job_function run,
                            struct client *client, json_t *request)
{
    const struct job *running = owned->running;
    struct job *job = job_new(owned, name, run, client, request);
    job->amid = owned->borrower != 0;
    job_queue(job, job->amid);
    if (running != NULL && running->pause >= 0) {
        const uint64_t one = 1;
        (void)!write(running->pause, &one, sizeof one);
    }
    return job;
}

struct job *work_order_once(struct owned *owned, const char *name, job_function run)
{
    for (const struct job *job = owned->queue; job != NULL; job = job->next) {
        if (job->run == run) {
            return NULL;
        }
    }
    return work_order(owned, name, run, NULL, NULL);
}

void work_start(struct owned *owned)
{
    work_next(owned);
}

bool work_forget(struct job *job)
{
    struct job **at = &job->owned->queue;
    while (*at != NULL && *at != job) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        return false; // already running
    }
    *at = job->next;
    job->owned->ends = job->owned->ends && !job->releases;
    job_free(job);
    return true;
}

void work_drop(struct owned *owned, const char *why)
{
    while (owned->queue != NULL) {
        struct job *job = owned->queue;
        owned->queue = job->next;
        job->rc = fail_input(&job->err, "%s", why);
        if (!job->lends || job->client != NULL) { // the next owner continues the loan
            job_answer(job);
        }
        job_free(job);
    }
}

int work_open(struct owner *owner, struct error *err)
{
    pthread_mutex_init(&owner->done_lock, NULL);
    owner->results = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (owner->results < 0) {
        return fail(err, errno, "making an eventfd");
    }
    int rc = sd_event_add_io(owner->loop, &owner->finished, owner->results, EPOLLIN, work_finished,
                             owner);
    return rc < 0 ? fail(err, -rc, "watching an eventfd") : 0;
}

void work_close(struct owner *owner)
{
    owner->finished = sd_event_source_unref(owner->finished);
    if (owner->results >= 0) {
        close(owner->results);
    }
    pthread_mutex_destroy(&owner->done_lock);
}
