// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/child — other programs run as children of this one: started by argument list, never
 * through a shell, in a network namespace and on CPUs; what they print is gathered; they end with
 * this process, however it ends.
 *
 * Started from one thread, which must outlive the child: the kernel kills the child when the
 * thread that started it is gone (PR_SET_PDEATHSIG, prctl(2)). Used by traffic/ for engines that
 * are programs of their own.
 */
#ifndef VRBENCH_LINUX_CHILD_H
#define VRBENCH_LINUX_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/cpu.h"
#include "linux/netns.h"

#define CHILD_TEXT_MAX (1U << 20) // bytes of each of its outputs; more is an error

struct child_spec {
    const char *path;            // of the program, as child_find() gives it
    const char *const *argv;     // argv[0] included, ended by NULL
    const struct netns *ns;      // NULL = the caller's
    const struct cpu_list *cpus; // NULL = the caller's
    const char *folder;          // to start in; NULL = the caller's
    pid_t inside;                // first process whose services' root it sees, read-only; 0 = the
                                 // caller's
};

// A pipe from the child and what came through it.
struct child_output {
    int fd;     // -1 once closed by the child
    char *text; // always NUL-terminated, never NULL after child_start()
    size_t length;
};

struct child {
    pid_t pid; // 0 = none
    int watch; // pidfd
    struct child_output out, err;
    bool ended;
    int status; // as of waitpid(2), once ended
};

#define CHILD_INIT                                                                                 \
    {                                                                                              \
        .watch = -1, .out = {.fd = -1}, .err = {.fd = -1 }                                         \
    }

// Where a program is: an absolute path that the caller frees. -ENOENT if no folder of PATH
// (relative ones are passed over) has it, nor one of the system's for daemons (sbin).
int child_find(const char *program, char **ret_path);

// Starts a program with standard input from /dev/null, an environment of PATH and LC_ALL=C only,
// and a process group of its own (a Ctrl-C at the terminal is for this process to pass on).
// `ret` is to be given to child_end(). A program that can't be executed is an error here.
int child_start(const struct child_spec *spec, struct child *ret, struct error *err);

// Waits until one of the children has said something or has ended, or CLOCK_MONOTONIC reads
// `until_ns`. Returns 1 or 0 accordingly; -EINTR once a stop is requested, -EFBIG if one says too
// much.
int child_wait(struct child *const *children, size_t count, uint64_t until_ns, struct error *err);

// Starts a program and waits at most `within_ns` for its end. `ret` is to be given to child_end()
// whatever is returned. -ETIMEDOUT if it goes on, -EINTR if a stop was requested meanwhile.
int child_run(const struct child_spec *spec, uint64_t within_ns, struct child *ret,
              struct error *err);

// Kills what still runs, reaps it and frees all. A child as of CHILD_INIT is fine.
void child_end(struct child *child);

// CPU time used by all children of this process that have ended and been reaped, ns (getrusage(2),
// RUSAGE_CHILDREN; exact to a microsecond, as the kernel keeps it).
uint64_t child_cpu_time(void);

#define _cleanup_child_ __attribute__((cleanup(child_end)))

#endif
