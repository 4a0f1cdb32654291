// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt — routers as virtual machines of QEMU, by libvirt's own calls. The table of
 * functions; machine.h tells what does the work. Called by testbed/ through platform.h.
 *
 * A machine's interfaces are taps that are made here, opened by QEMU while the machine is paused,
 * and then moved to the testbed's host, on whose bridges they go.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "machine/qemu/machine.h"

static bool libvirt_takes(const char *uri)
{
    return text_starts(uri, "qemu") && strchr(uri, ':') != NULL;
}

static struct platform *libvirt_open(const char *uri)
{
    struct libvirt_platform *platform = memory_new(1, sizeof *platform);
    platform->base = (struct platform){.ops = &platform_libvirt, .uri = text_copy(uri)};
    return &platform->base;
}

static void libvirt_close(struct platform *platform)
{
    struct libvirt_platform *libvirt = (struct libvirt_platform *)platform;
    connection_close(libvirt->connection);
    free(platform->uri);
    free(libvirt);
}

static int libvirt_watch(const struct router *router)
{
    return router->fd;
}

static void libvirt_tasks(const struct router *router, const pid_t **ret, size_t *ret_count)
{
    (void)router;
    *ret = NULL;
    *ret_count = 0;
}

static const struct netns *libvirt_netns(const struct router *router)
{
    (void)router;
    return NULL;
}

const struct platform_ops platform_libvirt = {
    .name = "libvirt",
    .takes = libvirt_takes,
    .open = libvirt_open,
    .close = libvirt_close,
    .port = PORT_TAP,
    .taken_stays = true,
    .rest_is_hosts = true,
    .daemons_inside = true,
    .check = machine_check,
    .takes_pci = machine_takes_pci,
    .create = machine_create,
    .await = machine_await,
    .start_daemon = machine_start_daemon,
    .leads_to = machine_leads_to,
    .daemon_words = machine_daemon_words,
    .destroy = machine_destroy,
    .reboot = machine_reboot,
    .describe = machine_describe,
    .attach = machine_attach,
    .release = machine_release,
    .clean_up = machine_clean_up,
    .watch = libvirt_watch,
    .console = machine_console,
    .usage = machine_usage,
    .memory = machine_memory,
    .tasks = libvirt_tasks,
    .set_allocation = machine_set_allocation,
    .get_allocation = machine_get_allocation,
    .counters = machine_counters,
    .netns = libvirt_netns,
    .facts = machine_facts,
};
