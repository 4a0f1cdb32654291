// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/first — the first process of a network namespace. It has its own PID namespace and host
 * name, adopts orphans and keeps the namespace alive. All processes started inside end with it.
 *
 * It can run services: programs that share its lifetime, its control group and its CPUs, with
 * writable folders below a root directory made for them. All other files of the machine are
 * read-only to them. The first process ends when the first service ends, and all other processes
 * inside end with it. Used by machine/ (routers) and testbed/ (the tester's ends).
 */
#ifndef VRBENCH_LINUX_FIRST_H
#define VRBENCH_LINUX_FIRST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/netns.h"

#define FIRST_PROGRAMS 16U
#define FIRST_FILES    2U // open files of first_run()

// A first process is named by this prefix and its host name (proc(5): comm).
#define FIRST_NAME_PREFIX "vrbench-"

// A folder (text NULL) or file to make, in this order. The caller owns the texts.
struct first_file {
    const char *path;
    const char *text;
    mode_t mode;
    uid_t user;
    gid_t group;
};

struct first_program {
    const char *path;
    char *const *argv; // ends with NULL
    const char *sign;  // the program is ready once this file exists; the path is seen from inside
};

// A folder of the machine that is replaced by a new empty file system inside. Skipped if the
// machine has no such folder.
struct first_space {
    const char *path;
    bool for_all; // writable for all users, as /tmp
    bool apart;   // each program gets its own file system; otherwise the programs and all entering
                  // processes share one
};

struct first_services {
    const char *folder; // mount point that the caller made
    const char *root;   // name of the root directory, which is made in `folder`
    const char *log;    // file that receives the programs' output
    const struct first_space *spaces;
    size_t space_count;
    const struct first_file *files;
    size_t file_count;
    struct first_program
        programs[FIRST_PROGRAMS]; // started in this order, each once its predecessor is ready
    size_t program_count;
};

// A first process that was started and may not have entered its namespaces yet.
struct first_begun {
    pid_t pid;
    int control; // -1 = nothing was started
    bool has_services;
};
#define FIRST_NOT_BEGUN ((struct first_begun){.control = -1})

// first_start() in two steps, so that the caller can do other work in between. Either first_await()
// or first_abandon() must follow.
int first_begin(const struct netns *ns, const char *host_name, bool outlive,
                const struct first_services *services, struct first_begun *ret, struct error *err);
int first_await(struct first_begun *begun, const char *host_name, pid_t *ret, int *ret_control,
                struct error *err);
void first_abandon(struct first_begun *begun); // kills the process; FIRST_NOT_BEGUN is fine

// Starts a first process and returns its PID. `services` may be NULL and is not used after the
// call. The process survives its maker only if `outlive`. With services, `ret_control` gets a
// descriptor for first_start_services(), which the caller closes; without, -1.
int first_start(const struct netns *ns, const char *host_name, bool outlive,
                const struct first_services *services, pid_t *ret, int *ret_control,
                struct error *err);

// Starts a first process that runs a function of this program, which does not return, with these
// open files; all others are closed. The function starts no process and reaps none.
int first_run(const struct netns *ns, const char *host_name, bool outlive,
              void (*run)(const int fds[FIRST_FILES]), const int fds[FIRST_FILES], pid_t *ret,
              struct error *err);

// Makes the first process start its services, and waits at most `within_ns` until each is ready.
// After a failure the first process may have ended.
int first_start_services(pid_t first, int control, const struct first_services *services,
                         uint64_t within_ns, struct error *err);

// Moves the calling process, which must be single-threaded, to the root directory of a first
// process's services. Returns 0 or a negative errno.
int first_enter_root(pid_t first);
// Makes every file system that the calling process sees read-only to it. The process must be
// single-threaded and in the root directory of services. Returns 0 or a negative errno.
int first_make_read_only(void);

#endif
