// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/owner — the process that owns the testbeds that stand: builds them, watches their routers,
 * restarts those that die, divides their caps, reads their figures, and takes requests on a socket.
 *
 * There is one a host, or rather one a RECORD_ROOT. The first command that needs it starts it
 * (client.h); it ends with its last testbed. It sleeps until something happens. If it is killed,
 * routers forward on and caps keep their values; the next owner takes the testbeds over by their
 * records. `vrbench owner` runs it in the foreground, for a service manager.
 */
#ifndef VRBENCH_OWNER_OWNER_H
#define VRBENCH_OWNER_OWNER_H

#include "base/error.h"
#include "testbed/record.h"

#define OWNER_SOCKET RECORD_ROOT "/owner.sock"
#define OWNER_LOCK   RECORD_ROOT "/owner"
#define OWNER_LOG    RECORD_ROOT "/owner.log"

// Becomes the owner: returns once it has ended, or negative: -EBUSY if another process is the
// owner. `ready` is a descriptor that is closed once requests are taken; -1 = none. With `linger`
// it goes on without any testbed until it is told to stop.
int owner_run(int ready, bool linger, struct error *err);

#endif
