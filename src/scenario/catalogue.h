// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/catalogue — the names of platforms that a scenario may use, and what the reader must
 * know about each. Platforms are made by rooms above this one: the program, tests and fuzzers
 * register a catalogue before they read scenarios (machine/catalogue). Without a catalogue, every
 * platform name is accepted and has no traits.
 */
#ifndef VRBENCH_SCENARIO_CATALOGUE_H
#define VRBENCH_SCENARIO_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scenario;
struct scenario_problems;

// A router's own file, parsed (routers.R.config without a daemon, for platforms that read such
// files). The platform embeds this struct first in its own.
struct router_file {
    const struct router_file_kind *kind;
};

#define ROUTER_FILE_WHAT 32

struct router_file_kind {
    // Parses the text of a file. Returns 0 and a new object, or -EINVAL and at least one problem.
    int (*parse)(const char *text, size_t length, struct router_file **ret,
                 struct scenario_problems *problems);
    // Sets the path of the file, to whose folder its relative paths refer.
    void (*locate)(struct router_file *file, const char *path);
    // Fills in the settings of router `number` that the scenario does not set, from the router's
    // file.
    void (*settle)(const struct router_file *file, struct scenario *scenario, size_t number);
    // Adds a problem for each thing that the scenario requires and the file lacks, and notes.
    void (*check)(struct router_file *file, const struct scenario *scenario, size_t number,
                  struct scenario_problems *problems);
    // Returns the settings of the file that have no effect.
    const struct scenario_problems *(*notes)(const struct router_file *file);
    // Returns the MAC address that the file sets for interface `nic`; false if it sets none.
    bool (*mac)(const struct router_file *file, size_t nic, uint8_t ret[6]);
    // Returns the path of the nth file that the router boots from and does not write to; `ret_what`
    // is its purpose ("kernel", "disk 1"). NULL = no more.
    const char *(*boots)(const struct router_file *file, size_t n, char ret_what[ROUTER_FILE_WHAT]);
    void (*free)(struct router_file *file);
};
void router_file_free(struct router_file *file); // NULL is fine

// The kind of a platform's routers.
enum platform_kind {
    PLATFORM_NAMESPACES, // the CPU time of a router is that of its tasks, unless it has a daemon
    PLATFORM_CONTAINERS,
    // Virtual machines. Part of the host's work for a machine runs in no thread of the machine's,
    // so all other use of the device under test's CPUs is charged to the host. A machine forwards
    // later than it is made. Its memory can be read.
    PLATFORM_MACHINES,
};

struct catalogue_platform {
    const char *name;
    enum platform_kind kind;
    bool (*takes)(const char *called); // whether the `platform` of a scenario is this platform
    bool boots_images;                 // its routers may be machines that boot a disk image
    bool needs_nics;                   // dedicated links of its routers must be NICs under `links`
    const char *host;   // the hypervisor's name for the host, if the host is one of its machines
    const char *pci_by; // software that assigns PCI devices to its routers; NULL = VFIO
    const char *needs;  // build option that this program requires for it; NULL = none
    const struct router_file_kind *files; // NULL = its routers have no files of their own
};

struct catalogue {
    const struct catalogue_platform *platforms;
    size_t platform_count;
    const char *platforms_expected; // list of the platforms' names for messages: "netns, …"
};

void catalogue_use(const struct catalogue *catalogue);
// Looks a platform up by name, or returns NULL; the other function returns the list of names for
// messages.
const struct catalogue_platform *catalogue_platform(const char *called);
const char *catalogue_platforms_expected(void);

#endif
