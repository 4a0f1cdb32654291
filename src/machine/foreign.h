// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/foreign — foreign machines, which vrbench did not make: reads and rations them, and stops
 * one only by its name. One table of functions for each way to reach them, found by the row of a
 * platform.
 *
 * A figure that is not reported is absent, never 0. Counters of interfaces are as seen by the
 * machine: tx is what it sent. A way that this program was built without is refused with exit
 * status 3. Called by face/ and cli/, and by platforms for what their routers and foreign machines
 * have in common.
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
    FOREIGN_RUNNABLE, // it could run, but other machines have the CPUs; reported by some drivers
                      // only
};
// "running", "blocked", "paused", "stopping", "stopped", …
const char *foreign_state_name(enum foreign_state state);

// An unknown value is absent, and `why` (otherwise NULL) has the reason.
struct foreign_allocation {
    bool has_weight, has_cap;
    unsigned weight;       // 1–65535
    double cap;            // percent of one CPU, 0 = none
    const char *weight_by; // the driver's name of the mechanism, static; NULL = none
    const char *cap_by;
    char *why;
};
void foreign_allocation_clear(struct foreign_allocation *allocation);

struct foreign_vcpu {
    bool online;
    uint64_t ns; // CPU time since the machine was started
};

struct foreign_machine {
    char *name;
    char uuid[37];
    bool has_id; // it is running
    unsigned id; // changes whenever it is started
    enum foreign_state state;
    uint64_t memory_bytes;     // 0 = unknown
    uint64_t memory_max_bytes; // 0 = unknown or without limit
    unsigned vcpus;
    uint64_t cpu_ns;                 // since it was started
    uint64_t read_ns;                // CLOCK_MONOTONIC of the reading
    struct foreign_vcpu *vcpu_times; // for each vCPU, if known; their sum is cpu_ns
    size_t vcpu_time_count;          // 0 = unknown
    bool has_networks;
    struct named_counters *networks;
    size_t network_count;
    struct foreign_allocation allocation; // with FOREIGN_ALLOCATION
};

struct foreign_list {
    struct foreign_machine *items; // running ones by ID, then the others by name
    size_t count;
    uint64_t began_ns;          // CLOCK_MONOTONIC
    uint64_t host_memory_bytes; // memory of the computer; 0 = unknown
    unsigned host_cpus;
    bool host_included; // the host is one of the machines, so together they use all CPU time
    uint64_t
        hypervisor_bytes; // part of host_memory_bytes that the hypervisor uses itself; 0 = unknown
};
void foreign_list_clear(struct foreign_list *list);
#define _cleanup_foreign_list_ __attribute__((cleanup(foreign_list_clear)))

// An opened URI; the first member of each way's own struct.
struct foreign {
    const struct foreign_ops *ops;
};
// Opens a URI, for reading only or for changes. Exit status 2 if it is not a URI, 3 if this machine
// lacks a driver, daemon or right, 1 if another machine cannot be reached.
int foreign_open(const char *uri, bool change, struct foreign **ret, struct error *err);
void foreign_close(struct foreign *foreign); // NULL is fine
// Tests what can be done with the machines of a URI. Fails as foreign_open() does, or if machines
// cannot even be listed.
int foreign_abilities(const char *uri, struct abilities *ret, struct error *err);
void foreign_cleanup(struct foreign **foreign);
#define _cleanup_foreign_ __attribute__((cleanup(foreign_cleanup)))

enum foreign_what {
    FOREIGN_NETWORKS = 1,   // interface counters of running machines
    FOREIGN_ALLOCATION = 2, // weight and cap
    FOREIGN_STOPPED_TOO = 4 // include machines that do not run
};
// Reads all machines. A machine that starts or ends meanwhile may be missing.
int foreign_list(struct foreign *foreign, unsigned what, struct foreign_list *ret,
                 struct error *err);
// The same for one machine, by name, UUID or ID; exit status 2 if there is none.
int foreign_one(struct foreign *foreign, const char *called, unsigned what,
                struct foreign_list *ret, struct error *err);

// Sets weight (1–65535, 0 = unchanged) and cap (percent of one CPU, NULL = unchanged, 0 = none; at
// most 100 for each CPU of its computer) of a machine, and reads them back.
int foreign_ration(struct foreign *foreign, const char *called, unsigned weight,
                   const unsigned *cap, struct error *err);

// foreign_destroy() ends a machine at once, like pulling its plug. foreign_reboot() asks its system
// to reboot. foreign_console() connects the terminal to its console until Ctrl-] or its end
// (without a terminal: until the console has been silent for 2 s after the end of standard input).
int foreign_destroy(struct foreign *foreign, const char *called, struct error *err);
int foreign_reboot(struct foreign *foreign, const char *called, struct error *err);
int foreign_console(struct foreign *foreign, const char *called, struct error *err);

// ---- the ways

// Each function as the one above of that name.
struct foreign_ops {
    int (*open)(const char *uri, bool change, struct foreign **ret, struct error *err);
    void (*close)(struct foreign *foreign);
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
extern const struct foreign_ops foreign_xen;     // if built with Xen
extern const struct foreign_ops foreign_libvirt; // if built with libvirt

// Appends a machine to the list, which owns it.
void foreign_list_add(struct foreign_list *list, const struct foreign_machine *machine);
// Sorts running machines by ID, then the others by name.
void foreign_list_sort(struct foreign_list *list);
void foreign_machine_clear(struct foreign_machine *machine);

#endif
