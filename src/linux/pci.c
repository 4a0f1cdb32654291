// SPDX-License-Identifier: GPL-3.0-or-later
// linux/pci — see pci.h.
#include "linux/pci.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/link.h"

#define VFIO           "vfio-pci"
#define TABLE_MAX      (4U << 20) // modules.dep
#define VALUE_MAX      4096U
#define STEP_NS        (10U * NS_PER_MS)
#define REBIND_NS      (2U * NS_PER_S) // time within which libvirt gives a device back
#define NAMED_NS       (5U * NS_PER_S) // time within which udev names an interface
#define CLASS_BRIDGE   0x06U           // PCI Code and ID Assignment, base class 6
#define MAC_SIZE       6U
#define UDEV_CONTROL   "/run/udev/control"
#define UDEV_INTERFACE "/run/udev/data/n%d" // exists once udev has processed the interface

// ---- ethtool

static bool ask(const struct netns *ns, const char *link, void *data)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", link);
    request.ifr_data = data;
    return ioctl(ns->control, SIOCETHTOOL, &request) == 0;
}

// Returns the text behind `digits` hexadecimal digits and the character after them; NULL if `at`
// does not begin so.
static const char *behind(const char *at, unsigned digits, char after)
{
    for (unsigned i = 0; at != NULL && i < digits; i++) {
        at = isxdigit((unsigned char)*at) == 0 ? NULL : at + 1;
    }
    return at != NULL && *at == after ? at + 1 : NULL;
}

// Whether a text is like "0000:03:00.1". Domains with more digits belong to software bridges, which
// libvirt does not support.
static bool is_address(const char *text)
{
    const char *at = behind(text, 4, ':');
    at = behind(at, 2, ':');
    at = behind(at, 2, '.');
    return behind(at, 1, '\0') != NULL;
}

bool pci_of_link(const struct netns *ns, const char *link, char ret[PCI_ADDRESS_SIZE])
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    if (!ask(ns, link, &info)) {
        return false;
    }
    info.bus_info[sizeof info.bus_info - 1] = '\0';
    if (!is_address(info.bus_info)) {
        return false;
    }
    memcpy(ret, info.bus_info, strlen(info.bus_info) + 1);
    return true;
}

bool pci_link_mac(const struct netns *ns, const char *link, uint8_t ret[6])
{
    struct {
        struct ethtool_perm_addr head;
        uint8_t bytes[32]; // MAX_ADDR_LEN
    } burnt = {.head = {.cmd = ETHTOOL_GPERMADDR, .size = sizeof burnt.bytes}};
    static const uint8_t none[MAC_SIZE];
    if (!ask(ns, link, &burnt) || burnt.head.size != MAC_SIZE ||
        memcmp(burnt.bytes, none, MAC_SIZE) == 0) {
        return false;
    }
    memcpy(ret, burnt.bytes, MAC_SIZE);
    return true;
}

struct search {
    const struct netns *ns;
    const char *address;
    size_t count;
    char name[16];
};

static void look_at(struct nl_object *object, void *context)
{
    struct search *search = context;
    const char *name = rtnl_link_get_name((struct rtnl_link *)object);
    char found[PCI_ADDRESS_SIZE];
    if (name != NULL && pci_of_link(search->ns, name, found) &&
        text_equal(found, search->address)) {
        search->count++;
        snprintf(search->name, sizeof search->name, "%s", name);
    }
}

size_t pci_links(const struct netns *ns, const char *address, char ret_name[16])
{
    struct search search = {.ns = ns, .address = address};
    struct nl_cache *links = NULL;
    if (rtnl_link_alloc_cache(ns->route, AF_UNSPEC, &links) < 0) {
        return 0;
    }
    nl_cache_foreach(links, look_at, &search);
    nl_cache_free(links);
    memcpy(ret_name, search.name, sizeof search.name);
    return search.count;
}

// ---- sysfs

