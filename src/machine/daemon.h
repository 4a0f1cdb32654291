// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/daemon — routing daemons: what each of FRR and BIRD needs to run beside a first process
 * (linux/first), without a service manager and without touching the machine's own.
 *
 * FRR is zebra, ospfd and whichever other programs the configuration needs (frr_programs.h),
 * configured by vtysh; BIRD is one program. Inside, sockets and configuration are where their own
 * tools expect them (/run/frr, /run/bird), on a file system of the router's own. Called by
 * machine/netns, and by testbed/ for the tester's own speakers, which are BIRDs.
 */
#ifndef VRBENCH_MACHINE_DAEMON_H
#define VRBENCH_MACHINE_DAEMON_H

#include <stdbool.h>

#include "linux/first.h"
#include "scenario/scenario.h"

struct daemon_services; // with all that first_services points to

// Whether the daemon's programs are here (exit status 3) and take the configuration in `path`
// (exit status 2, with all that they find wrong). `path` may be NULL.
int daemon_check(enum routing_daemon daemon, const char *path, struct error *err);

// Whether FRR's configuration has lines for programs that a router can't have, on namespaces or,
// with `in_image`, in a machine of the tiny guest: exit status 2, each line with its place.
int daemon_check_programs(enum routing_daemon daemon, const char *path, bool in_image,
                          struct error *err);

// Whether a configuration has something to do with IPv6, which a router's interfaces then need.
bool daemon_needs_ipv6(enum routing_daemon daemon, const char *config);

// What a first process is to run. `directory` is a mount point of the testbed's; `name` tells the
// node from others there.
int daemon_prepare(enum routing_daemon daemon, const char *config, const char *directory,
                   const char *name, struct daemon_services **ret, struct error *err);
const struct first_services *daemon_services_of(const struct daemon_services *services);
void daemon_services_free(struct daemon_services *services); // NULL is fine

// Starts what was prepared in a first process, and has it take its configuration. On failure the
// first process may have ended.
int daemon_start(const struct daemon_services *services, pid_t first, int control,
                 struct error *err);

// What the programs of a node last said; see first_last_words().
void daemon_last_words(const char *directory, const char *name, char ret[160]);

#endif
