// SPDX-License-Identifier: GPL-3.0-or-later
// linux/tap — see tap.h.
#include "linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvtap.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/link.h"

int tap_make(const struct netns *ns, const char *name, struct error *err)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_close_ int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (tun < 0) {
        return errno == ENOENT || errno == ENODEV || errno == ENXIO
                   ? fail_lacking(err, "making a tap: /dev/net/tun: %s (CONFIG_TUN; modprobe tun)",
                                  strerror(errno))
                   : fail(err, errno, "/dev/net/tun");
    }
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(tun, TUNSETIFF, &request) < 0 || ioctl(tun, TUNSETPERSIST, 1) < 0) {
        return fail(err, errno, "making tap %s", name);
    }
    return 0;
}

// An index for a macvtap. The kernel names its device /dev/tapINDEX, once for all network
// namespaces, whose own indexes begin at 1 each: the second device of a name has no node, and a
// program that opens the node gets the first. Small indexes are those of other macvtaps.
static int draw_index(void)
{
    enum { LOWEST = 1 << 30 };
    static unsigned drawn;
    uint64_t now = clock_realtime_ns() ^ (uint64_t)getpid() << 40 ^ (uint64_t)++drawn << 20;
    return LOWEST + (int)((now * 0x9e3779b97f4a7c15ULL) >> 36);
}

#define INDEXES_MAX 16 // that are tried

// Adds the macvtap under an index that neither an interface nor a device of this computer has.
static int add_under_index(const struct netns *ns, struct rtnl_link *link)
{
    int rc = -NLE_EXIST;
    for (unsigned i = 0; i < INDEXES_MAX && (rc == -NLE_EXIST || rc == -NLE_BUSY); i++) {
        char path[32];
        int index = draw_index();
        snprintf(path, sizeof path, "/dev/tap%d", index);
        if (access(path, F_OK) < 0) {
            rtnl_link_set_ifindex(link, index);
            rc = rtnl_link_add(ns->route, link, NLM_F_CREATE | NLM_F_EXCL);
        }
    }
    return rc;
}

int tap_make_on(const struct netns *lower_ns, int lower, const struct netns *ns, const char *name,
                struct error *err)
{
    struct rtnl_link *link = rtnl_link_macvtap_alloc();
    if (link == NULL) {
        return fail(err, ENOMEM, "macvtap %s", name);
    }
    rtnl_link_set_name(link, name);
    rtnl_link_set_link(link, lower);
    rtnl_link_set_ns_fd(link, ns->fd);
    int rc = rtnl_link_macvtap_set_mode(link, (uint32_t)rtnl_link_macvtap_str2mode("passthru"));
    if (rc == 0) {
        rc = add_under_index(lower_ns, link);
    }
    rtnl_link_put(link);
    if (rc == -NLE_OPNOTSUPP) {
        return fail_lacking(
            err, "making a macvtap: this kernel has none (CONFIG_MACVTAP; modprobe macvtap)");
    }
    return rc < 0 ? fail(err, 0, "making macvtap %s: %s", name, nl_geterror(rc)) : 0;
}

struct removal {
    const struct netns *ns;
    const char *prefix;
    int rc;
    struct error *err;
};

static void remove_one(struct nl_object *object, void *context)
{
    struct removal *removal = context;
    struct rtnl_link *link = (struct rtnl_link *)object;
    const char *name = rtnl_link_get_name(link);
    const char *kind = rtnl_link_get_type(link);
    if (name != NULL && text_starts(name, removal->prefix) &&
        (text_equal(kind, "tun") || text_equal(kind, "macvtap")) && removal->rc == 0) {
        removal->rc = link_delete(removal->ns, rtnl_link_get_ifindex(link), removal->err);
        if (removal->rc == -ENODEV) {
            removal->rc = 0;
        }
    }
}

int tap_remove_all(const struct netns *ns, const char *prefix, struct error *err)
{
    struct nl_cache *cache = NULL;
    int rc = rtnl_link_alloc_cache(ns->route, AF_UNSPEC, &cache);
    if (rc < 0) {
        return fail(err, 0, "listing interfaces: %s", nl_geterror(rc));
    }
    struct removal removal = {.ns = ns, .prefix = prefix, .err = err};
    nl_cache_foreach(cache, remove_one, &removal);
    nl_cache_free(cache);
    return removal.rc;
}
