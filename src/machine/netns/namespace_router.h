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

// Makes a new namespace forward as the spec says. `giver` has the interfaces to be taken: the host,
// or the router's life before. `ret_tasks`, a new array, gets the threads that do its work.
int namespace_router_set_up(const struct netns *ns, const struct router_spec *spec,
                            const struct netns *giver, pid_t **ret_tasks, size_t *ret_task_count,
                            struct error *err);

// Takes the pairs of a router off their bridges: they go with the namespace, in the kernel's own
// time.
int namespace_router_leave_bridges(const struct router_spec *spec, struct error *err);
// Gives the interfaces that were taken back to the host, down. `ns` NULL: there is none to give.
int namespace_router_hand_back(const struct netns *ns, const struct router_spec *spec,
                               struct error *err);
// Opens the namespace that is pinned to `pin`. -ENOENT if none is (any more).
int namespace_router_open(const char *pin, struct netns **ret, struct error *err);
// Lets go of the file that the namespace was pinned to, if it was.
int namespace_router_unpin(const char *pin, struct error *err);

// All three, in that order, for a router whose life has ended for good.
int namespace_router_take_apart(const struct netns *ns, const char *pin,
                                const struct router_spec *spec, struct error *err);

// CPU time of its threads, as the part "napi".
int namespace_router_usage(const pid_t *tasks, size_t count, struct cpu_part *ret,
                           struct error *err);

// The threads to and from a testbed's record.
json_t *namespace_router_note_tasks(const pid_t *tasks, size_t count);
void namespace_router_recall_tasks(const json_t *noted, pid_t **ret, size_t *ret_count);

#endif
