// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/catalogue — the names that a scenario may use of things that rooms above make: what is
 * known of each while a scenario is read. The program, tests and fuzzers register a catalogue
 * before they read scenarios (machine/catalogue has that of platforms); without one, any name of a
 * platform is taken, and nothing is known of it.
 */
#ifndef VRBENCH_SCENARIO_CATALOGUE_H
#define VRBENCH_SCENARIO_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scenario;
struct scenario_problems;

// A file of a router's own that its platform understands (routers.R.config without a daemon), read;
// embedded first in the platform's own struct.
struct router_file {
    const struct router_file_kind *kind;
};

#define ROUTER_FILE_WHAT 32

struct router_file_kind {
    // Reads the text of a file. Returns 0 and a new object, or -EINVAL and at least one problem.
    int (*parse)(const char *text, size_t length, struct router_file **ret,
                 struct scenario_problems *problems);
    // Says where the file is: relative paths in it go from its folder.
    void (*locate)(struct router_file *file, const char *path);
    // Fills in what the scenario itself does not say of router `number`, whose file it is.
    void (*settle)(const struct router_file *file, struct scenario *scenario, size_t number);
    // Adds a problem for whatever the file lacks for the scenario, and notes.
    void (*check)(struct router_file *file, const struct scenario *scenario, size_t number,
                  struct scenario_problems *problems);
    // What in the file is without effect.
    const struct scenario_problems *(*notes)(const struct router_file *file);
    // The address that the file gives to the router's nth interface; false if it gives none.
    bool (*mac)(const struct router_file *file, size_t nic, uint8_t ret[6]);
    // The path of the nth file that the router boots and does not write to, and what it is
    // ("kernel", "disk 1"); NULL = there are no more.
    const char *(*boots)(const struct router_file *file, size_t n, char ret_what[ROUTER_FILE_WHAT]);
    void (*free)(struct router_file *file);
};
void router_file_free(struct router_file *file); // NULL is fine

// What its routers are.
enum platform_kind {
    PLATFORM_NAMESPACES, // CPU time of one is that of its tasks, unless it has a daemon
    PLATFORM_CONTAINERS,
    // Virtual machines: part of what the host does for one is done by no thread of its own, so
    // whatever else the CPUs of the device under test were used for is the host's; it forwards
    // later than it is made; the memory that it holds can be read.
    PLATFORM_MACHINES,
};

struct catalogue_platform {
    const char *name;
    enum platform_kind kind;
    bool (*takes)(const char *called); // whether a scenario's `platform` is this
    bool boots_images;                 // its routers can be machines that boot a disk image
    bool needs_nics;                   // dedicated links of its routers are NICs under `links`
    const char *host;   // what its hypervisor calls the host, if that is one of its machines
    const char *pci_by; // what hands PCI devices to its routers; NULL = VFIO
    const char *needs;  // what this program has to be built with for it; NULL = nothing
    const struct router_file_kind *files; // NULL = its routers have no files of their own
};

struct catalogue {
    const struct catalogue_platform *platforms;
    size_t platform_count;
    const char *platforms_expected; // for messages: "netns, …"
};

void catalogue_use(const struct catalogue *catalogue);
// Whether there is a platform of that name; what to expect, if not.
const struct catalogue_platform *catalogue_platform(const char *called);
const char *catalogue_platforms_expected(void);

#endif
