// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/handover — see handover.h. Called by check.c and build.c (deciding), cleanup.c (getting
// back), life.c (facts).
#include "testbed/handover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/settings.h"
#include "base/text.h"
#include "linux/link.h"
#include "linux/uplink.h"
#include "testbed/routers.h"

#define BACK_WITHIN_NS                                                                             \
    (60U * NS_PER_S) // for the interface of a device that was reset, on a busy machine
#define FIRST_NETNS "/proc/1/ns/net"
#define MAC_RANDOM  1 // NET_ADDR_RANDOM of include/uapi/linux/netdevice.h
#define WHY_MAX     512U

// ---- deciding

static bool is_first_netns(const struct netns *home)
{
    struct stat own;
    struct stat first;
    return fstat(home->fd, &own) == 0 && stat(FIRST_NETNS, &first) == 0 &&
           own.st_ino == first.st_ino;
}

// A virtual function without a configured address gets a random one each time its driver binds.
static bool is_random_mac(const char *nic)
{
    _cleanup_free_ char *path = text_format("/sys/class/net/%s/addr_assign_type", nic);
    _cleanup_free_ char *text = NULL;
    return file_read(path, 64, &text, NULL, NULL) == 0 && strtol(text, NULL, 10) == MAC_RANDOM;
}

// Why the interface must keep its driver; NULL = it need not. `address` gets its device's address.
static const char *hindrance(const struct netns *home, const char *nic,
                             char address[PCI_ADDRESS_SIZE])
{
    struct link_info info;
    uint8_t mac[6];
    char name[16];
    const char *what = NULL;
    if (link_find(home, nic, &info, NULL) < 0 || !pci_of_link(home, nic, address)) {
        what = "it is no PCI device";
    } else if (!is_first_netns(home)) {
        what =
            "its driver would give it back to the machine's first network namespace, not to this";
    } else if (uplink_has_default_route(home, info.index)) {
        what = "it has this machine's default route";
    } else if (pci_links(home, address, name) != 1) {
        what = "its PCI device has other interfaces, too";
    } else if (!pci_link_mac(home, nic, mac) || is_random_mac(nic)) {
        what = "its MAC address is not its own, and would be another in the machine";
    }
    return what;
}

static bool is_lent_to(const struct plan *plan, size_t node, size_t number)
{
    return plan->interfaces[number].node == node && plan->interfaces[number].nic != NULL;
}

// Whether all NICs lent to a router can be assigned; if so, their addresses are written to the
// plan. `why` is "" if none is lent.
static bool decide_router(struct platform *platform, const struct netns *home, struct plan *plan,
                          size_t node, size_t router, char *why, size_t room)
{
    const char **devices = memory_new_array(const char *, plan->interface_count);
    size_t count = 0;
    bool good = true;
    why[0] = '\0';
    for (size_t i = 0; good && i < plan->interface_count; i++) {
        struct plan_interface *interface = &plan->interfaces[i];
        if (!is_lent_to(plan, node, i)) {
            continue;
        }
        const char *reason = hindrance(home, interface->nic, interface->pci);
        good = reason == NULL;
        devices[count++] = interface->pci;
        if (!good) {
            snprintf(why, room, "%s: %s", interface->nic, reason);
        }
    }
    if (good && count > 0) {
        struct router_order order;
        router_order_plan(plan, router, &order);
        good = platform->ops->takes_pci(platform, &order.spec, devices, count, why, room);
        router_order_clear(&order);
    }
    free((void *)devices);
    for (size_t i = 0; !good && i < plan->interface_count; i++) {
        if (is_lent_to(plan, node, i)) {
            plan->interfaces[i].pci[0] = '\0';
        }
    }
    return good && count > 0;
}

// If the machine could have NICs assigned, one that is not is a warning.
static void report_handover(const struct plan *plan, size_t node, bool handed, bool asked,
                            const char *why)
{
    static const char text[] = "router %s gets macvtaps on its NICs, not the PCI devices: %s";
    const char *router = plan->nodes[node].name;
    for (size_t i = 0; i < plan->interface_count; i++) {
        const struct plan_interface *interface = &plan->interfaces[i];
        if (is_lent_to(plan, node, i) && handed) {
            log_note("testbed", "router %s gets %s whole, PCI device %s", router, interface->nic,
                     interface->pci);
        }
    }
    if (!handed && asked && pci_iommu_groups(PCI_SYSFS) > 0) {
        log_warning("testbed", text, router, why);
    } else if (!handed) {
        log_note("testbed", text, router, why);
    }
}

