// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/foreign — machines that vrbench did not make: watched, rationed, and, only when one is
 * named, stopped. One table of functions for each way to reach them, found by the row of a
 * platform.
 *
 * What a way can't tell of its machines is absent, never 0. Counters of interfaces are as the
 * machine itself sees them: tx is what it sent. A way that this program was built without is
 * refused with exit status 3. Called by face/ and cli/, and by platforms for what theirs and
 * foreign machines have in common.
 */
#ifndef VRBENCH_MACHINE_FOREIGN_H
#define VRBENCH_MACHINE_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/counters.h"
#include "machine/abilities.h"

enum foreign_state {
    FOREIGN_UNKNOWN,
    FOREIGN_RUNNING,
    FOREIGN_BLOCKED,
    FOREIGN_PAUSED,
    FOREIGN_STOPPING,
    FOREIGN_STOPPED,
    FOREIGN_CRASHED,
    FOREIGN_SUSPENDED,
    FOREIGN_RUNNABLE, // it would run, but others have the CPUs; told by those that know
};
// "running", "blocked", "paused", "stopping", "stopped", …
const char *foreign_state_name(enum foreign_state state);

// What can't be told is absent, and `why` (NULL otherwise) says why.
struct foreign_allocation {
    bool has_weight, has_cap;
    unsigned weight;       // 1–65535
    double cap;            // percent of one CPU, 0 = none
    const char *weight_by; // the name there of what holds it, static; NULL = nothing does
    const char *cap_by;
    char *why;
};
void foreign_allocation_clear(struct foreign_allocation *allocation);

struct foreign_vcpu {
    bool online;
    uint64_t ns; // CPU time used in this life
};

struct foreign_machine {
    char *name;
    char uuid[37];
    bool has_id; // it runs
    unsigned id; // another in each of its lives
    enum foreign_state state;
    uint64_t memory_bytes;     // 0 = not told
    uint64_t memory_max_bytes; // 0 = not told or without limit
    unsigned vcpus;
    uint64_t cpu_ns;                 // used in this life
    uint64_t read_ns;                // CLOCK_MONOTONIC when that was read
    struct foreign_vcpu *vcpu_times; // by vCPU, where told; their sum is cpu_ns
    size_t vcpu_time_count;          // 0 = not told
    bool has_networks;
    struct named_counters *networks;
    size_t network_count;
    struct foreign_allocation allocation; // with FOREIGN_ALLOCATION
};

struct foreign_list {
    struct foreign_machine *items; // those that run by id, then the others by name
    size_t count;
    uint64_t began_ns;          // CLOCK_MONOTONIC
    uint64_t host_memory_bytes; // of the computer that they run on; 0 = not told
    unsigned host_cpus;
    bool host_included;        // the host is one of the machines: together they use all there is
    uint64_t hypervisor_bytes; // of host_memory_bytes: the hypervisor's own; 0 = not told
};
void foreign_list_clear(struct foreign_list *list);
#define _cleanup_foreign_list_ __attribute__((cleanup(foreign_list_clear)))

// Machines that have been opened; the way's own things follow in its own struct.
struct foreign {
    const struct foreign_ops *ops;
};
// Opens a URI, to look only or to change something. A URI that is none is bad input (2), a driver,
// daemon or right that this machine lacks exit status 3, another machine that can't be reached 1.
int foreign_open(const char *uri, bool change, struct foreign **ret, struct error *err);
void foreign_close(struct foreign *foreign); // NULL is fine
// What can be done with the machines of a URI. Fails as foreign_open() does, or where machines
// can't even be listed.
int foreign_abilities(const char *uri, struct abilities *ret, struct error *err);
const char *foreign_driver(const struct foreign *foreign);
void foreign_cleanup(struct foreign **foreign);
#define _cleanup_foreign_ __attribute__((cleanup(foreign_cleanup)))

enum foreign_what {
    FOREIGN_NETWORKS = 1,   // counters of the interfaces of those that run
    FOREIGN_ALLOCATION = 2, // weight and cap
    FOREIGN_STOPPED_TOO = 4 // also those that don't run
};
// Reads all machines. One that comes or goes meanwhile may be missing.
int foreign_list(struct foreign *foreign, unsigned what, struct foreign_list *ret,
                 struct error *err);
// The same for one, by name, UUID or id; none such is bad input.
int foreign_one(struct foreign *foreign, const char *called, unsigned what,
                struct foreign_list *ret, struct error *err);

// Sets weight (1–65535, 0 = leave) and cap (percent of one CPU, NULL = leave, 0 = none; at most 100
// for each CPU of its computer) of a machine, and reads them back.
int foreign_ration(struct foreign *foreign, const char *called, unsigned weight,
                   const unsigned *cap, struct error *err);

// Ends a machine at once, as pulling its plug; asks it to reboot, which is its own to do; joins the
// terminal to its console until Ctrl-] or its end (without a terminal: until nothing more comes
// for 2 s after the end of standard input).
int foreign_destroy(struct foreign *foreign, const char *called, struct error *err);
int foreign_reboot(struct foreign *foreign, const char *called, struct error *err);
int foreign_console(struct foreign *foreign, const char *called, struct error *err);

// ---- the ways

// Each as the function above of that name.
struct foreign_ops {
    int (*open)(const char *uri, bool change, struct foreign **ret, struct error *err);
    void (*close)(struct foreign *foreign);
    const char *(*driver)(const struct foreign *foreign);
    int (*list)(struct foreign *foreign, unsigned what, struct foreign_list *ret,
                struct error *err);
    int (*one)(struct foreign *foreign, const char *called, unsigned what, struct foreign_list *ret,
               struct error *err);
    int (*ration)(struct foreign *foreign, const char *called, unsigned weight, const unsigned *cap,
                  struct error *err);
    int (*destroy)(struct foreign *foreign, const char *called, struct error *err);
    int (*reboot)(struct foreign *foreign, const char *called, struct error *err);
    int (*console)(struct foreign *foreign, const char *called, struct error *err);
    int (*abilities)(const char *uri, struct abilities *ret, struct error *err);
};
extern const struct foreign_ops foreign_xen;     // where it was built with Xen
extern const struct foreign_ops foreign_libvirt; // where it was built with libvirt

// Adds a machine to the list, which owns it then.
void foreign_list_add(struct foreign_list *list, const struct foreign_machine *machine);
// Those that run by id, then the others by name.
void foreign_list_sort(struct foreign_list *list);
void foreign_machine_clear(struct foreign_machine *machine);

#endif
