// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/network — configures the router: finds its interfaces by MAC address, names them, sets
 * addresses, permanent neighbours and routes, and enables forwarding. Uses the ioctls of
 * netdevice(7) and arp(7), which are sufficient for IPv4; network6.c does the same for IPv6. Called
 * by init.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

#define POLL_MS 10

static int refuse(char *why, size_t room, const char *what, const char *name)
{
    snprintf(why, room, "%s %s: %s", what, name, strerror(errno));
    return -1;
}

int sysctl_write(const char *name, const char *value)
{
    char path[256];
    snprintf(path, sizeof path, "/proc/sys/%s", name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    ssize_t put = write(fd, value, strlen(value));
    int why = errno;
    close(fd);
    errno = why;
    return put < 0 ? -1 : 0;
}

// ---- finding and naming

// Scans all interfaces once. Returns how many of the configuration's were found.
static size_t find_nics(int fd, struct guest_config *config)
{
    struct if_nameindex *all = if_nameindex();
    for (const struct if_nameindex *at = all; at != NULL && at->if_index != 0; at++) {
        struct ifreq request = {.ifr_ifindex = 0};
        strncpy(request.ifr_name, at->if_name, IFNAMSIZ - 1);
        if (ioctl(fd, SIOCGIFHWADDR, &request) < 0 ||
            request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
            continue;
        }
        for (size_t i = 0; i < config->nic_count; i++) {
            if (memcmp(config->nics[i].mac, request.ifr_hwaddr.sa_data, 6) == 0) {
                config->nics[i].index = (int)at->if_index;
            }
        }
    }
    if (all != NULL) {
        if_freenameindex(all);
    }
    size_t found = 0;
    for (size_t i = 0; i < config->nic_count; i++) {
        found += config->nics[i].index != 0;
    }
    return found;
}

static int rename_nic(int fd, int index, const char *name)
{
    struct ifreq request = {.ifr_ifindex = 0};
    if (if_indextoname((unsigned)index, request.ifr_name) == NULL) {
        return -1;
    }
    if (strcmp(request.ifr_name, name) == 0) {
        return 0;
    }
    strncpy(request.ifr_newname, name, IFNAMSIZ - 1);
    return ioctl(fd, SIOCSIFNAME, &request);
}

// In two steps, because an interface may have the name of another; a third interface with a name of
// the configuration is renamed, too.
static int name_nics(int fd, const struct guest_config *config)
{
    char name[IFNAMSIZ];
    for (size_t i = 0; i < config->nic_count; i++) {
        const struct guest_nic *nic = &config->nics[i];
        unsigned holder = if_nametoindex(nic->name);
        if (holder != 0 && holder != (unsigned)nic->index) {
            snprintf(name, sizeof name, "vrb%u", holder);
            if (rename_nic(fd, (int)holder, name) < 0) {
                return -1;
            }
        }
    }
    for (size_t i = 0; i < config->nic_count; i++) {
        if (rename_nic(fd, config->nics[i].index, config->nics[i].name) < 0) {
            return -1;
        }
    }
    return 0;
}

// ---- setting

static void put_address(struct sockaddr *slot, uint32_t address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(address)}};
    memcpy(slot, &in, sizeof in);
}

// An IPv4 address in host order.
static uint32_t number_of(const struct guest_address *address)
{
    uint32_t wire = 0;
    memcpy(&wire, address->bytes, sizeof wire);
    return ntohl(wire);
}

