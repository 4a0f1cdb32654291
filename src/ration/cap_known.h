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

// Determines how caps are held, from the file or by a probe. `ret->way` is CAP_WAY_NONE if nothing
// holds a cap; the trials have the reasons, if this call probed. The caller calls
// cap_probe_clear(). -EBUSY while another process measures. A process that called
// cap_known_hold_off() waits for the end of that measurement instead; -EINTR if a stop is requested
// meanwhile.
int cap_known_find(const struct cgroup_tree *tree, struct cap_probe *ret, struct error *err);

// Prevents probes of other processes while this process measures. Waits for the end of a running
// probe.
int cap_known_hold_off(struct error *err);
void cap_known_let_go(void);

#endif
