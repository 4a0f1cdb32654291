// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/netns/namespace_router — common parts of routers that forward in a network namespace of
 * this kernel, whoever made that namespace: interfaces, addresses and neighbours, forwarding, and
 * the threaded NAPI (linux/napi) that does its work, by which it is metered, placed and rationed.
 *
 * The namespace is pinned to a file, so that it and the interfaces lent to it outlive the processes
 * inside. Used by machine/netns, whose routers are such a namespace with a first process, and by
 * machine/lxc/lxc, whose routers are containers.
 */
#ifndef VRBENCH_MACHINE_NETNS_NAMESPACE_ROUTER_H
#define VRBENCH_MACHINE_NETNS_NAMESPACE_ROUTER_H

#include "machine/machine.h"

// The first process of such a router, whose end is the router's end.
struct namespace_life {
    pid_t pid;
    uint64_t started; // clock ticks since boot (linux/process)
    int fd;           // its pidfd; -1 before it exists and once it has died
};
#define NAMESPACE_LIFE_NONE ((struct namespace_life){.fd = -1})

// Opens the pidfd of `pid`, which was just started.
int namespace_life_begin(struct namespace_life *life, struct error *err);
bool namespace_life_is_over(const struct namespace_life *life);
// Kills it, if it lives, and waits for its end.
int namespace_life_end(const struct namespace_life *life, struct error *err);
void namespace_life_close(struct namespace_life *life); // closes the pidfd
// Convert to and from a testbed's record, as "first" and "first_started" of an object.
void namespace_life_note(const struct namespace_life *life, json_t *described);
void namespace_life_recall(const json_t *described, struct namespace_life *ret);

// Paths of a router's pinned namespaces, both new strings: its own, and that of its predecessor
// while interfaces move from there.
struct namespace_pins {
    char *life, *before;
};
void namespace_pins_init(const struct router_spec *spec, struct namespace_pins *ret);
void namespace_pins_clear(struct namespace_pins *pins);

// Makes a new namespace forward as the spec requires. The interfaces to take are in `giver`: the
// host, or the router's predecessor.
int namespace_router_set_up(const struct netns *ns, const struct router_spec *spec,
                            const struct netns *giver, struct error *err);
// Makes the interfaces of a configured router threaded; `ret_tasks` gets a new array of their
// threads. Starts threads of this process, which is not allowed during memory_charge_begin().
int namespace_router_find_tasks(const struct netns *ns, const struct router_spec *spec,
                                pid_t **ret_tasks, size_t *ret_count, struct error *err);

// Makes private layers over the folders of the files that the order names, in the mount namespace
// and root directory of the router's first process.
int namespace_router_make_layers(const struct namespace_life *life, const struct router_spec *spec,
                                 struct error *err);

// Opens the router's pinned namespace, or else its predecessor's. -ENOENT if there is neither.
int namespace_router_open(const struct namespace_pins *pins, struct netns **ret, struct error *err);
// Unpins the router's namespace, if it is pinned.
int namespace_router_unpin(const struct namespace_pins *pins, struct error *err);

// Removes the remains of an ended router: its pairs are removed from their bridges, and the kernel
// deletes them with the namespace later. Each interface taken is always in a pinned namespace, so
// that the cleanup finds it.
//
// Final end: returns the interfaces to the host, down, and unpins. `ns` NULL: no namespace.
int namespace_router_take_apart(const struct netns *ns, const struct namespace_pins *pins,
                                const struct router_spec *spec, struct error *err);
// Reboot: renames the pin only. `ret_giver` gets the namespace from which its interfaces are taken;
// namespace_router_end_passing() closes it.
int namespace_router_begin_passing(const struct netns *ns, const struct namespace_pins *pins,
                                   const struct router_spec *before, struct netns **ret_giver,
                                   struct error *err);
// Completes a reboot, once the new router was made or could not be (`failed`: its interfaces go to
// the host).
void namespace_router_end_passing(struct netns *giver, const struct namespace_pins *pins,
                                  const struct router_spec *before, bool failed);

// Whether one of its threads runs or waits for a CPU.
bool namespace_router_is_forwarding(const struct machine *machine);
// CPU time of its threads, as the part "napi".
int namespace_router_usage(const pid_t *tasks, size_t count, struct cpu_part *ret,
                           struct error *err);

// Convert the threads to and from a testbed's record.
json_t *namespace_router_note_tasks(const pid_t *tasks, size_t count);
void namespace_router_recall_tasks(const json_t *noted, pid_t **ret, size_t *ret_count);

#endif
