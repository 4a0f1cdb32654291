// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/link_ipv6 — IPv6 on an interface of a testbed; see link.h. Called by testbed/ and machine/
 * before they set an IPv6 address.
 */
#include <net/if.h>
#include <stdio.h>
#include <unistd.h>

#include "linux/link.h"

int link_enable_ipv6(const struct netns *ns, const char *name, struct error *err)
{
    // The interface sends nothing by itself, except that it reports its multicast groups (RFC 3810)
    // when it is set up: that is over after a few milliseconds instead of a second. Addresses
    // survive when the interface is set down.
    static const char *const settings[][2] = {
        {"accept_dad", "0"},
        {"dad_transmits", "0"},
        {"accept_ra", "0"},
        {"autoconf", "0"},
        {"router_solicitations", "0"},
        {"addr_gen_mode", "1"}, // no link-local address
        {"mldv2_unsolicited_report_interval", "1"},
        {"keep_addr_on_down", "1"},
        {"disable_ipv6", "0"},
    };
    char path[64 + IF_NAMESIZE];
    int rc = 0;
    if (access("/proc/sys/net/ipv6", F_OK) < 0) {
        return fail_lacking(err,
                            "IPv6 on %s: this kernel has none; it is built without CONFIG_IPV6, or "
                            "was started with ipv6.disable=1",
                            name);
    }
    for (size_t i = 0; rc == 0 && i < sizeof settings / sizeof settings[0]; i++) {
        snprintf(path, sizeof path, "ipv6/conf/%.15s/%s", name, settings[i][0]);
        rc = netns_sysctl(ns, path, settings[i][1], 0, err);
    }
    if (rc < 0) {
        error_context(err, "IPv6 on %s", name);
    }
    return rc;
}
