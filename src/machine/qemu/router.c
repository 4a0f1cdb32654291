// SPDX-License-Identifier: GPL-3.0-or-later
// machine/qemu/router — see router.h.
#include "machine/qemu/router.h"

#include "linux/process.h"

bool qemu_has_died(const struct qemu_machine *router)
{
    return router->fd < 0 || process_has_ended(router->fd);
}

int qemu_call(const struct qemu_machine *router, connection_work work, void *data,
              struct error *err)
{
    struct connection *connection = NULL;
    int rc = libvirt_connect(router->guest.base.platform, &connection, err);
    return rc == 0 ? connection_call(connection, work, data, err) : rc;
}
