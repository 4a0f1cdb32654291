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
    void (*free)(struct router_file *file);
};
void router_file_free(struct router_file *file); // NULL is fine

struct catalogue_platform {
    const char *name;
    bool (*takes)(const char *called); // whether a scenario's `platform` is this
    bool boots_images;                 // its routers can be machines that boot a disk image
    bool needs_nics;                   // dedicated links of its routers are NICs under `links`
    const char *needs; // what this program has to be built with for it; NULL = nothing
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
