// SPDX-License-Identifier: GPL-3.0-or-later
// base/thread — threads that block all signals (the main thread handles them), and loops whose
// passes run at the same time.
#ifndef VRBENCH_BASE_THREAD_H
#define VRBENCH_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

// Starts a thread with all signals blocked. Returns 0 or a positive errno, as pthread_create(3).
int thread_start(pthread_t *ret, void *(*run)(void *), void *context);

// Calls run(context, i) once for every i below `count`, for at most `at_once` of them at the same
// time: in the caller and in further threads, as far as they can be started. Returns after the last
// call.
typedef void thread_job(void *context, size_t i);
void thread_each(size_t count, size_t at_once, thread_job *run, void *context);

#endif
