// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/first — the first process of a network namespace: it has a PID namespace and a host name
 * of its own, takes in orphans and holds the namespace. Whatever is started inside dies with it.
 *
 * It can run services: programs that belong to its life, with folders of their own under a root of
 * its own, in its control group and on its CPUs. To them all files of the machine are read-only:
 * what they write goes to these folders. It ends when the first of them does, and with it all. Used
 * by platform/ (routers) and testbed/ (the tester's ends).
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

// A first process is called by this and its host name (proc(5): comm).
#define FIRST_NAME_PREFIX "vrbench-"

// A folder (text NULL) or file to be made, in this order. Texts are the caller's.
struct first_file {
    const char *path;
    const char *text;
    mode_t mode;
    uid_t user;
    gid_t group;
};

struct first_program {
    const char *path;
    char *const *argv; // ended by NULL
    const char *sign;  // file that is there once it is ready, seen from inside
};

// A folder of the machine in whose place there is a new empty file system. Where the machine has no
// such folder, nothing is done.
struct first_space {
    const char *path;
    bool for_all; // any user may write there, as in /tmp
    bool apart;   // each program has one for itself; else they and whoever enters have it in common
};

struct first_services {
    const char *folder; // a mount point of the caller's
    const char *root;   // folder in it, to be made, where the root is put together
    const char *log;    // file that the programs' output goes to
    const struct first_space *spaces;
    size_t space_count;
    const struct first_file *files;
    size_t file_count;
    struct first_program programs[FIRST_PROGRAMS]; // each started once the one before is ready
    size_t program_count;
};

// Starts a first process; `services` may be NULL and is not needed afterwards. It outlives its
// maker only if `outlive`. Returns its number, and with services a descriptor for
// first_start_services(), which the caller closes; without, -1.
int first_start(const struct netns *ns, const char *host_name, bool outlive,
                const struct first_services *services, pid_t *ret, int *ret_control,
                struct error *err);

// Has it start its services, and waits at most `within_ns` until each is ready. On failure it may
// have ended.
int first_start_services(pid_t first, int control, const struct first_services *services,
                         uint64_t within_ns, struct error *err);

// Moves the calling process, which must have no other thread, to the root of a first process's
// services. Returns 0 or a negative errno.
int first_enter_root(pid_t first);
// Makes all that the calling process sees read-only to it. It must see such a root, and have no
// other thread. Returns 0 or a negative errno.
int first_make_read_only(void);

// A process that a first process is the parent of: one of its services, as long as nobody else has
// started anything inside.
struct first_child {
    pid_t pid;
    char name[16]; // of the program, cut short (proc(5): comm)
};
// All of them by number, in a new array.
size_t first_children(pid_t first, struct first_child **ret);
// CPU time of a process, all its threads included, those too that have ended; -ESRCH if it has.
int first_child_time(pid_t pid, uint64_t *ret_ns, struct error *err);
// Bytes of memory that a process holds, its share of what it has in common with others (Pss of
// proc(5)); 0 if that can't be told.
uint64_t first_child_memory(pid_t pid);
// Adds the threads of a process to an array.
void first_add_threads(pid_t pid, pid_t **list, size_t *count);
// The last line of a services' log, cut short and printable.
void first_last_words(const char *log, char ret[160]);

#endif
