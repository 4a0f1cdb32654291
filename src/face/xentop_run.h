// SPDX-License-Identifier: GPL-3.0-or-later
// face/xentop_run — runs xentop as the study's script did. Called by `vrbench xen-stats
// --from-xentop`.
#ifndef VRBENCH_FACE_XENTOP_RUN_H
#define VRBENCH_FACE_XENTOP_RUN_H

#include "base/error.h"

// Returns the output of `xentop -b -f -i 2 -d SECONDS` in a new string for xentop_text_parse().
// Exit status 3 if xentop is not installed, 1 if it fails (not in Domain-0, not root).
int xentop_run(unsigned seconds, char **ret_text, struct error *err);

#endif
