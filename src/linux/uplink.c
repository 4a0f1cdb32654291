// SPDX-License-Identifier: GPL-3.0-or-later
// linux/uplink — see uplink.h. Called by testbed/ before it takes interfaces of the machine.
#include "linux/uplink.h"

#include <netlink/addr.h>
#include <netlink/cache.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/link.h"

#define ENVIRON_MAX   (4U << 20)
#define ANCESTORS_MAX 64U
#define SSH_VARIABLE  "SSH_CONNECTION="

// ---- default routes

struct default_search {
    int index;
    bool found;
};

static void look_at_route(struct nl_object *object, void *context)
{
    struct default_search *search = context;
    struct rtnl_route *route = (struct rtnl_route *)object;
    if (nl_addr_get_prefixlen(rtnl_route_get_dst(route)) != 0 ||
        rtnl_route_get_type(route) != RTN_UNICAST) {
        return;
    }
    for (int i = 0; i < rtnl_route_get_nnexthops(route); i++) {
        search->found |= rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, i)) == search->index;
    }
}

bool uplink_has_default_route(const struct netns *ns, int index)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct default_search search = {.index = index};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        struct nl_cache *routes = NULL;
        if (rtnl_route_alloc_cache(ns->route, families[i], 0, &routes) == 0) {
            nl_cache_foreach(routes, look_at_route, &search);
            nl_cache_free(routes);
        }
    }
    return search.found;
}

// ---- the SSH session

struct address_search {
    const struct nl_addr *address;
    int index; // index of the interface with the address; 0 = none
};

static void look_at_address(struct nl_object *object, void *context)
{
    struct address_search *search = context;
    struct rtnl_addr *entry = (struct rtnl_addr *)object;
    struct nl_addr *local = rtnl_addr_get_local(entry);
    if (local != NULL && nl_addr_get_family(local) == nl_addr_get_family(search->address) &&
        nl_addr_get_len(local) == nl_addr_get_len(search->address) &&
        memcmp(nl_addr_get_binary_addr(local), nl_addr_get_binary_addr(search->address),
               nl_addr_get_len(local)) == 0) {
        search->index = rtnl_addr_get_ifindex(entry);
    }
}

static int holder_of(const struct netns *ns, const char *text)
{
    struct nl_addr *address = NULL;
    struct nl_cache *addresses = NULL;
    struct address_search search = {.index = 0};
    if (nl_addr_parse(text, AF_UNSPEC, &address) < 0) {
        return 0;
    }
    search.address = address;
    if (rtnl_addr_alloc_cache(ns->route, &addresses) == 0) {
        nl_cache_foreach(addresses, look_at_address, &search);
        nl_cache_free(addresses);
    }
    nl_addr_put(address);
    return search.index;
}

int uplink_of_connection(const struct netns *ns, const char *connection)
{
    _cleanup_free_ char *copy = text_copy(connection);
    char *rest = copy;
    (void)strtok_r(rest, " ", &rest);
    (void)strtok_r(NULL, " ", &rest);
    char *server = strtok_r(NULL, " ", &rest);
    if (server == NULL) {
        return 0;
    }
    // A link-local address contains its interface: "fe80::1%eth0".
    char *scope = strchr(server, '%');
    struct link_info info;
    if (scope != NULL) {
        return link_find(ns, scope + 1, &info, NULL) == 0 ? info.index : 0;
    }
    return holder_of(ns, server);
}

static pid_t parent_of(pid_t pid)
{
    _cleanup_free_ char *path = text_format("/proc/%d/status", (int)pid);
    _cleanup_free_ char *text = NULL;
    const char *line =
        file_read(path, ENVIRON_MAX, &text, NULL, NULL) < 0 ? NULL : strstr(text, "\nPPid:");
    return line == NULL ? 0 : (pid_t)strtol(line + strlen("\nPPid:"), NULL, 10);
}

static char *connection_of(pid_t pid)
{
    _cleanup_free_ char *path = text_format("/proc/%d/environ", (int)pid);
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    if (file_read(path, ENVIRON_MAX, &text, &length, NULL) < 0) {
        return NULL;
    }
    for (const char *at = text; at < text + length; at += strlen(at) + 1) {
        if (text_starts(at, SSH_VARIABLE)) {
            return text_copy(at + strlen(SSH_VARIABLE));
        }
    }
    return NULL;
}

int uplink_of_ssh_session(const struct netns *ns)
{
    const char *own = getenv("SSH_CONNECTION");
    _cleanup_free_ char *connection = own == NULL ? NULL : text_copy(own);
    pid_t pid = getppid();
    for (unsigned i = 0; connection == NULL && pid > 1 && i < ANCESTORS_MAX; i++) {
        connection = connection_of(pid);
        pid = parent_of(pid);
    }
    return connection == NULL ? 0 : uplink_of_connection(ns, connection);
}
