// SPDX-License-Identifier: GPL-3.0-or-later
// base/thread — see thread.h.
#include "base/thread.h"

#include <signal.h>
#include <stdatomic.h>

#define THREADS_MAX 16U

int thread_start(pthread_t *ret, void *(*run)(void *), void *context)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(ret, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

struct each {
    thread_job *run;
    void *context;
    size_t count;
    atomic_size_t next;
};

static void *run_jobs(void *context)
{
    struct each *each = context;
    for (size_t i = 0; (i = atomic_fetch_add(&each->next, 1)) < each->count;) {
        each->run(each->context, i);
    }
    return NULL;
}

void thread_each(size_t count, size_t at_once, thread_job *run, void *context)
{
    struct each each = {.run = run, .context = context, .count = count};
    pthread_t threads[THREADS_MAX];
    size_t wanted = count < at_once ? count : at_once;
    size_t started = 0;
    while (started < THREADS_MAX && started + 1 < wanted &&
           thread_start(&threads[started], run_jobs, &each) == 0) {
        started++;
    }
    (void)run_jobs(&each);
    while (started > 0) {
        (void)pthread_join(threads[--started], NULL);
    }
}
