// SPDX-License-Identifier: GPL-3.0-or-later
// machine/xen/xm_router — a domain's file as the file of a scenario's router: see
// scenario/catalogue.h. Called while a scenario is read.
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "machine/xen/xm_config.h"
#include "scenario/problem.h"
#include "scenario/scenario.h"

static int parse_file(const char *text, size_t length, struct router_file **ret,
                      struct scenario_problems *problems)
{
    struct xm_config *xm = NULL;
    int rc = xm_config_parse(text, length, &xm, problems);
    if (rc == 0) {
        xm->base.kind = &xm_config_files;
        *ret = &xm->base;
    }
    return rc;
}

static void locate_file(struct router_file *file, const char *path)
{
    xm_config_locate((struct xm_config *)file, path);
}

static void free_file(struct router_file *file)
{
    xm_config_free((struct xm_config *)file);
}

static const struct scenario_problems *notes_of(const struct router_file *file)
{
    return ((const struct xm_config *)file)->notes;
}

// A domain writes to its own disks while it is measured: those are left out.
static const char *boot_file(const struct router_file *file, size_t n,
                             char ret_what[ROUTER_FILE_WHAT])
{
    const struct xm_config *xm = (const struct xm_config *)file;
    size_t seen = 0;
    if (xm->kernel != NULL && seen++ == n) {
        snprintf(ret_what, ROUTER_FILE_WHAT, "kernel");
        return xm->kernel;
    }
    if (xm->ramdisk != NULL && seen++ == n) {
        snprintf(ret_what, ROUTER_FILE_WHAT, "ramdisk");
        return xm->ramdisk;
    }
    for (size_t i = 0; i < xm->disk_count; i++) {
        const struct xm_disk *disk = &xm->disks[i];
        if (disk->target != NULL && !disk->writable && seen++ == n) {
            snprintf(ret_what, ROUTER_FILE_WHAT, "disk %zu", i + 1);
            return disk->target;
        }
    }
    return NULL;
}

static bool mac_of(const struct router_file *file, size_t nic, uint8_t ret[6])
{
    const struct xm_config *xm = (const struct xm_config *)file;
    if (nic >= xm->vif_count || !xm->vifs[nic].has_mac) {
        return false;
    }
    memcpy(ret, xm->vifs[nic].mac, 6);
    return true;
}

// What a testbed can do of what becomes of a domain.
static enum on_crash nearest_action(enum xm_action action)
{
    bool ends = action == XM_DESTROY || action == XM_COREDUMP_DESTROY || action == XM_PRESERVE;
    return ends ? ON_CRASH_DESTROY : ON_CRASH_RESTART;
}

// Takes from the domain's file what the scenario itself doesn't say.
static void settle_router(const struct router_file *file, struct scenario *scenario, size_t number)
{
    const struct xm_config *xm = (const struct xm_config *)file;
    struct scenario_router *router = &scenario->routers[number];
    if (!router->given.memory && xm->memory_bytes != 0) {
        router->memory_bytes = xm->memory_bytes;
    }
    if (!router->given.weight && xm->weight != 0) {
        router->allocation.weight = xm->weight;
    }
    if (!router->given.cap && xm->has_cap) {
        router->allocation.cap = xm->cap;
    }
    // What neither says is the same in both.
    if (!router->given.on_crash) {
        router->on_crash = nearest_action(xm->on_crash);
    }
    if (!router->given.on_poweroff) {
        router->on_poweroff = nearest_action(xm->on_poweroff);
    }
    if (!router->given.on_reboot) {
        router->on_reboot = nearest_action(xm->on_reboot);
    }
}

// What a domain's file must have for the scenario.
static void check_for_scenario(struct router_file *file, const struct scenario *scenario,
                               size_t number, struct scenario_problems *problems)
{
    const struct xm_config *xm = (const struct xm_config *)file;
    const unsigned cap_most = 100 * scenario->host.cpus;
    size_t needed = 0;
    for (size_t i = 0; i < scenario->network_count; i++) {
        needed += scenario->networks[i].router == number ? 2 : 0;
    }
    for (size_t i = 0; i < scenario->topology_count; i++) {
        const struct xm_place place = xm->vif_at;
        if (scenario->topologies[i] == TOPOLOGY_BRIDGED && place.line != 0 &&
            xm->vif_count < needed) {
            problem_add(problems, place.line, place.column,
                        text_format("vif: expected at least %zu, two for each network of router "
                                    "%s, not %zu",
                                    needed, scenario->routers[number].name, xm->vif_count));
        }
    }
    if (xm->pci_count > 0) {
        problem_add(xm->notes, xm->pci_at.line, xm->pci_at.column,
                    text_format("pci: not used: links of the scenario names the NICs that router "
                                "%s gets in topology dedicated",
                                scenario->routers[number].name));
        problems_sort(xm->notes);
    }
    if (xm->vif_count > needed && needed > 0) {
        const struct xm_place place = xm->vifs[needed].place;
        problem_add(xm->notes, place.line, place.column,
                    text_format("vif: from here on not made: the scenario's networks use %zu "
                                "interfaces of router %s, and its console needs none",
                                needed, scenario->routers[number].name));
        problems_sort(xm->notes);
    }
    if (scenario->routers[number].allocation.cap > cap_most && xm->cap_at.line != 0 &&
        !scenario->routers[number].given.cap) {
        problem_add(problems, xm->cap_at.line, xm->cap_at.column,
                    text_format("%s: expected at most %u, 100 percent for each CPU of "
                                "host.cpus, not %u",
                                xm->cap_key, cap_most, xm->cap));
    }
}

const struct router_file_kind xm_config_files = {
    .parse = parse_file,
    .locate = locate_file,
    .settle = settle_router,
    .check = check_for_scenario,
    .notes = notes_of,
    .mac = mac_of,
    .boots = boot_file,
    .free = free_file,
};
