// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/cap_known — what holds a cap on this kernel: probed once a boot, and never while anybody
 * measures, as a probe takes a CPU for about a second.
 *
 * /run/vrbench.caps has the boot's id (/proc/sys/kernel/random/boot_id) and what was found; it is
 * also the lock: shared by who measures, exclusive for a probe.
 */
#ifndef VRBENCH_RATION_CAP_KNOWN_H
#define VRBENCH_RATION_CAP_KNOWN_H

#include "ration/cap_probe.h"

// Finds out how caps are held, by the file or by a probe. `ret->way` is CAP_WAY_NONE if nothing
// holds one; the trials say why, if this call probed. Cleared with cap_probe_clear(). While another
// process measures, -EBUSY; a process that holds off others' probes waits for the measurement's end
// instead, and -EINTR if a stop is requested meanwhile.
int cap_known_find(const struct cgroup_tree *tree, struct cap_probe *ret, struct error *err);

// Holds off other processes' probes, for a process that measures. Waits for the end of a probe.
int cap_known_hold_off(struct error *err);
void cap_known_let_go(void);

#endif