static uint32_t mask_of(unsigned prefix)
{
    return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

static int set_address4(int fd, const struct guest_nic *nic)
{
    struct ifreq request = {.ifr_ifindex = 0};
    uint32_t address = number_of(&nic->address);
    memcpy(request.ifr_name, nic->name, sizeof nic->name);
    put_address(&request.ifr_addr, address);
    if (ioctl(fd, SIOCSIFADDR, &request) < 0) {
        return -1;
    }
    put_address(&request.ifr_netmask, mask_of(nic->prefix));
    if (ioctl(fd, SIOCSIFNETMASK, &request) < 0) {
        return -1;
    }
    put_address(&request.ifr_broadaddr, address | ~mask_of(nic->prefix));
    return nic->prefix < 31 ? ioctl(fd, SIOCSIFBRDADDR, &request) : 0;
}

static int set_nic(int fd, const struct guest_nic *nic)
{
    struct ifreq request = {.ifr_ifindex = 0};
    memcpy(request.ifr_name, nic->name, sizeof nic->name);
    if (nic->mtu != 0) {
        request.ifr_mtu = (int)nic->mtu;
        if (ioctl(fd, SIOCSIFMTU, &request) < 0) {
            return -1;
        }
    }
    if (nic->address.version == 4 && set_address4(fd, nic) < 0) {
        return -1;
    }
    if (nic->address.version == 6 && set_address6(nic) < 0) {
        return -1;
    }
    char name[64];
    snprintf(name, sizeof name, "net/ipv4/conf/%s/rp_filter", nic->name);
    (void)sysctl_write(name, "0");
    snprintf(name, sizeof name, "net/ipv4/conf/%s/send_redirects", nic->name);
    (void)sysctl_write(name, "0");
    request.ifr_flags = IFF_UP | IFF_BROADCAST | IFF_MULTICAST;
    return ioctl(fd, SIOCSIFFLAGS, &request);
}

static int add_neighbour(int fd, const struct guest_nic *nic,
                         const struct guest_neighbour *neighbour)
{
    if (neighbour->address.version == 6) {
        return add_neighbour6(nic, neighbour);
    }
    struct arpreq request = {.arp_flags = ATF_COM | ATF_PERM};
    put_address(&request.arp_pa, number_of(&neighbour->address));
    request.arp_ha.sa_family = ARPHRD_ETHER;
    memcpy(request.arp_ha.sa_data, neighbour->mac, 6);
    memcpy(request.arp_dev, nic->name, sizeof nic->name);
    return ioctl(fd, SIOCSARP, &request);
}

static int add_route(int fd, const struct guest_route *route)
{
    if (route->to.version == 6) {
        return add_route6(route);
    }
    struct rtentry entry = {.rt_flags = RTF_UP | RTF_GATEWAY};
    put_address(&entry.rt_dst, number_of(&route->to));
    put_address(&entry.rt_genmask, mask_of(route->prefix));
    put_address(&entry.rt_gateway, number_of(&route->via));
    return ioctl(fd, SIOCADDRT, &entry);
}

static int set_all(int fd, const struct guest_config *config, char *why, size_t room)
{
    for (size_t i = 0; i < config->nic_count; i++) {
        if (set_nic(fd, &config->nics[i]) < 0) {
            return refuse(why, room, "interface", config->nics[i].name);
        }
    }
    for (size_t i = 0; i < config->neighbour_count; i++) {
        const struct guest_nic *nic = &config->nics[config->neighbours[i].nic];
        if (add_neighbour(fd, nic, &config->neighbours[i]) < 0) {
            return refuse(why, room, "a neighbour on", nic->name);
        }
    }
    for (size_t i = 0; i < config->route_count; i++) {
        if (add_route(fd, &config->routes[i]) < 0) {
            char text[INET6_ADDRSTRLEN] = "";
            const struct guest_address *to = &config->routes[i].to;
            int reason = errno;
            (void)inet_ntop(address_family(to->version), to->bytes, text, sizeof text);
            errno = reason;
            return refuse(why, room, "the route to", text);
        }
    }
    for (size_t i = 0; i < config->sysctl_count; i++) {
        if (sysctl_write(config->sysctls[i].name, config->sysctls[i].value) < 0) {
            return refuse(why, room, "sysctl", config->sysctls[i].name);
        }
    }
    return 0;
}

static bool uses_ipv6(const struct guest_config *config)
{
    for (size_t i = 0; i < config->nic_count; i++) {
        if (config->nics[i].address.version == 6) {
            return true;
        }
    }
    return false;
}

// Same settings as in a namespace router of vrbench: no reverse path filter, no redirects, IPv6 on
// the interfaces that use it.
static int set_kernel(const struct guest_config *config, char *why, size_t room)
{
    static const char *const needed[][2] = {
        {"net/ipv4/conf/default/rp_filter", "0"},
        {"net/ipv4/conf/all/rp_filter", "0"},
        {"net/ipv4/conf/default/send_redirects", "0"},
        {"net/ipv4/conf/all/send_redirects", "0"},
        {"net/ipv4/ip_forward", "1"},
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (sysctl_write(needed[i][0], needed[i][1]) < 0) {
            return refuse(why, room, "sysctl", needed[i][0]);
        }
    }
    (void)sysctl_write("net/ipv6/conf/default/disable_ipv6", "1");
    (void)sysctl_write("net/ipv6/conf/all/disable_ipv6", "1");
    return uses_ipv6(config) && sysctl_write("net/ipv6/conf/all/forwarding", "1") < 0
               ? refuse(why, room, "sysctl", "net/ipv6/conf/all/forwarding")
               : 0;
}

static bool is_running(int fd, const struct guest_nic *nic)
{
    struct ifreq request = {.ifr_ifindex = 0};
    memcpy(request.ifr_name, nic->name, sizeof nic->name);
    return ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0;
}

static int make(int fd, struct guest_config *config, uint64_t until_ms, char *why, size_t room)
{
    while (find_nics(fd, config) < config->nic_count) {
        if (boot_ms() > until_ms) {
            for (size_t i = 0; i < config->nic_count; i++) {
                const uint8_t *mac = config->nics[i].mac;
                if (config->nics[i].index == 0) {
                    snprintf(why, room,
                             "no interface with the MAC of %s, %02x:%02x:%02x:%02x:%02x:%02x",
                             config->nics[i].name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
                }
            }
            return -1;
        }
        poll(NULL, 0, POLL_MS);
        modules_load();
    }
    if (name_nics(fd, config) < 0) {
        return refuse(why, room, "naming the interfaces", "");
    }
    if (set_all(fd, config, why, room) < 0) {
        return -1;
    }
    for (size_t i = 0; i < config->nic_count; i++) {
        while (!is_running(fd, &config->nics[i])) {
            if (boot_ms() > until_ms) {
                snprintf(why, room, "interface %s has no carrier", config->nics[i].name);
                return -1;
            }
            poll(NULL, 0, POLL_MS);
        }
    }
    return 0;
}

int network_make(struct guest_config *config, uint64_t until_ms, char *why, size_t room)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return refuse(why, room, "a socket", "");
    }
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK};
    (void)ioctl(fd, SIOCSIFFLAGS, &loopback);
    int rc = set_kernel(config, why, room);
    if (rc == 0) {
        rc = make(fd, config, until_ms, why, room);
    }
    close(fd);
    return rc;
}
