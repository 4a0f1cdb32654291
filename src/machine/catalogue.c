// SPDX-License-Identifier: GPL-3.0-or-later
// machine/catalogue — see catalogue.h. A platform's row of traits and functions is in machine.c.
#include "machine/catalogue.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "machine/xen/xm_config.h"

#define URI_MAX 255
#define LIBVIRT "libvirt (package libvirt-dev)"

// A URI as libvirt accepts it (RFC 3986, the scheme in lower case).
static bool is_uri(const char *text)
{
    size_t length = strlen(text);
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789+");
    bool good = scheme > 0 && text[scheme] == ':' && length <= URI_MAX;
    for (size_t i = 0; good && i < length; i++) {
        good = isgraph((unsigned char)text[i]) && (unsigned char)text[i] < 0x80;
    }
    return good;
}

static bool takes_netns(const char *called)
{
    return text_equal(called, "netns");
}

// "xen:///…" is a libvirt URI, and so another platform.
static bool takes_xen(const char *called)
{
    return text_equal(called, "xen");
}

static bool takes_lxc(const char *called)
{
    return is_uri(called) && (text_starts(called, "lxc:") || text_starts(called, "lxc+"));
}

static bool takes_qemu(const char *called)
{
    return is_uri(called) && text_starts(called, "qemu");
}

static const struct catalogue_platform platforms[] = {
    {.name = "netns", .kind = PLATFORM_NAMESPACES, .takes = takes_netns},
    {.name = "xen",
     .kind = PLATFORM_MACHINES,
     .host = "Domain-0",
     .pci_by = "pciback",
     .takes = takes_xen,
     .boots_images = true,
     .needs_nics = true,
     .needs = "Xen's libraries (package libxen-dev)",
     .files = &xm_config_files},
    {.name = "lxc",
     .kind = PLATFORM_CONTAINERS,
     .takes = takes_lxc,
     .boots_images = true,
     .needs = LIBVIRT},
    {.name = "libvirt",
     .kind = PLATFORM_MACHINES,
     .takes = takes_qemu,
     .boots_images = true,
     .needs = LIBVIRT},
    // libvirt's other drivers make no routers, which is reported when a platform is opened.
    {.name = "other",
     .kind = PLATFORM_MACHINES,
     .takes = is_uri,
     .boots_images = true,
     .needs = LIBVIRT},
};

const struct catalogue machine_catalogue = {
    .platforms = platforms,
    .platform_count = sizeof platforms / sizeof platforms[0],
    .platforms_expected = "netns, xen or a libvirt URI (qemu:///system)",
};

static const struct catalogue_platform *find_row(const char *name)
{
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        if (platforms[i].takes(name)) {
            return &platforms[i];
        }
    }
    return NULL;
}

void platform_facts_of_name(const char *name, struct platform_facts *ret)
{
    const struct catalogue_platform *row = find_row(name);
    bool uri = strchr(name, ':') != NULL;
    *ret = (struct platform_facts){
        .name = text_copy(uri ? "libvirt" : name),
        .uri = uri ? text_copy(name) : NULL,
        .kind = row == NULL ? PLATFORM_MACHINES : row->kind,
        .pci_by = row == NULL || row->pci_by == NULL ? NULL : text_copy(row->pci_by),
        .host = row == NULL || row->host == NULL ? NULL : text_copy(row->host),
    };
}

bool platform_runs_host(const char *name)
{
    const struct catalogue_platform *row = name == NULL ? NULL : find_row(name);
    return row != NULL && row->host != NULL;
}
