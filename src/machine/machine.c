// SPDX-License-Identifier: GPL-3.0-or-later
// machine/machine — the table of kinds of machines. See machine.h.
#include "machine/machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "version.h"

static const struct machine_ops *const rows[] = {
    &machine_netns,
#if HAVE_LIBVIRT
    &machine_lxc,   &machine_qemu, &machine_other,
#endif
#if HAVE_XEN
    &machine_xen,
#endif
};

static const struct catalogue_platform *find_platform(const char *uri)
{
    for (size_t i = 0; i < machine_catalogue.platform_count; i++) {
        if (machine_catalogue.platforms[i].takes(uri)) {
            return &machine_catalogue.platforms[i];
        }
    }
    return NULL;
}

static const struct machine_ops *ops_of(const char *uri)
{
    const struct catalogue_platform *known = find_platform(uri);
    for (size_t i = 0; known != NULL && i < sizeof rows / sizeof rows[0]; i++) {
        if (text_equal(rows[i]->traits.name, known->name)) {
            return rows[i];
        }
    }
    return NULL;
}

int machine_row(const char *uri, const struct machine_ops **ret, struct error *err)
{
    const struct catalogue_platform *known = find_platform(uri);
    const struct machine_ops *ops = ops_of(uri);
    if (known == NULL) {
        return fail_input(err, "there is no platform \"%s\"; expected %s", uri,
                          machine_catalogue.platforms_expected);
    }
    if (ops == NULL) {
        return fail_lacking(err,
                            "platform %s: this vrbench was built without %s; build it again "
                            "with that",
                            uri, known->needs);
    }
    *ret = ops;
    return 0;
}

int platform_check(const char *uri, struct error *err)
{
    const struct machine_ops *ops = NULL;
    int rc = machine_row(uri, &ops, err);
    return rc == 0 && ops != NULL && (ops->traits.can & CAN_MAKE) == 0
               ? fail_lacking(err, "routers can't be made on %s, only on qemu:///… and lxc:///",
                              uri)
               : rc;
}

enum port_kind platform_port(const char *uri)
{
    const struct machine_ops *ops = ops_of(uri);
    return ops == NULL ? PORT_NONE : ops->traits.port;
}

int platform_open(const char *uri, struct platform **ret, struct error *err)
{
    int rc = platform_check(uri, err);
    if (rc == 0) {
        *ret = ops_of(uri)->open(uri);
    }
    return rc;
}

int platform_check_plain(const char *uri, struct error *err)
{
    struct platform *platform = NULL;
    const struct router_spec plain = {.name = "router"};
    int rc = platform_open(uri, &platform, err);
    if (rc == 0) {
        rc = platform->ops->check(platform, &plain, false, err);
    }
    platform_close(platform);
    return rc;
}

const char *platform_beneath(void)
{
    _cleanup_free_ char *type = NULL;
    bool xen =
        file_read("/sys/hypervisor/type", 64, &type, NULL, NULL) == 0 && text_starts(type, "xen");
    return xen ? "xen" : NULL;
}

void platform_close(struct platform *platform)
{
    if (platform != NULL) {
        platform->ops->close(platform);
    }
}

void hypervisor_times_clear(struct hypervisor_times *times)
{
    free(times->host_vcpus);
    *times = (struct hypervisor_times){0};
}

void machine_init(struct machine *machine, struct platform *platform, const char *name)
{
    *machine =
        (struct machine){.ops = platform->ops, .platform = platform, .name = text_copy(name)};
}

void machine_clear(struct machine *machine)
{
    netns_close(machine->ns);
    free(machine->tasks);
    free(machine->name);
}
