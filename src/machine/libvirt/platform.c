// SPDX-License-Identifier: GPL-3.0-or-later
// machine/libvirt/platform — see platform.h.
#include "machine/libvirt/platform.h"

#include <stdlib.h>

#include "base/text.h"

struct platform *libvirt_platform_new(const struct machine_ops *ops, const char *uri)
{
    struct libvirt_platform *platform = memory_new(1, sizeof *platform);
    platform->base = (struct platform){.ops = ops, .uri = text_copy(uri)};
    return &platform->base;
}

void libvirt_platform_close(struct platform *platform)
{
    struct libvirt_platform *libvirt = (struct libvirt_platform *)platform;
    connection_close(libvirt->connection);
    free(platform->uri);
    free(libvirt);
}

int libvirt_connect(struct platform *platform, struct connection **ret, struct error *err)
{
    struct libvirt_platform *libvirt = (struct libvirt_platform *)platform;
    if (libvirt->connection == NULL) {
        int rc = connection_open(platform->uri, CONNECTION_CHANGE, &libvirt->connection, err);
        if (rc < 0) {
            return rc;
        }
        libvirt->scale = scheduler_scale(libvirt->connection);
    }
    *ret = libvirt->connection;
    return 0;
}

int libvirt_connect_local(struct platform *platform, struct connection **ret, struct error *err)
{
    int rc = libvirt_connect(platform, ret, err);
    return rc < 0 || connection_is_local(*ret)
               ? rc
               : fail_lacking(err,
                              "%s is another computer's: routers can only be made where their "
                              "traffic is, on this one",
                              platform->uri);
}

int libvirt_add_facts(struct platform *platform, struct platform_facts *facts, struct error *err)
{
    struct connection *connection = NULL;
    char *hypervisor = NULL;
    int rc = libvirt_connect(platform, &connection, err);
    if (rc == 0) {
        rc = connection_hypervisor(connection, &hypervisor, err);
    }
    if (rc == 0) {
        free(facts->hypervisor);
        facts->hypervisor = hypervisor;
    }
    return rc;
}