static char *path_of(const char *sysfs, const char *address, const char *name)
{
    return text_format("%s/bus/pci/devices/%s/%s", sysfs, address, name);
}

// Returns the last component of a link's target; NULL if there is no such link.
static char *target(const char *sysfs, const char *address, const char *name)
{
    _cleanup_free_ char *path = path_of(sysfs, address, name);
    char to[VALUE_MAX];
    ssize_t length = readlink(path, to, sizeof to - 1);
    if (length < 0) {
        return NULL;
    }
    to[length] = '\0';
    return text_copy(text_base_name(to));
}

// Returns the single line of a file; NULL if it cannot be read.
static char *value(const char *sysfs, const char *address, const char *name)
{
    _cleanup_free_ char *path = path_of(sysfs, address, name);
    char *text = NULL;
    if (file_read(path, VALUE_MAX, &text, NULL, NULL) < 0) {
        return NULL;
    }
    text[strcspn(text, "\n")] = '\0';
    return text;
}

bool pci_driver(const char *sysfs, const char *address, char ret[PCI_DRIVER_SIZE])
{
    _cleanup_free_ char *driver = target(sysfs, address, "driver");
    if (driver == NULL) {
        return false;
    }
    snprintf(ret, PCI_DRIVER_SIZE, "%s", driver);
    return true;
}

char *pci_modalias(const char *sysfs, const char *address)
{
    return value(sysfs, address, "modalias");
}

size_t pci_iommu_groups(const char *sysfs)
{
    _cleanup_free_ char *path = text_format("%s/kernel/iommu_groups", sysfs);
    _cleanup_closedir_ DIR *groups = opendir(path);
    size_t count = 0;
    for (const struct dirent *entry = NULL; groups != NULL && (entry = readdir(groups)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    return count;
}

bool pci_has_vfio(const char *sysfs)
{
    static const char *const tables[] = {"modules.dep", "modules.builtin"};
    _cleanup_free_ char *driver = text_format("%s/bus/pci/drivers/" VFIO, sysfs);
    struct utsname kernel;
    bool found = access(driver, F_OK) == 0;
    for (size_t i = 0; !found && uname(&kernel) == 0 && i < sizeof tables / sizeof tables[0]; i++) {
        _cleanup_free_ char *path = text_format("/lib/modules/%s/%s", kernel.release, tables[i]);
        _cleanup_free_ char *text = NULL;
        found = file_read(path, TABLE_MAX, &text, NULL, NULL) == 0 &&
                strstr(text, "/" VFIO ".ko") != NULL;
    }
    return found;
}

bool pci_vfio_is_loaded(void)
{
    return access("/dev/vfio/vfio", F_OK) == 0;
}

static bool is_among(const char *address, const char *const *with, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(with[i], address)) {
            return true;
        }
    }
    return false;
}

// Whether a device of a group may stay when another device of the group is assigned: it is a
// bridge, or no driver of the host is bound to it.
static bool keeps_out(const char *sysfs, const char *address, char driver[PCI_DRIVER_SIZE])
{
    static const char *const idle[] = {VFIO, "pci-stub"};
    _cleanup_free_ char *class = value(sysfs, address, "class"); // "0x060400"
    bool bridge = class != NULL && strtoul(class, NULL, 16) >> 16 == CLASS_BRIDGE;
    bool driven = pci_driver(sysfs, address, driver);
    return bridge || !driven || is_among(driver, idle, sizeof idle / sizeof idle[0]);
}

static bool group_is_shared(const char *sysfs, const char *group, const char *const *with,
                            size_t count, char *why, size_t room)
{
    _cleanup_free_ char *path = text_format("%s/kernel/iommu_groups/%s/devices", sysfs, group);
    _cleanup_closedir_ DIR *devices = opendir(path);
    char driver[PCI_DRIVER_SIZE];
    for (const struct dirent *at = NULL; devices != NULL && (at = readdir(devices)) != NULL;) {
        if (at->d_name[0] != '.' && !is_among(at->d_name, with, count) &&
            !keeps_out(sysfs, at->d_name, driver)) {
            snprintf(
                why, room,
                "IOMMU group %s also contains %s (%s), and a group can only be assigned as a whole",
                group, at->d_name, driver);
            return true;
        }
    }
    return false;
}

