// SPDX-License-Identifier: GPL-3.0-or-later
// bench/await_kernel — included by the programs that make and remove network namespaces.
#ifndef VRBENCH_BENCH_AWAIT_KERNEL_H
#define VRBENCH_BENCH_AWAIT_KERNEL_H

#include "base/clock.h"
#include "linux/link.h"
#include "linux/netns.h"

// Waits until the kernel has dismantled all namespaces that were released before. It does so in the
// order of their release, and ends a pair with one end in such a namespace last.
static inline int await_kernel(struct error *err)
{
    struct netns *home = NULL;
    struct netns *last = NULL;
    int rc = netns_open(NULL, &home, err);
    rc = rc == 0 ? netns_create(NULL, &last, err) : rc;
    const struct link_spec ends[2] = {{.ns = home, .name = "last0", .mac = {0x02, 0x76, 7}},
                                      {.ns = last, .name = "last1", .mac = {0x02, 0x76, 7, 1}}};
    rc = rc == 0 ? link_make_pair(&ends[0], &ends[1], err) : rc;
    netns_close(last);
    struct link_info info;
    while (rc == 0 && link_find(home, ends[0].name, &info, NULL) == 0) {
        clock_sleep(NS_PER_MS);
    }
    netns_close(home);
    return rc;
}

#endif
