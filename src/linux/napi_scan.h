// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/napi_scan — finds NAPI threads by name, on kernels that do not list them by netlink (before
 * Linux 6.8). Part of linux/napi.
 *
 * A thread is named "napi/INTERFACE-ID" in every network namespace. A thread is attributed to an
 * interface because it appeared when the interface was made threaded, so only one process of the
 * machine may do that at a time (napi_scan_lock()).
 */
#ifndef VRBENCH_LINUX_NAPI_SCAN_H
#define VRBENCH_LINUX_NAPI_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct napi_thread {
    pid_t pid;
    uint64_t started; // clock ticks since boot, because PIDs are reused
    char name[64];
};
struct napi_threads {
    struct napi_thread *items;
    size_t count;
};

// Reads all NAPI threads of the machine.
int napi_scan(struct napi_threads *ret, struct error *err);
void napi_threads_clear(struct napi_threads *threads);
#define _cleanup_napi_threads_ __attribute__((cleanup(napi_threads_clear)))
bool napi_threads_have(const struct napi_threads *threads, const struct napi_thread *thread);
// Characters of an interface's name that are always part of the thread's name (before Linux 5.17, a
// task's name has 15).
#define NAPI_NAME_KEPT 10
// Whether a thread name, possibly truncated to 15 characters, belongs to `interface`.
bool napi_thread_is_of(const char *name, const char *interface);

// Locks out every other process that finds threads this way, in any mount, network, PID or control
// group namespace of this user namespace. Returns a descriptor for napi_scan_unlock().
int napi_scan_lock(struct error *err);
void napi_scan_unlock(const int *lock); // negative: not locked
#define _cleanup_napi_lock_ __attribute__((cleanup(napi_scan_unlock)))

#endif
