// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/domain_config — a router as libxl's configuration of a domain (libxl.h; fields:
 * xl.cfg(5)). See domain.h.
 */
#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "linux/cpu.h"
#include "machine/xen/domain.h"
#include "machine/xen/usage.h"

// libxl runs a script for each vif and waits for its end. vifs.c does the script's work instead.
#define NO_SCRIPT  "/bin/true"
#define MEMORY_OWN (512ULL << 20) // default memory of a system of its own

static void add_entry(libxl_domain_create_info *info, size_t *count, char *key, char *value)
{
    info->xsdata = memory_resize(info->xsdata, *count + 3, sizeof(char *));
    info->xsdata[(*count)++] = key;
    info->xsdata[(*count)++] = value;
    info->xsdata[*count] = NULL;
}

// Written to xenstore below the domain, which cannot change it.
static void add_identity(const struct router_spec *spec, libxl_domain_create_info *info)
{
    size_t count = 0;
    add_entry(info, &count, text_copy("vrbench/testbed"), text_copy(spec->testbed));
    add_entry(info, &count, text_copy("vrbench/router"), text_copy(spec->name));
    add_entry(info, &count, text_copy("vrbench/life"), text_format("%u", spec->id));
    add_entry(info, &count, text_copy(XEN_KEY_FOLDER), text_copy(spec->directory));
    for (size_t i = 0; i < spec->nic_count; i++) {
        if (spec->nics[i].bridge != 0) {
            add_entry(info, &count, text_format(XEN_KEY_VIF, i), text_copy(spec->nics[i].vif));
        }
    }
}

static int bind_to(libxl_ctx *handle, const unsigned *cpus, size_t count,
                   libxl_domain_build_info *info, struct error *err)
{
    info->num_vcpu_hard_affinity = info->max_vcpus;
    info->vcpu_hard_affinity = memory_new((size_t)info->max_vcpus, sizeof(libxl_bitmap));
    for (int i = 0; i < info->max_vcpus; i++) {
        libxl_bitmap *map = &info->vcpu_hard_affinity[i];
        libxl_bitmap_init(map);
        if (libxl_cpu_bitmap_alloc(handle, map, 0) != 0) {
            return fail(err, 0, "a list of CPUs for libxl");
        }
        for (size_t cpu = 0; cpu < count; cpu++) {
            libxl_bitmap_set(map, (int)cpus[cpu]); // ignores CPUs that do not exist
        }
    }
    libxl_defbool_set(&info->numa_placement, false);
    return 0;
}

// Its vCPUs run on the CPUs that the domain's own file names. Otherwise they are bound to the
// device under test's CPUs if Domain-0's CPUs are the computer's. If they are not, the numbers are
// unrelated, and the scheduler chooses.
static int bind_vcpus(libxl_ctx *handle, const struct router_spec *spec,
                      libxl_domain_build_info *info, struct error *err)
{
    const struct cpu_list *cpus = spec->cpus;
    struct cpu_list own = {0};
    int online = libxl_get_online_cpus(handle);
    if (xm_of(spec) != NULL && xm_of(spec)->cpu_count > 0) {
        return bind_to(handle, xm_of(spec)->cpus, xm_of(spec)->cpu_count, info, err);
    }
    return cpus != NULL && cpus->count > 0 && cpu_list_usable(&own, NULL) == 0 && online > 0 &&
                   own.count == (size_t)online && cpus->count < own.count
               ? bind_to(handle, cpus->cpus, cpus->count, info, err)
               : 0;
}

static void add_vifs(const struct router_spec *spec, libxl_domain_config *config)
{
    config->nics = memory_new(spec->nic_count, sizeof *config->nics);
    for (size_t i = 0; i < spec->nic_count; i++) {
        if (spec->nics[i].bridge == 0) {
            continue;
        }
        libxl_device_nic *nic = &config->nics[config->num_nics++];
        libxl_device_nic_init(nic);
        nic->devid = (libxl_devid)i;
        nic->nictype = LIBXL_NIC_TYPE_VIF;
        nic->script = text_copy(NO_SCRIPT);
        memcpy(nic->mac, spec->nics[i].mac, 6);
    }
}

static int add_pci(const struct router_spec *spec, libxl_domain_config *config, struct error *err)
{
    int rc = 0;
    config->pcidevs = memory_new(spec->nic_count, sizeof *config->pcidevs);
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        if (spec->nics[i].pci != NULL) {
            rc = domain_pci_of(spec->nics[i].pci, &config->pcidevs[config->num_pcidevs++], err);
        }
    }
    if (config->num_pcidevs > 0 && config->c_info.type == LIBXL_DOMAIN_TYPE_PV) {
        libxl_defbool_set(&config->b_info.u.pv.e820_host, true); // as xl does
    }
    return rc;
}

