// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * platform/xen/domain_config — a router as libxl's configuration of a domain (libxl.h; what its
 * fields mean is in xl.cfg(5)). See domain.h.
 */
#include <libxl_utils.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "linux/cpu.h"
#include "platform/xen/domain.h"
#include "platform/xen/usage.h"

// libxl runs a script for each vif and goes on when it has ended. What there is to do, vifs.c does.
#define NO_SCRIPT "/bin/true"

static void tell(libxl_domain_create_info *info, size_t *count, char *key, char *value)
{
    info->xsdata = memory_resize(info->xsdata, *count + 3, sizeof(char *));
    info->xsdata[(*count)++] = key;
    info->xsdata[(*count)++] = value;
    info->xsdata[*count] = NULL;
}

// In xenstore, below the domain, which can't change it.
static void tell_whose(const struct router_spec *spec, libxl_domain_create_info *info)
{
    size_t count = 0;
    tell(info, &count, text_copy("vrbench/testbed"), text_copy(spec->testbed));
    tell(info, &count, text_copy("vrbench/router"), text_copy(spec->name));
    tell(info, &count, text_copy("vrbench/life"), text_format("%u", spec->id));
    tell(info, &count, text_copy(XEN_KEY_FOLDER), text_copy(spec->directory));
    for (size_t i = 0; i < spec->nic_count; i++) {
        if (spec->nics[i].bridge != 0) {
            tell(info, &count, text_format(XEN_KEY_VIF, i), text_copy(spec->nics[i].vif));
        }
    }
}

// Binds its vCPUs to the device under test's CPUs, where Domain-0's are the computer's: else their
// numbers have nothing to do with each other, and it is the scheduler's affair.
static int bind_vcpus(libxl_ctx *handle, const struct cpu_list *cpus, libxl_domain_build_info *info,
                      struct error *err)
{
    struct cpu_list own = {0};
    int online = libxl_get_online_cpus(handle);
    if (cpus == NULL || cpus->count == 0 || cpu_list_usable(&own, NULL) < 0 || online < 0 ||
        own.count != (size_t)online || cpus->count >= own.count) {
        return 0;
    }
    info->num_vcpu_hard_affinity = info->max_vcpus;
    info->vcpu_hard_affinity = memory_new((size_t)info->max_vcpus, sizeof(libxl_bitmap));
    for (int i = 0; i < info->max_vcpus; i++) {
        libxl_bitmap *map = &info->vcpu_hard_affinity[i];
        libxl_bitmap_init(map);
        if (libxl_cpu_bitmap_alloc(handle, map, 0) != 0) {
            return fail(err, 0, "a list of CPUs for libxl");
        }
        for (size_t cpu = 0; cpu < cpus->count; cpu++) {
            libxl_bitmap_set(map, (int)cpus->cpus[cpu]);
        }
    }
    libxl_defbool_set(&info->numa_placement, false);
    return 0;
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

int domain_config(libxl_ctx *handle, const struct router *router, const struct router_spec *spec,
                  const struct tiny_boot *boot, libxl_domain_config *ret, struct error *err)
{
    libxl_domain_config_init(ret);
    libxl_domain_create_info *create = &ret->c_info;
    libxl_domain_build_info *build = &ret->b_info;
    create->type = LIBXL_DOMAIN_TYPE_PV;
    create->name = text_copy(router->domain);
    memcpy(libxl_uuid_bytearray(&create->uuid), router->uuid, XEN_UUID_SIZE);
    tell_whose(spec, create);

    libxl_domain_build_info_init_type(build, create->type);
    build->max_vcpus = 1;
    if (libxl_cpu_bitmap_alloc(handle, &build->avail_vcpus, build->max_vcpus) != 0) {
        return fail(err, 0, "a list of CPUs for libxl");
    }
    libxl_bitmap_set(&build->avail_vcpus, 0);
    int rc = bind_vcpus(handle, spec->cpus, build, err);
    build->max_memkb = build->target_memkb = tiny_guest_memory(spec, "xen") >> 10;
    build->kernel = text_copy(boot->vmlinux);
    build->ramdisk = text_copy(boot->initrd);
    build->cmdline = text_copy(boot->cmdline);
    add_vifs(spec, ret);

    // Nobody waits for its end but the testbed, which then does what the scenario says.
    ret->on_poweroff = ret->on_reboot = ret->on_watchdog = ret->on_crash =
        LIBXL_ACTION_ON_SHUTDOWN_DESTROY;
    return rc;
}
