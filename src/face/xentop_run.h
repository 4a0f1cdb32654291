// SPDX-License-Identifier: GPL-3.0-or-later
// face/xentop_run — xentop itself, run as the study's script ran it. Called by `vrbench
// xen-stats --from-xentop`.
#ifndef VRBENCH_FACE_XENTOP_RUN_H
#define VRBENCH_FACE_XENTOP_RUN_H

#include "base/error.h"

// What `xentop -b -f -i 2 -d SECONDS` prints, in a new string for xentop_text_parse(). Exit status
// 3 without xentop, 1 if it fails (not in Domain-0, no root).
int xentop_run(unsigned seconds, char **ret_text, struct error *err);

#endif
