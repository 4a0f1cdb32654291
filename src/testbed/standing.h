// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/standing — testbeds by name, made by whatever process: left standing, looked at, changed
 * and taken down by others.
 *
 * A testbed that is left standing has a keeper, a process of its own like the one that `xl create`
 * leaves for each domain: it restarts routers that die (`on_crash`) and divides caps among threads.
 * Without it (it was killed) the testbed stands all the same and every command works; the next
 * command that changes something brings a new one. Called by cli/.
 */
#ifndef VRBENCH_TESTBED_STANDING_H
#define VRBENCH_TESTBED_STANDING_H

#include "testbed/testbed.h"

// Builds a testbed for one topology of a scenario and leaves it, named after the scenario. Fails
// if one of that name stands. Beside what is measured, host and source get an interface `mgmt0`
// each, joined, with the addresses STANDING_HOST and STANDING_SOURCE: a way to read the host's
// agent from where the load comes from.
#define STANDING_HOST   "169.254.1.1"
#define STANDING_SOURCE "169.254.1.2"
int standing_up(const struct scenario *scenario, enum topology topology, struct error *err);
// Takes it down to nothing. Every process inside it ends.
int standing_down(const char *name, struct error *err);

// Testbeds as they are now, also those of runs at work. Freed with standing_clear().
struct standing {
    struct testbed **items;
    size_t count;
    char *passed_over; // why one that is up could not be looked at; NULL = all are here
};
int standing_list(struct standing *ret, struct error *err);
void standing_clear(struct standing *standing);

// One party or node of one testbed, by "NODE" or "TESTBED/NODE" (a testbed by name or id). `change`
// holds off all others until standing_release(), is refused for testbeds that a run is measuring,
// and sees to it that there is a keeper.
struct standing_node {
    struct testbed *testbed;
    size_t node;   // index into its plan's
    size_t router; // index into the scenario's; SIZE_MAX if it is none
    int lock;
};
int standing_find(const char *name, bool change, struct standing_node *ret, struct error *err);
void standing_release(struct standing_node *node);

// A shell or command in a node: a router, "host", "source" or "sink".
int standing_console(const struct standing_node *node, char *const *argv, int *ret_status,
                     struct error *err);

#endif
