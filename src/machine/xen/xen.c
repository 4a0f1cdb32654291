// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen — routers as domains of Xen's, by libxl, in Domain-0. The table of functions;
 * domain.h tells what does the work. Called by testbed/ through platform.h.
 *
 * "xen:///…", a libvirt URI, is not of this platform.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "machine/xen/domain.h"
#include "machine/xen/scheduler.h"
#include "machine/xen/usage.h"

static bool xen_takes(const char *uri)
{
    return text_equal(uri, "xen");
}

static struct platform *xen_platform_open(const char *uri)
{
    struct xen_platform *platform = memory_new(1, sizeof *platform);
    platform->base = (struct platform){.ops = &platform_xen, .uri = text_copy(uri)};
    return &platform->base;
}

static void xen_platform_close(struct platform *platform)
{
    struct xen_platform *xen = (struct xen_platform *)platform;
    deaths_free(xen->deaths);
    xen_close(xen->connection);
    free(platform->uri);
    free(xen);
}

// ---- what it uses and may use

static int living(const struct router *router, struct xen_connection **ret, struct error *err)
{
    int rc = domain_connection(router->platform, ret, err);
    return rc == 0 && !domain_lives(*ret, router->id, router->uuid)
               ? fail(err, ESRCH, "domain %s has ended", router->domain)
               : rc;
}

static int usage(const struct router *router, struct cpu_part **ret, size_t *ret_count,
                 struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = living(router, &xen, err);
    return rc == 0 ? xen_usage_parts(xen, router->id, ret, ret_count, err) : rc;
}

static int memory(const struct router *router, uint64_t *ret, struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = living(router, &xen, err);
    return rc == 0 ? xen_usage_memory(xen, router->id, ret, err) : rc;
}

static int set_allocation(struct router *router, unsigned weight, unsigned cap, struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = living(router, &xen, err);
    return rc == 0 ? xen_scheduler_set(xen, router->id, weight, &cap, err) : rc;
}

static int get_allocation(const struct router *router, unsigned *ret_weight, unsigned *ret_cap,
                          struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = living(router, &xen, err);
    return rc == 0 ? xen_scheduler_allocation(xen, router->id, ret_weight, ret_cap, err) : rc;
}

// ---- Domain-0, which runs beside the routers

static int times(struct platform *platform, struct hypervisor_times *ret, struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = domain_connection((struct xen_platform *)platform, &xen, err);
    return rc == 0 ? xen_usage_times(xen, ret, err) : rc;
}

static int set_host_allocation(struct platform *platform, unsigned weight, unsigned cap,
                               struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = domain_connection((struct xen_platform *)platform, &xen, err);
    return rc == 0 ? xen_scheduler_set(xen, XEN_HOST, weight, &cap, err) : rc;
}

static int get_host_allocation(struct platform *platform, unsigned *ret_weight, unsigned *ret_cap,
                               struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = domain_connection((struct xen_platform *)platform, &xen, err);
    return rc == 0 ? xen_scheduler_allocation(xen, XEN_HOST, ret_weight, ret_cap, err) : rc;
}

static const char *allocated_by(struct platform *platform)
{
    struct xen_connection *xen = NULL;
    const char *name = domain_connection((struct xen_platform *)platform, &xen, NULL) < 0
                           ? NULL
                           : xen_scheduler_name(xen, XEN_HOST);
    return name == NULL ? "Xen" : name;
}

static void tasks(const struct router *router, const pid_t **ret, size_t *ret_count)
{
    (void)router;
    *ret = NULL;
    *ret_count = 0;
}

static const struct netns *netns(const struct router *router)
{
    (void)router;
    return NULL;
}

const struct platform_ops platform_xen = {
    .name = "xen",
    .takes = xen_takes,
    .open = xen_platform_open,
    .close = xen_platform_close,
    .port = PORT_NETBACK,
    .rest_is_hosts = true,
    .daemons_inside = true,
    .check = domain_check,
    .takes_pci = domain_takes_pci,
    .create = domain_create,
    .await = domain_await,
    .start_daemon = domain_start_daemon,
    .leads_to = domain_leads_to,
    .daemon_words = domain_daemon_words,
    .destroy = domain_destroy,
    .reboot = domain_reboot,
    .describe = domain_describe,
    .attach = domain_attach,
    .release = domain_release,
    .clean_up = domain_clean_up,
    .watch = domain_watch,
    .ended = domain_ended,
    .console = domain_console,
    .usage = usage,
    .memory = memory,
    .tasks = tasks,
    .set_allocation = set_allocation,
    .get_allocation = get_allocation,
    .counters = domain_counters,
    .netns = netns,
    .facts = domain_facts,
    .times = times,
    .set_host_allocation = set_host_allocation,
    .get_host_allocation = get_host_allocation,
    .allocated_by = allocated_by,
};
