// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen — routers as domains of Xen, by libxl, in Domain-0. The table of functions; domain.h
 * lists the files. Called by testbed/ through machine.h.
 *
 * "xen:///…" is a libvirt URI and does not belong to this platform.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "machine/foreign.h"
#include "machine/xen/domain.h"
#include "machine/xen/scheduler.h"
#include "machine/xen/usage.h"

#define CPUINFO     "/proc/cpuinfo"
#define CPUINFO_MAX ((size_t)4 << 20)

static struct platform *xen_platform_open(const char *uri)
{
    struct xen_platform *platform = memory_new(1, sizeof *platform);
    platform->base = (struct platform){.ops = &machine_xen, .uri = text_copy(uri)};
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

static int open_living(const struct machine *machine, struct xen_connection **ret,
                       struct error *err)
{
    const struct xen_machine *router = xen_machine_of(machine);
    int rc = domain_connection(xen_platform_of(router), ret, err);
    return rc == 0 && !domain_lives(*ret, router->id, router->uuid)
               ? fail(err, ESRCH, "domain %s has ended", router->guest.domain)
               : rc;
}

// Its vCPUs are the hypervisor's, which does not report whether they wait.
static bool xen_is_forwarding(const struct machine *machine)
{
    (void)machine;
    return false;
}

static int xen_usage(const struct machine *machine, struct cpu_part **ret, size_t *ret_count,
                     struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = open_living(machine, &xen, err);
    return rc == 0 ? xen_usage_parts(xen, xen_machine_of(machine)->id, ret, ret_count, err) : rc;
}

static int xen_memory(const struct machine *machine, uint64_t *ret, struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = open_living(machine, &xen, err);
    return rc == 0 ? xen_usage_memory(xen, xen_machine_of(machine)->id, ret, err) : rc;
}

static int xen_set_allocation(struct machine *machine, unsigned weight, unsigned cap,
                              struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = open_living(machine, &xen, err);
    return rc == 0 ? xen_scheduler_set(xen, xen_machine_of(machine)->id, weight, &cap, err) : rc;
}

static int xen_get_allocation(const struct machine *machine, unsigned *ret_weight,
                              unsigned *ret_cap, struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = open_living(machine, &xen, err);
    return rc == 0 ? xen_scheduler_allocation(xen, xen_machine_of(machine)->id, ret_weight, ret_cap,
                                              err)
                   : rc;
}

// ---- Domain-0, which runs beside the routers

static int xen_times(struct platform *platform, struct hypervisor_times *ret, struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = domain_connection((struct xen_platform *)platform, &xen, err);
    return rc == 0 ? xen_usage_times(xen, ret, err) : rc;
}

static int xen_set_host_allocation(struct platform *platform, unsigned weight, unsigned cap,
                                   struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = domain_connection((struct xen_platform *)platform, &xen, err);
    return rc == 0 ? xen_scheduler_set(xen, XEN_HOST, weight, &cap, err) : rc;
}

static int xen_get_host_allocation(struct platform *platform, unsigned *ret_weight,
                                   unsigned *ret_cap, struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = domain_connection((struct xen_platform *)platform, &xen, err);
    return rc == 0 ? xen_scheduler_allocation(xen, XEN_HOST, ret_weight, ret_cap, err) : rc;
}

static const char *xen_allocated_by(struct platform *platform)
{
    struct xen_connection *xen = NULL;
    const char *name = domain_connection((struct xen_platform *)platform, &xen, NULL) < 0
                           ? NULL
                           : xen_scheduler_name(xen, XEN_HOST);
    return name == NULL ? "Xen" : name;
}

// ---- its facts for results

// Whether the computer below Xen is an emulator's, by the CPU that Domain-0 sees. Xen itself
// emulates no CPU; whether that QEMU does is unknown here.
static bool is_on_qemu(void)
{
    _cleanup_free_ char *cpus = NULL;
    return file_read(CPUINFO, CPUINFO_MAX, &cpus, NULL, NULL) == 0 && strstr(cpus, "QEMU") != NULL;
}

static int xen_facts(struct platform *platform, const struct machine *machine,
                     struct platform_facts *facts, struct error *err)
{
    struct xen_connection *xen = NULL;
    int rc = domain_connection((struct xen_platform *)platform, &xen, err);
    if (rc < 0) {
        return rc;
    }
    free(facts->hypervisor);
    facts->hypervisor = xen_hypervisor(xen);
    facts->emulation_known = !is_on_qemu();
    guest_machine_add_facts(machine, facts);
    return 0;
}

const struct machine_ops machine_xen = {
    .traits = {.name = "xen",
               .kind = PLATFORM_MACHINES,
               .port = PORT_NETBACK,
               .can = CAN_MAKE | CAN_LIST | CAN_RATION | CAN_RATION_HOST | CAN_TAKE_PCI |
                      CAN_ROUTE | CAN_HOLD_DAEMON | CAN_SAY_END},
    .others = &foreign_xen,
    .open = xen_platform_open,
    .close = xen_platform_close,
    .check = domain_check,
    .takes_pci = domain_takes_pci,
    .make = domain_make,
    .await = domain_await,
    .end = domain_end,
    .reboot = domain_reboot,
    .note = domain_note,
    .recall = domain_recall,
    .release = domain_release,
    .clean_up = domain_clean_up,
    .watch = domain_watch,
    .ended = domain_ended,
    .console = guest_machine_console,
    .command = guest_machine_command,
    .start_daemon = guest_machine_start_daemon,
    .leads_to = guest_machine_leads_to,
    .daemon_words = guest_machine_daemon_words,
    .usage = xen_usage,
    .is_forwarding = xen_is_forwarding,
    .memory = xen_memory,
    .counters = guest_machine_counters,
    .facts = xen_facts,
    .set_allocation = xen_set_allocation,
    .get_allocation = xen_get_allocation,
    .allocated_by = xen_allocated_by,
    .times = xen_times,
    .set_host_allocation = xen_set_host_allocation,
    .get_host_allocation = xen_get_host_allocation,
};
