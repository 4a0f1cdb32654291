// SPDX-License-Identifier: GPL-3.0-or-later
// machine/xen/abilities — what can and can't be done with the domains of this Xen: see
// machine/abilities.h.
#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/xen/foreign_parts.h"
#include "machine/xen/scheduler.h"
#include "machine/xen/usage.h"

#define MIB 1048576ULL

static char *summarise(struct xen_connection *xen, const struct foreign_list *list)
{
    _cleanup_free_ char *version = xen_hypervisor(xen);
    const char *scheduler = xen_scheduler_name(xen, XEN_HOST);
    return text_format("xen: %s, scheduler %s, %u CPU%s, %llu MiB", version,
                       scheduler == NULL ? "unknown" : scheduler, list->host_cpus,
                       list->host_cpus == 1 ? "" : "s",
                       (unsigned long long)(list->host_memory_bytes / MIB));
}

static void try_kinds(struct xen_connection *xen, struct abilities *all)
{
    libxl_physinfo info;
    libxl_physinfo_init(&info);
    int code = libxl_get_physinfo(xen_handle(xen), &info);
    if (code != 0) {
        const char *why = libxl_error_to_string(code);
        abilities_add(all, "kinds of machine", ABILITY_UNKNOWN,
                      text_copy(why == NULL ? "libxl reported no reason" : why));
    } else {
        abilities_add(all, "create PV", info.cap_pv ? ABILITY_YES : ABILITY_NO,
                      text_copy("by what the hypervisor was built with"));
        abilities_add(all, "create PVH, HVM", info.cap_hvm ? ABILITY_YES : ABILITY_NO,
                      text_copy(info.cap_hvm ? "the CPU has VT-x or AMD-V; HVM takes a QEMU for "
                                               "Xen, too (qemu-system-xen)"
                                             : "the CPU has no VT-x or AMD-V, or it is off"));
        abilities_add(
            all, "PCI devices to machines", info.cap_hvm_directio ? ABILITY_YES : ABILITY_NO,
            text_copy(info.cap_hvm_directio ? "an IOMMU is there" : "no IOMMU is in use"));
    }
    libxl_physinfo_dispose(&info);
    xen_quiet(xen);
}

static void try_reading(const struct foreign_list *list, struct abilities *all)
{
    const struct foreign_machine *host = NULL;
    const struct foreign_machine *guest = NULL;
    for (size_t i = 0; i < list->count; i++) {
        host = list->items[i].id == XEN_HOST ? &list->items[i] : host;
        guest = guest == NULL && list->items[i].id != XEN_HOST ? &list->items[i] : guest;
    }
    if (host != NULL) {
        abilities_add(all, "CPU time", ABILITY_YES, text_format("of %s", host->name));
        abilities_add(all, "CPU time by parts", ABILITY_YES,
                      text_format("of %s: %zu vCPU%s", host->name, host->vcpu_time_count,
                                  host->vcpu_time_count == 1 ? "" : "s"));
    }
    abilities_add(
        all, "hypervisor memory", list->hypervisor_bytes > 0 ? ABILITY_YES : ABILITY_NO,
        text_format("%llu MiB are Xen's own", (unsigned long long)(list->hypervisor_bytes / MIB)));
    if (guest == NULL) {
        abilities_add(all, "interface counters", ABILITY_UNKNOWN,
                      text_copy("there is no machine to try it on"));
    } else {
        abilities_add(
            all, "interface counters", guest->has_networks ? ABILITY_YES : ABILITY_NO,
            guest->has_networks
                ? text_format("of %s: %zu", guest->name, guest->network_count)
                : text_format("the vifs of %s are in another network namespace", guest->name));
    }
}

static void try_rationing(struct xen_connection *xen, struct abilities *all)
{
    struct foreign_allocation now = {0};
    _cleanup_error_ struct error why = ERROR_INIT;
    if (xen_scheduler_get(xen, XEN_HOST, &now, &why) < 0) {
        abilities_add(all, "weight", ABILITY_UNKNOWN, text_copy(why.text));
        abilities_add(all, "cap", ABILITY_UNKNOWN, text_copy(why.text));
        return;
    }
    const bool has[] = {now.has_weight, now.has_cap};
    static const char *const names[] = {"weight", "cap"};
    for (size_t i = 0; i < 2; i++) {
        abilities_add(all, names[i], has[i] ? ABILITY_YES : ABILITY_NO,
                      has[i] ? text_format("by Xen's scheduler %s; what is set is read back before "
                                           "it is believed",
                                           now.weight_by)
                             : text_copy(now.why));
    }
    foreign_allocation_clear(&now);
}

static void try_console(struct xen_connection *xen, const struct foreign_list *list,
                        struct abilities *all)
{
    for (size_t i = 0; i < list->count; i++) {
        _cleanup_free_ char *path = NULL;
        const struct foreign_machine *machine = &list->items[i];
        if (machine->id == XEN_HOST) {
            continue;
        }
        bool there = libxl_primary_console_get_tty(xen_handle(xen), machine->id, &path) == 0 &&
                     path != NULL && *path != '\0';
        abilities_add(all, "console", there ? ABILITY_YES : ABILITY_NO,
                      there ? text_format("of %s: %s", machine->name, path)
                            : text_format("%s has none (is xenconsoled running?)", machine->name));
        xen_quiet(xen);
        return;
    }
    abilities_add(all, "console", ABILITY_UNKNOWN, text_copy("there is no machine to try it on"));
}

int foreign_xen_abilities(const char *uri, struct abilities *ret, struct error *err)
{
    struct foreign *foreign = NULL;
    struct foreign_list list = {0};
    struct abilities all = {0};
    int rc = foreign_open(uri, false, &foreign, err);
    if (rc == 0) {
        rc = foreign_list(foreign, FOREIGN_NETWORKS, &list, err);
    }
    if (rc == 0) {
        struct xen_connection *xen = foreign_xen_connection(foreign);
        all.summary = summarise(xen, &list);
        abilities_add(&all, "list", ABILITY_YES,
                      text_format("%zu domain%s", list.count, list.count == 1 ? "" : "s"));
        try_kinds(xen, &all);
        try_reading(&list, &all);
        try_rationing(xen, &all);
        try_console(xen, &list, &all);
        abilities_add(&all, "destroy, reboot", ABILITY_UNKNOWN,
                      text_copy("not tried: there is no harmless way"));
        *ret = all;
    }
    foreign_list_clear(&list);
    foreign_close(foreign);
    return rc;
}
