// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/child — runs other programs as children of this process: started by argument list (never
 * through a shell), in a chosen network namespace and on chosen CPUs. Their output is collected.
 * They end with this process, however it ends.
 *
 * The thread that starts a child must outlive it: the kernel kills the child when that thread ends
 * (PR_SET_PDEATHSIG, prctl(2)). Used by traffic/ for engines that are separate programs.
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

#define CHILD_TEXT_MAX (1U << 20) // limit in bytes of each of a child's outputs; more is an error

struct child_spec {
    const char *path;            // path of the program, from child_find()
    const char *const *argv;     // starts with argv[0], ends with NULL
    const struct netns *ns;      // NULL = the caller's
    const struct cpu_list *cpus; // NULL = the caller's
    const char *folder;          // working directory; NULL = the caller's
    int output;                  // an open file for standard output; 0 = a pipe to the caller
    pid_t inside; // run in the root directory of this first process's services, read-only; 0 = the
                  // caller's root
};

// A pipe from the child, and the text received through it.
struct child_output {
    int fd;     // -1 once the child has closed its end
    char *text; // always NUL-terminated, never NULL after child_start()
    size_t length;
};

struct child {
    pid_t pid; // 0 = none
    int watch; // pidfd
    struct child_output out, err;
    bool ended;
    int status; // status of waitpid(2), once ended
};

#define CHILD_INIT                                                                                 \
    {                                                                                              \
        .watch = -1, .out = {.fd = -1}, .err = {.fd = -1 }                                         \
    }

// Finds a program and returns its absolute path, which the caller frees. Searches the absolute
// folders of PATH, then the system's folders for daemons (sbin). -ENOENT if none contains it.
int child_find(const char *program, char **ret_path);

// Starts a program with standard input from /dev/null, an environment of PATH and LC_ALL=C only,
// and a process group of its own (so a Ctrl-C at the terminal reaches this process only, which
// stops the child). The caller passes `ret` to child_end(). Fails if the program cannot be
// executed.
int child_start(const struct child_spec *spec, struct child *ret, struct error *err);

// Waits until a child has written output or has ended (returns 1), or until CLOCK_MONOTONIC reads
// `until_ns` (returns 0). -EINTR once a stop is requested, -EFBIG if an output exceeds
// CHILD_TEXT_MAX.
int child_wait(struct child *const *children, size_t count, uint64_t until_ns, struct error *err);

// Starts a program and waits at most `within_ns` for its end. The caller passes `ret` to
// child_end() in every case. -ETIMEDOUT if the program still runs, -EINTR if a stop was requested.
int child_run(const struct child_spec *spec, uint64_t within_ns, struct child *ret,
              struct error *err);

// Kills the child if it still runs, reaps it and frees its output. CHILD_INIT is fine.
void child_end(struct child *child);

// CPU time in ns of all reaped children of this process (getrusage(2), RUSAGE_CHILDREN; the
// kernel's resolution is 1 µs).
uint64_t child_cpu_time(void);

#define _cleanup_child_ __attribute__((cleanup(child_end)))

#endif
