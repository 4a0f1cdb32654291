// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/guest — what runs in a machine (the tiny guest of
 * image/), and talking to it: is it ready, its counters, commands, its console. See machine.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/counters.h"
#include "linux/link.h"
#include "machine/foreign.h"
#include "machine/qemu/machine.h"
#include "machine/qemu/own.h"

// ---- what it boots

int machine_boot_make(struct router *router, const struct router_spec *spec,
                      struct machine_boot *ret, struct error *err)
{
    if (router->own != NULL) {
        return own_boot_make(router, spec, ret, err);
    }
    struct tiny_boot boot = {0};
    router->initrd = text_format("%s.initrd", router->channel);
    int rc = tiny_guest_boot(spec, router->initrd, "ttyS0", &boot, err);
    if (rc == 0) {
        // Emulated, it would spend more time on unpacking itself than on anything else.
        char **kernel = text_equal(router->type, "qemu") ? &boot.vmlinux : &boot.kernel;
        *ret = (struct machine_boot){.kernel = steal_pointer(kernel),
                                     .initrd = steal_pointer(&boot.initrd),
                                     .cmdline = steal_pointer(&boot.cmdline)};
    }
    tiny_boot_clear(&boot);
    return rc;
}

void machine_boot_clear(struct machine_boot *boot)
{
    free(boot->kernel);
    free(boot->initrd);
    free(boot->cmdline);
    free(boot->disk);
    free(boot->disk_base);
    free(boot->seed);
    *boot = (struct machine_boot){0};
}

// ---- the channel

static int connect_to(const struct router *router, uint64_t until_ns, struct guest_channel **ret,
                      struct error *err)
{
    return guest_connect(router->channel, until_ns, ret, err);
}

struct tiny_guest machine_guest(const struct router *router)
{
    return (struct tiny_guest){.router = router,
                               .name = router->name,
                               .machine = router->domain,
                               .connect = connect_to,
                               .has_died = machine_has_died};
}

int machine_await(struct router *router, struct error *err)
{
    if (router->own != NULL) {
        return own_await(router, err);
    }
    struct tiny_guest guest = machine_guest(router);
    int rc = tiny_guest_await(&guest, err);
    if (rc == 0 && router->initrd != NULL) { // it is in the machine's memory now
        (void)unlink(router->initrd);
        free(steal_pointer(&router->initrd));
    }
    return rc;
}

// Of a device that is the machine's own, what the guest counts as dropped found its receive ring
// full
// (/proc/net/dev has it in one figure with the rest).
static void count_missed(const struct machine_nic *nic, struct namespace_counters *counters)
{
    for (size_t k = 0; nic->tap[0] == '\0' && k < counters->link_count; k++) {
        struct link_counters *inside = &counters->links[k];
        if (inside->index == nic->index) {
            inside->rx_missed += inside->rx_dropped;
            inside->rx_dropped = 0;
        }
    }
}

// An interface of a machine on a macvtap has parts on the host: what found its queue full there
// found the interface's receive ring full, and what the link below had to drop it has not sent.
static int add_host_parts(const struct router *router, struct namespace_counters *counters,
                          struct error *err)
{
    struct namespace_counters host = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < router->nic_count; i++) {
        const struct machine_nic *nic = &router->nics[i];
        struct link_info info;
        count_missed(nic, counters);
        if (nic->stacked[0] == '\0') {
            continue;
        }
        rc = host.links != NULL ? 0 : counters_read(router->host, &host, err);
        if (rc == 0) {
            rc = link_find(router->host, nic->stacked, &info, err);
        }
        const struct link_counters *tap = rc == 0 ? counters_link(&host, info.index) : NULL;
        const struct link_counters *below = counters_link(&host, nic->index);
        for (size_t k = 0; k < counters->link_count; k++) {
            struct link_counters *inside = &counters->links[k];
            if (inside->index != nic->index || tap == NULL || below == NULL) {
                continue;
            }
            inside->rx_missed += tap->rx_dropped;
            inside->tx_dropped += below->tx_dropped;
            inside->tx_packets -=
                below->tx_dropped < inside->tx_packets ? below->tx_dropped : inside->tx_packets;
        }
    }
    counters_clear(&host);
    return rc;
}

int machine_counters(const struct router *router, struct namespace_counters *ret, struct error *err)
{
    struct tiny_guest guest = machine_guest(router);
    if (machine_has_died(router)) {
        return tiny_guest_is_dead(&guest, err);
    }
    if (router->own != NULL) {
        return own_counters(router, ret, err);
    }
    struct guest_link *links = memory_new_array(struct guest_link, router->nic_count);
    for (size_t i = 0; i < router->nic_count; i++) {
        links[i] =
            (struct guest_link){.name = router->nics[i].name, .index = router->nics[i].index};
    }
    struct namespace_counters counters = {0};
    int rc = tiny_guest_counters(&guest, links, router->nic_count, &counters, err);
    free(links);
    rc = rc == 0 ? add_host_parts(router, &counters, err) : rc;
    if (rc < 0) {
        counters_clear(&counters);
        return rc;
    }
    *ret = counters;
    return 0;
}

// ---- its daemon

int machine_start_daemon(struct router *router, struct error *err)
{
    struct tiny_guest guest = machine_guest(router);
    return tiny_daemon_start(&guest, err);
}

int machine_leads_to(const struct router *router, uint32_t address, char ret_nic[16],
                     struct error *err)
{
    struct tiny_guest guest = machine_guest(router);
    return tiny_daemon_leads_to(&guest, address, ret_nic, err);
}

void machine_daemon_words(const struct router *router, char ret[160])
{
    struct tiny_guest guest = machine_guest(router);
    tiny_daemon_words(&guest, ret);
}

// ---- the console

int machine_console(const struct router *router, char *const *argv, int *ret_status,
                    struct error *err)
{
    if (machine_has_died(router)) {
        return fail(err, ESRCH, "router %s has died", router->name);
    }
    if (argv != NULL && router->own != NULL) {
        return fail_lacking(err,
                            "router %s has a system of its own (%s): its console can be entered, "
                            "but no command run in it",
                            router->name, own_image(router->own));
    }
    struct tiny_guest guest = machine_guest(router);
    if (argv != NULL) {
        return tiny_guest_run(&guest, (const char *const *)argv, ret_status, err);
    }
    if (!isatty(STDIN_FILENO) && router->own == NULL) {
        return tiny_guest_run_script(&guest, ret_status, err);
    }
    _cleanup_foreign_ struct foreign *foreign = NULL;
    int rc = foreign_open(router->platform->base.uri, true, &foreign, err);
    *ret_status = 0;
    return rc == 0 ? foreign_console(foreign, router->domain, err) : rc;
}
