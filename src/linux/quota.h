// SPDX-License-Identifier: GPL-3.0-or-later
// linux/quota — the periods of CPU quotas (CFS bandwidth). Used by cgroup.c for groups of threads,
// by machine/libvirt for virtual machines, and by model/ and measure/ for what follows from them.
#ifndef VRBENCH_LINUX_QUOTA_H
#define VRBENCH_LINUX_QUOTA_H

#define QUOTA_PERIOD_US      10000U  // a short period keeps stops short
#define QUOTA_LONG_PERIOD_US 100000U // the kernel's default
#define QUOTA_MIN_US         1000U   // minimum of the kernel (min_cfs_quota_period) and libvirt

// The period of a virtual machine's quota, for a cap in percent of one CPU. A machine gets its
// quota in each period, so a reading of its use is uncertain by one quota: a shorter period gives
// readings closer to the cap.
static inline unsigned quota_machine_period_us(unsigned cap)
{
    return cap * (QUOTA_PERIOD_US / 100) < QUOTA_MIN_US ? QUOTA_LONG_PERIOD_US : QUOTA_PERIOD_US;
}

#endif