bool pci_is_hindered(const char *sysfs, const char *address, const char *const *with, size_t count,
                     char *why, size_t room)
{
    _cleanup_free_ char *group = target(sysfs, address, "iommu_group");
    _cleanup_free_ char *functions = value(sysfs, address, "sriov_numvfs");
    if (group == NULL) {
        snprintf(why, room, "this machine has no IOMMU for the device");
        return true;
    }
    if (functions != NULL && strtoul(functions, NULL, 10) > 0) {
        snprintf(why, room, "%s of its virtual functions are in use", functions);
        return true;
    }
    if (!pci_has_vfio(sysfs)) {
        snprintf(why, room, "this kernel has no " VFIO " (CONFIG_VFIO_PCI)");
        return true;
    }
    const char **all = memory_new_array(const char *, count + 1);
    memcpy((void *)all, (const void *)with, count * sizeof *all);
    all[count] = address;
    bool shared = group_is_shared(sysfs, group, all, count + 1, why, room);
    free((void *)all);
    return shared;
}

// ---- getting it back

static bool is_in_use(const char *group)
{
    _cleanup_free_ char *path = text_format("/dev/vfio/%s", group);
    _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
    return fd < 0 && errno == EBUSY;
}

// Unbinds the device from vfio-pci and lets the kernel choose its driver.
static void rebind(const char *address)
{
    static const char *const steps[] = {"driver_override", "driver/unbind"};
    _cleanup_free_ char *group = target(PCI_SYSFS, address, "iommu_group");
    char driver[PCI_DRIVER_SIZE] = "";
    bool driven = pci_driver(PCI_SYSFS, address, driver);
    if (group == NULL || (driven && !text_equal(driver, VFIO)) || is_in_use(group)) {
        return;
    }
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        _cleanup_free_ char *path = path_of(PCI_SYSFS, address, steps[i]);
        (void)file_write(path, i == 0 ? "\n" : address, NULL);
    }
    (void)file_write(PCI_SYSFS "/bus/pci/drivers_probe", address, NULL);
}

static bool is_named(const struct netns *ns, const char *name)
{
    struct link_info info;
    char path[64];
    if (access(UDEV_CONTROL, F_OK) < 0) {
        return true;
    }
    if (link_find(ns, name, &info, NULL) < 0) {
        return false; // udev is renaming it
    }
    snprintf(path, sizeof path, UDEV_INTERFACE, info.index);
    return access(path, F_OK) == 0;
}

int pci_await_link(const struct netns *ns, const char *address, uint64_t within_ns,
                   char ret_name[16], struct error *err)
{
    uint64_t began = clock_monotonic_ns();
    uint64_t rebind_at = began + REBIND_NS;
    uint64_t seen = 0;
    for (;;) {
        char name[16];
        uint64_t now = clock_monotonic_ns();
        bool there = pci_links(ns, address, name) > 0;
        seen = there && seen == 0 ? now : seen;
        if (there && (is_named(ns, name) || now > seen + NAMED_NS)) {
            memcpy(ret_name, name, sizeof name);
            return 0;
        }
        if (!there && now > began + within_ns) {
            char driver[PCI_DRIVER_SIZE] = "no driver";
            (void)pci_driver(PCI_SYSFS, address, driver);
            return fail(err, ETIMEDOUT,
                        "PCI device %s (driver: %s): none of its interfaces came back", address,
                        driver);
        }
        if (!there && now > rebind_at) {
            rebind(address);
            rebind_at = now + REBIND_NS;
        }
        clock_sleep(STEP_NS);
    }
}
