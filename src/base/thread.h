// SPDX-License-Identifier: GPL-3.0-or-later
// base/thread — threads that block all signals; the main thread handles them.
#ifndef VRBENCH_BASE_THREAD_H
#define VRBENCH_BASE_THREAD_H

#include <pthread.h>

// Starts a thread with all signals blocked. Returns 0 or a positive errno, as pthread_create(3).
int thread_start(pthread_t *ret, void *(*run)(void *), void *context);

#endif
