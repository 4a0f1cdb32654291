// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/cap_known — the way to hold caps on this kernel: probed once a boot, and never during a
 * measurement, because a probe occupies a CPU for about a second.
 *
 * /run/vrbench.caps contains the boot's ID (/proc/sys/kernel/random/boot_id) and the result. It is
 * also the lock: shared for measurements, exclusive for a probe.
 */
#ifndef VRBENCH_RATION_CAP_KNOWN_H
#define VRBENCH_RATION_CAP_KNOWN_H

#include "ration/cap_probe.h"

// Finds out how caps are held, by the file or by a probe. `ret->way` is CAP_WAY_NONE if nothing
// holds one; the trials say why, if this call probed. Cleared with cap_probe_clear(). While another
// process measures, -EBUSY; a process that holds off others' probes waits for the measurement's end
// instead, and -EINTR if a stop is requested meanwhile.
int cap_known_find(const struct cgroup_tree *tree, struct cap_probe *ret, struct error *err);

// Prevents probes of other processes while this process measures. Waits for the end of a running
// probe.
int cap_known_hold_off(struct error *err);
void cap_known_let_go(void);

#endif