int handover_decide(struct platform *platform, const struct netns *home, struct plan *plan,
                    bool say, char **ret_why, struct error *err)
{
    const char *forced = setting_get(HANDOVER_FORCED);
    bool must = text_equal(forced, "pci") || !platform_can(platform, CAN_SHARE_NIC);
    size_t router = 0;
    *ret_why = NULL;
    if (plan->topology != TOPOLOGY_DEDICATED || !platform_can(platform, CAN_TAKE_PCI)) {
        return 0;
    }
    for (size_t node = 0; node < plan->node_count; node++) {
        char why[WHY_MAX] = "";
        bool handed = false;
        if (plan->nodes[node].kind != NODE_ROUTER) {
            continue;
        }
        if (text_equal(forced, "macvtap")) {
            snprintf(why, sizeof why, HANDOVER_FORCED " says so");
        } else {
            handed = decide_router(platform, home, plan, node, router, why, sizeof why);
        }
        router++;
        if (!handed && why[0] != '\0' && must) {
            free(steal_pointer(ret_why));
            return fail_lacking(err, "router %s can't get its NICs as PCI devices: %s",
                                plan->nodes[node].name, why);
        }
        if (say && (handed || why[0] != '\0')) {
            report_handover(plan, node, handed, !text_equal(forced, "macvtap"), why);
        }
        if (!handed && why[0] != '\0' && *ret_why == NULL) {
            *ret_why = text_copy(why);
        }
    }
    return 0;
}

const char *handover_links(const struct plan *plan, size_t node, bool stays)
{
    bool handed = false;
    bool stacked = false;
    if (plan->topology != TOPOLOGY_DEDICATED) {
        return NULL;
    }
    for (size_t i = 0; i < plan->interface_count; i++) {
        if (plan->interfaces[i].node == node) {
            handed |= plan->interfaces[i].pci[0] != '\0';
            stacked |= plan->interfaces[i].pci[0] == '\0';
        }
    }
    stacked &= stays;
    return handed ? (stacked ? "pci, macvtap" : "pci") : (stacked ? "macvtap" : NULL);
}

// ---- getting back

bool handover_is_noted(const json_t *entry)
{
    return json_is_string(json_object_get(entry, "pci"));
}

static const char *own_name(const json_t *entry)
{
    return json_string_value(json_object_get(json_object_get(entry, "nic"), "name"));
}

void handover_clear_name(const struct netns *home, const json_t *nics, const json_t *entry)
{
    const char *name = own_name(entry);
    struct link_info info;
    char holder[PCI_ADDRESS_SIZE];
    size_t i = 0;
    json_t *other = NULL;
    if (name == NULL || link_find(home, name, &info, NULL) < 0 ||
        !pci_of_link(home, name, holder)) {
        return;
    }
    json_array_foreach(nics, i, other)
    {
        if (other != entry &&
            text_equal(json_string_value(json_object_get(other, "pci")), holder)) {
            char passing[16];
            snprintf(passing, sizeof passing, "vrbench%u", (unsigned)i % 10000);
            (void)link_set_up(home, info.index, false, NULL);
            (void)link_rename(home, info.index, passing, NULL);
        }
    }
}

int handover_await(const struct netns *home, const json_t *nics, const json_t *entry,
                   struct error *err)
{
    const char *address = json_string_value(json_object_get(entry, "pci"));
    const char *name = own_name(entry);
    struct link_info info;
    char now[16];
    if (address == NULL || name == NULL) {
        return fail(err, EINVAL, "record of an interface");
    }
    int rc = pci_await_link(home, address, BACK_WITHIN_NS, now, err);
    if (rc == 0 && !text_equal(now, name)) {
        handover_clear_name(home, nics, entry);
        rc = link_find(home, now, &info, err);
        if (rc == 0) {
            (void)link_set_up(home, info.index, false, NULL);
            rc = link_rename(home, info.index, name, err);
        }
    }
    if (rc < 0) {
        error_context(err, "giving back interface %s", name);
    }
    return rc;
}