static libxl_disk_format format_of(const struct xm_disk *disk)
{
    static const libxl_disk_format formats[] = {[XM_DISK_RAW] = LIBXL_DISK_FORMAT_RAW,
                                                [XM_DISK_QCOW] = LIBXL_DISK_FORMAT_QCOW,
                                                [XM_DISK_QCOW2] = LIBXL_DISK_FORMAT_QCOW2,
                                                [XM_DISK_VHD] = LIBXL_DISK_FORMAT_VHD,
                                                [XM_DISK_QED] = LIBXL_DISK_FORMAT_QED};
    return disk->target == NULL ? LIBXL_DISK_FORMAT_EMPTY : formats[disk->format];
}

static void add_disks(const struct xm_config *xm, libxl_domain_config *config)
{
    config->disks = memory_new(xm->disk_count, sizeof *config->disks);
    for (size_t i = 0; i < xm->disk_count; i++) {
        const struct xm_disk *from = &xm->disks[i];
        libxl_device_disk *disk = &config->disks[config->num_disks++];
        libxl_device_disk_init(disk);
        disk->pdev_path = text_copy(from->target == NULL ? "" : from->target);
        disk->vdev = text_copy(from->vdev);
        disk->format = format_of(from);
        disk->readwrite = from->writable;
        disk->is_cdrom = from->cdrom;
        disk->removable = from->cdrom;
    }
}

// An emulated machine without a screen; its network is Xen's anyway.
static void make_plain(libxl_domain_build_info *build)
{
    libxl_defbool_set(&build->u.hvm.nographic, true);
    libxl_defbool_set(&build->u.hvm.vnc.enable, false);
    libxl_defbool_set(&build->u.hvm.sdl.enable, false);
    libxl_defbool_set(&build->u.hvm.usb, false);
    build->u.hvm.vga.kind = LIBXL_VGA_INTERFACE_TYPE_NONE;
}

static libxl_domain_type type_of(const struct xm_config *xm)
{
    static const libxl_domain_type types[] = {[XM_PV] = LIBXL_DOMAIN_TYPE_PV,
                                              [XM_PVH] = LIBXL_DOMAIN_TYPE_PVH,
                                              [XM_HVM] = LIBXL_DOMAIN_TYPE_HVM};
    return xm == NULL ? LIBXL_DOMAIN_TYPE_PV : types[xm->type];
}

static uint64_t memory_of(const struct xen_machine *router, const struct router_spec *spec)
{
    uint64_t own = spec->memory_bytes != 0 ? spec->memory_bytes : MEMORY_OWN;
    return router->guest.system != NULL ? own : tiny_guest_memory(spec, "xen");
}

static char *copy(const char *text)
{
    return text == NULL ? NULL : text_copy(text);
}

int domain_config(libxl_ctx *handle, const struct xen_machine *router,
                  const struct router_spec *spec, const struct domain_boot *boot,
                  libxl_domain_config *ret, struct error *err)
{
    libxl_domain_config_init(ret);
    libxl_domain_create_info *create = &ret->c_info;
    libxl_domain_build_info *build = &ret->b_info;
    create->type = type_of(xm_of(spec));
    create->name = text_copy(router->guest.domain);
    memcpy(libxl_uuid_bytearray(&create->uuid), router->uuid, XEN_UUID_SIZE);
    add_identity(spec, create);

    libxl_domain_build_info_init_type(build, create->type);
    build->max_vcpus = xm_of(spec) == NULL || xm_of(spec)->vcpus == 0 ? 1 : (int)xm_of(spec)->vcpus;
    if (libxl_cpu_bitmap_alloc(handle, &build->avail_vcpus, build->max_vcpus) != 0) {
        return fail(err, 0, "a list of CPUs for libxl");
    }
    for (int i = 0; i < build->max_vcpus; i++) {
        libxl_bitmap_set(&build->avail_vcpus, i);
    }
    build->max_memkb = build->target_memkb = memory_of(router, spec) >> 10;
    build->kernel = copy(boot->kernel);
    build->ramdisk = copy(boot->ramdisk);
    build->cmdline = copy(boot->cmdline);
    if (create->type == LIBXL_DOMAIN_TYPE_HVM) {
        make_plain(build);
    }
    if (xm_of(spec) != NULL) {
        add_disks(xm_of(spec), ret);
    }
    add_vifs(spec, ret);

    // Only the testbed handles its end, as the scenario requests.
    ret->on_poweroff = ret->on_reboot = ret->on_watchdog = ret->on_crash =
        LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    int rc = add_pci(spec, ret, err);
    return rc == 0 ? bind_vcpus(handle, spec, build, err) : rc;
}
