// SPDX-License-Identifier: GPL-3.0-or-later
// machine/qemu/router — see router.h.
#include "machine/qemu/router.h"

#include "linux/process.h"

int machine_connection(struct libvirt_platform *platform, struct connection **ret,
                       struct error *err)
{
    if (platform->connection == NULL) {
        int rc = connection_open(platform->base.uri, CONNECTION_CHANGE, &platform->connection, err);
        if (rc < 0) {
            return rc;
        }
        platform->scale = scheduler_scale(platform->connection);
    }
    *ret = platform->connection;
    return 0;
}

bool machine_has_died(const struct router *router)
{
    return router->fd < 0 || process_has_ended(router->fd);
}

int machine_call(const struct router *router, connection_work work, void *data, struct error *err)
{
    struct connection *connection = NULL;
    int rc = machine_connection(router->platform, &connection, err);
    return rc == 0 ? connection_call(connection, work, data, err) : rc;
}
