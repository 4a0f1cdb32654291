// SPDX-License-Identifier: GPL-3.0-or-later
// owner/paths — files of the owner and of runs in RECORD_ROOT. Used in this room.
#ifndef VRBENCH_OWNER_PATHS_H
#define VRBENCH_OWNER_PATHS_H

#include "testbed/record.h"

#define OWNER_SOCKET RECORD_ROOT "/owner.sock"
#define OWNER_LOCK   RECORD_ROOT "/owner"
#define OWNER_LOG    RECORD_ROOT "/owner.log"
#define VIEW_PREFIX  "run-" // of the sockets on which runs answer (view.h), before their PIDs

#endif
