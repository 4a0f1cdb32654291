// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/owner — the process that owns all testbeds of `vrbench up`: builds them, watches their
 * routers, restarts dead ones, divides caps, reads figures, and serves requests on a socket.
 *
 * A host has one owner (precisely: one for each RECORD_ROOT). The first command that needs an owner
 * starts it (client.h); it ends with its last testbed. It sleeps until an event occurs. If it is
 * killed, routers keep forwarding and caps keep their values; the next owner takes over the
 * testbeds by their records. `vrbench owner` runs it in the foreground, for a service manager.
 */
#ifndef VRBENCH_OWNER_OWNER_H
#define VRBENCH_OWNER_OWNER_H

#include "base/error.h"

// Runs the owner in this process until it ends. Returns negative on failure: -EBUSY if another
// process is the owner. Closes `ready` (a descriptor; -1 = none) once requests are accepted. With
// `linger` the owner keeps running without testbeds until a stop is requested.
int owner_run(int ready, bool linger, struct error *err);

#endif
