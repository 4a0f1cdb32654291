// SPDX-License-Identifier: GPL-3.0-or-later
// owner/strays — files that killed owners and runs left in RECORD_ROOT.
#ifndef VRBENCH_OWNER_STRAYS_H
#define VRBENCH_OWNER_STRAYS_H

// Removes the sockets of runs that have ended without removing them.
void strays_remove_sockets(void);

// Removes these sockets, and the files of a dead owner.
void strays_remove(void);

#endif
