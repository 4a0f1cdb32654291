// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/netns/namespace_router — what any router needs that forwards in a network namespace of
 * this kernel, whoever made that namespace: its interfaces, addresses and neighbours, forwarding,
 * and the threaded NAPI (linux/napi) that does its work, by which it is metered, placed and
 * rationed.
 *
 * The namespace is pinned to a file, so that it and the interfaces lent to it outlive what runs
 * inside. Used by machine/netns, whose routers are such a namespace and a first process, and by
 * machine/lxc/lxc, whose routers are containers.
 */
#ifndef VRBENCH_MACHINE_NETNS_NAMESPACE_ROUTER_H
#define VRBENCH_MACHINE_NETNS_NAMESPACE_ROUTER_H

#include "machine/machine.h"

// The first process of such a router: its life.
struct namespace_life {
    pid_t pid;
    uint64_t started; // clock ticks since boot (linux/process)
    int fd;           // a descriptor for it, -1 before it is there and once it has died
};
#define NAMESPACE_LIFE_NONE ((struct namespace_life){.fd = -1})

// `pid` has just begun: opens it.
int namespace_life_begin(struct namespace_life *life, struct error *err);
bool namespace_life_is_over(const struct namespace_life *life);
// Kills it, if it lives, and waits for its end.
int namespace_life_end(const struct namespace_life *life, struct error *err);
void namespace_life_close(struct namespace_life *life); // lets go of it
// To and from a testbed's record, as "first" and "first_started" of an object.
void namespace_life_note(const struct namespace_life *life, json_t *described);
void namespace_life_recall(const json_t *described, struct namespace_life *ret);

// Where the namespaces of a router are pinned, both new: that of its life, and that of the life
// before while interfaces move from there.
struct namespace_pins {
    char *life, *before;
};
void namespace_pins_init(const struct router_spec *spec, struct namespace_pins *ret);
void namespace_pins_clear(struct namespace_pins *pins);

// Makes a new namespace forward as the spec says. `giver` has the interfaces to be taken: the host,
// or the router's life before.
int namespace_router_set_up(const struct netns *ns, const struct router_spec *spec,
                            const struct netns *giver, struct error *err);
// Gives the interfaces of a router that is set up their threads; `ret_tasks` gets a new array of
// them. It starts threads of this process meanwhile, which memory_charge_begin() doesn't allow.
int namespace_router_find_tasks(const struct netns *ns, const struct router_spec *spec,
                                pid_t **ret_tasks, size_t *ret_count, struct error *err);

// Opens the pinned namespace of its life, or else of the life before. -ENOENT if there is neither.
int namespace_router_open(const struct namespace_pins *pins, struct netns **ret, struct error *err);
// Unpins the namespace of its life, if it is pinned.
int namespace_router_unpin(const struct namespace_pins *pins, struct error *err);

// What is left of a life that has ended: its pairs are taken off their bridges, and the kernel
// deletes them with the namespace, in its own time. At every moment each interface that was taken
// is in a namespace that is pinned, so that cleanup finds it.
//
// For good: gives the interfaces back to the host, down, and unpins. `ns` NULL: there is none.
int namespace_router_take_apart(const struct netns *ns, const struct namespace_pins *pins,
                                const struct router_spec *spec, struct error *err);
// For the next life: only unpins its name. `ret_giver` gets the namespace that its interfaces are
// to be taken from; namespace_router_end_passing() closes it.
int namespace_router_begin_passing(const struct netns *ns, const struct namespace_pins *pins,
                                   const struct router_spec *before, struct netns **ret_giver,
                                   struct error *err);
// Once the next life has been made, or could not be (`failed`: its interfaces go to the host).
void namespace_router_end_passing(struct netns *giver, const struct namespace_pins *pins,
                                  const struct router_spec *before, bool failed);

// CPU time of its threads, as the part "napi".
int namespace_router_usage(const pid_t *tasks, size_t count, struct cpu_part *ret,
                           struct error *err);

// The threads to and from a testbed's record.
json_t *namespace_router_note_tasks(const pid_t *tasks, size_t count);
void namespace_router_recall_tasks(const json_t *noted, pid_t **ret, size_t *ret_count);

#endif
