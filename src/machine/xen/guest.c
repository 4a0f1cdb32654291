// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/guest — the tiny guest that runs in a domain, talked to: is
 * it ready, its counters, its daemon, commands, its console; and what results say of it. See
 * domain.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/image.h"
#include "linux/counters.h"
#include "linux/link.h"
#include "machine/foreign.h"
#include "machine/xen/domain.h"

#define CPUINFO     "/proc/cpuinfo"
#define CPUINFO_MAX ((size_t)4 << 20)

static struct tiny_guest guest_of(const struct router *router)
{
    return (struct tiny_guest){.router = router,
                               .name = router->name,
                               .machine = router->domain,
                               .connect = domain_channel,
                               .has_died = domain_has_died};
}

int domain_await(struct router *router, struct error *err)
{
    struct tiny_guest guest = guest_of(router);
    if (router->own) {
        return 0; // whether it forwards is the testbed's to find out
    }
    int rc = tiny_guest_await(&guest, err);
    rc = rc == 0 ? domain_widen_vifs(router, err) : rc;
    if (rc == 0 && router->initrd != NULL) { // it is in the domain's memory
        (void)unlink(router->initrd);
        free(steal_pointer(&router->initrd));
    }
    return rc;
}

int domain_start_daemon(struct router *router, struct error *err)
{
    struct tiny_guest guest = guest_of(router);
    return tiny_daemon_start(&guest, err);
}

int domain_leads_to(const struct router *router, uint32_t address, char ret_nic[16],
                    struct error *err)
{
    struct tiny_guest guest = guest_of(router);
    return tiny_daemon_leads_to(&guest, address, ret_nic, err);
}

void domain_daemon_words(const struct router *router, char ret[160])
{
    struct tiny_guest guest = guest_of(router);
    tiny_daemon_words(&guest, ret);
}

// Of a system that doesn't answer: what the vifs on the host have of its interfaces.
static int count_outside(const struct router *router, struct namespace_counters *ret,
                         struct error *err)
{
    struct namespace_counters host = {0};
    struct namespace_counters counters = {0};
    int rc = counters_read(router->host, &host, err);
    counters.links = memory_new_array(struct link_counters, router->nic_count + 1);
    for (size_t i = 0; rc == 0 && i < router->nic_count; i++) {
        struct link_counters *inside = &counters.links[counters.link_count++];
        struct link_info info;
        *inside = (struct link_counters){.index = router->nics[i].index};
        rc = link_find(router->host, router->nics[i].vif, &info, err);
        const struct link_counters *vif = rc == 0 ? counters_link(&host, info.index) : NULL;
        if (vif != NULL) {
            inside->rx_packets = vif->tx_packets;
            inside->tx_packets = vif->rx_packets;
            inside->rx_bytes = vif->tx_bytes;
            inside->tx_bytes = vif->rx_bytes;
        }
    }
    counters_clear(&host);
    if (rc < 0) {
        counters_clear(&counters);
        return rc;
    }
    *ret = counters;
    return 0;
}

int domain_counters(const struct router *router, struct namespace_counters *ret, struct error *err)
{
    struct tiny_guest guest = guest_of(router);
    if (domain_has_died(router)) {
        return tiny_guest_is_dead(&guest, err);
    }
    if (router->own) {
        return count_outside(router, ret, err);
    }
    struct guest_link *links = memory_new_array(struct guest_link, router->nic_count);
    for (size_t i = 0; i < router->nic_count; i++) {
        links[i] =
            (struct guest_link){.name = router->nics[i].name, .index = router->nics[i].index};
    }
    int rc = tiny_guest_counters(&guest, links, router->nic_count, ret, err);
    free(links);
    return rc;
}

int domain_console(const struct router *router, char *const *argv, int *ret_status,
                   struct error *err)
{
    struct tiny_guest guest = guest_of(router);
    if (domain_has_died(router)) {
        return fail(err, ESRCH, "router %s has died", router->name);
    }
    if (argv != NULL && router->own) {
        return fail_lacking(err,
                            "router %s has a system of its own: its console can be entered, but no "
                            "command run in it",
                            router->name);
    }
    if (argv != NULL) {
        return tiny_guest_run(&guest, (const char *const *)argv, ret_status, err);
    }
    if (!isatty(STDIN_FILENO) && !router->own) {
        return tiny_guest_run_script(&guest, ret_status, err);
    }
    _cleanup_foreign_ struct foreign *foreign = NULL;
    int rc = foreign_open(router->platform->base.uri, true, &foreign, err);
    *ret_status = 0;
    return rc == 0 ? foreign_console(foreign, router->domain, err) : rc;
}

// Whether the computer below Xen is one of QEMU's, by the CPU that Domain-0 sees: Xen itself
// emulates none, but whether that QEMU does can't be told from here.
static bool is_on_qemu(void)
{
    _cleanup_free_ char *cpus = NULL;
    return file_read(CPUINFO, CPUINFO_MAX, &cpus, NULL, NULL) == 0 && strstr(cpus, "QEMU") != NULL;
}

int domain_facts(struct platform *platform, const struct router *router,
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
    _cleanup_image_ struct image image = {0};
    if (router != NULL && router->own) {
        free(facts->guest);
        facts->guest = text_copy("a system of their own file's");
    } else if (router != NULL && image_find(NULL, &image, NULL) == 0) {
        free(facts->guest);
        facts->guest = text_format("%s %s", image.kernel_package, image.kernel_version);
    }
    return 0;
}
