// SPDX-License-Identifier: GPL-3.0-or-later
// linux/offload — see offload.h. Called by machine/ and testbed/ for each interface on the path.
#include "linux/offload.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>

struct offload_row {
    const char *name;
    __u32 get, set;
    size_t offset;
};

static const struct offload_row offload_rows[] = {
    {"tso", ETHTOOL_GTSO, ETHTOOL_STSO, offsetof(struct offloads, tso)},
    {"gso", ETHTOOL_GGSO, ETHTOOL_SGSO, offsetof(struct offloads, gso)},
    {"gro", ETHTOOL_GGRO, ETHTOOL_SGRO, offsetof(struct offloads, gro)},
};
#define OFFLOAD_ROWS (sizeof offload_rows / sizeof offload_rows[0])

static int call(const struct netns *ns, const char *name, struct ethtool_value *value)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    request.ifr_data = (void *)value;
    return ioctl(ns->control, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

int offload_get(const struct netns *ns, const char *name, struct offloads *ret, struct error *err)
{
    struct offloads found = {0};
    for (size_t i = 0; i < OFFLOAD_ROWS; i++) {
        struct ethtool_value value = {.cmd = offload_rows[i].get};
        int rc = call(ns, name, &value);
        if (rc < 0) {
            return fail(err, -rc, "reading %s of %s", offload_rows[i].name, name);
        }
        *(bool *)((char *)&found + offload_rows[i].offset) = value.data != 0;
    }
    *ret = found;
    return 0;
}

int offload_set(const struct netns *ns, const char *name, const struct offloads *want,
                struct error *err)
{
    for (size_t i = 0; i < OFFLOAD_ROWS; i++) {
        bool on = *(const bool *)((const char *)want + offload_rows[i].offset);
        struct ethtool_value value = {.cmd = offload_rows[i].set, .data = on};
        int rc = call(ns, name, &value);
        if (rc < 0) {
            return fail(err, -rc, "setting %s of %s", offload_rows[i].name, name);
        }
    }
    return 0;
}

int offload_keep_tags(const struct netns *ns, const char *name, struct error *err)
{
    struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};
    int rc = call(ns, name, &value);
    if (rc == 0) {
        value = (struct ethtool_value){.cmd = ETHTOOL_SFLAGS,
                                       .data = value.data & ~(__u32)ETH_FLAG_TXVLAN};
        rc = call(ns, name, &value);
    }
    return rc < 0 ? fail(err, -rc, "setting tx-vlan-offload of %s", name) : 0;
}

int offload_no_checksums(const struct netns *ns, const char *name, struct error *err)
{
    struct ethtool_value value = {.cmd = ETHTOOL_STXCSUM};
    int rc = call(ns, name, &value);
    return rc < 0 ? fail(err, -rc, "setting tx-checksumming of %s", name) : 0;
}
