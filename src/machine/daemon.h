// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/daemon — routing daemons: how FRR and BIRD run beside a first process (linux/first),
 * without a service manager and independent of the machine's own daemons.
 *
 * FRR is zebra, ospfd and other programs that the configuration requires (frr_programs.h),
 * configured by vtysh; BIRD is one program. Inside, sockets and configuration are where their own
 * tools expect them (/run/frr, /etc/frr, /run/bird), on the router's own file system. Called by
 * machine/netns, and by testbed/ for the tester's speakers, which are BIRDs.
 */
#ifndef VRBENCH_MACHINE_DAEMON_H
#define VRBENCH_MACHINE_DAEMON_H

#include <stdbool.h>

#include "linux/first.h"
#include "scenario/scenario.h"

struct daemon_services; // including everything that first_services points to

// Checks that the daemon's programs are installed (exit status 3) and accept the configuration in
// `path` (exit status 2, with all their complaints). `path` may be NULL.
int daemon_check(enum routing_daemon daemon, const char *path, struct error *err);

// Checks that FRR's configuration has no lines for programs that a router cannot run, on namespaces
// or, with `in_image`, in a machine with the tiny guest. Otherwise exit status 2, each line with
// its position.
int daemon_check_programs(enum routing_daemon daemon, const char *path, bool in_image,
                          struct error *err);

// Whether a configuration uses IPv6, which must then be enabled on the router's interfaces.
bool daemon_needs_ipv6(enum routing_daemon daemon, const char *config);

// Prepares the services of a first process. `directory` is a mount point of the testbed; `name`
// distinguishes the node from others there.
int daemon_prepare(enum routing_daemon daemon, const char *config, const char *directory,
                   const char *name, struct daemon_services **ret, struct error *err);
const struct first_services *daemon_services_of(const struct daemon_services *services);
void daemon_services_free(struct daemon_services *services); // NULL is fine

// Starts the prepared services in a first process, with their configuration. After a failure the
// first process may have ended.
int daemon_start(const struct daemon_services *services, pid_t first, int control,
                 struct error *err);

// The last output of a node's programs; see first_last_words().
void daemon_last_words(const char *directory, const char *name, char ret[160]);

#endif
