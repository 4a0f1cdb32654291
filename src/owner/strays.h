// SPDX-License-Identifier: GPL-3.0-or-later
// owner/strays — files in RECORD_ROOT of owners and runs that were killed.
#ifndef VRBENCH_OWNER_STRAYS_H
#define VRBENCH_OWNER_STRAYS_H

// Removes the sockets on which nobody listens any more, and the files of an owner that is no more.
void strays_remove(void);

#endif
