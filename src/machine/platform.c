// SPDX-License-Identifier: GPL-3.0-or-later
// machine/platform — the table of platforms. See platform.h.
#include "machine/platform.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "version.h"

static const struct platform_ops *const platforms[] = {
    &platform_netns,
#if HAVE_LIBVIRT
    &platform_libvirt,
    &platform_lxc,
#endif
#if HAVE_XEN
    &platform_xen,
#endif
};

static const struct platform_ops *ops_of(const char *uri)
{
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++) {
        if (platforms[i]->takes(uri)) {
            return platforms[i];
        }
    }
    return NULL;
}

int platform_check(const char *uri, struct error *err)
{
    if (ops_of(uri) != NULL) {
        return 0;
    }
    if (text_equal(uri, "xen")) {
        return fail_lacking(err, "platform xen: this vrbench was built without Xen's libraries "
                                 "(package libxen-dev, then build again)");
    }
    if (strchr(uri, ':') == NULL) {
        return fail_input(err,
                          "there is no platform \"%s\"; there are netns, xen and libvirt URIs "
                          "(qemu:///system)",
                          uri);
    }
    return HAVE_LIBVIRT
               ? fail_lacking(err, "routers can't be made on %s, only on qemu:///… and lxc:///",
                              uri)
               : fail_lacking(err,
                              "platform %s: this vrbench was built without libvirt "
                              "(package libvirt-dev, then build again)",
                              uri);
}

enum port_kind platform_port(const char *uri)
{
    const struct platform_ops *ops = ops_of(uri);
    return ops == NULL ? PORT_NONE : ops->port;
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
    if (rc == 0 && platform->ops->check != NULL) {
        rc = platform->ops->check(platform, &plain, false, err);
    }
    platform_close(platform);
    return rc;
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
