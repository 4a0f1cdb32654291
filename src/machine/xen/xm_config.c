// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_config — see xm_config.h: the keys of xm files as table rows, and what they mean.
 *
 * Called by read.c. A key that is in no row is a problem; one whose row has no reader is a note.
 */
#include "machine/xen/xm_config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/xen/xm_parts.h"
#include "scenario/nearest.h"

#define MIB        (UINT64_C(1) << 20)
#define MEMORY_MAX 1048576 // MiB
#define VCPUS_MAX  512
#define CAP_MAX    409600 // SCENARIO_CAP_MAX

// ---- rows

#define FIELD(member) offsetof(struct xm_config, member)

static const struct xm_row rows[] = {
    {"name", xm_read_text, FIELD(name), FIELD(name_at), 1, 64, NULL},
    {"kernel", xm_read_path, FIELD(kernel), FIELD(kernel_at), 0, 0, NULL},
    {"ramdisk", xm_read_path, FIELD(ramdisk), FIELD(ramdisk_at), 0, 0, NULL},
    {"root", xm_read_text, FIELD(root), 0, 0, 1024, NULL},
    {"extra", xm_read_text, FIELD(extra), 0, 0, 4096, NULL},
    {"cmdline", xm_read_text, FIELD(cmdline), 0, 0, 4096, NULL},
    {"memory", xm_read_memory, FIELD(memory_bytes), FIELD(memory_at), 1, MEMORY_MAX, NULL},
    {"maxmem", xm_read_memory, FIELD(memory_max_bytes), 0, 1, MEMORY_MAX, NULL},
    {"vcpus", xm_read_number, FIELD(vcpus), 0, 1, VCPUS_MAX, NULL},
    {"cpus", xm_read_cpus, 0, 0, 0, 0, NULL},
    {"cpu_weight", xm_read_number, FIELD(weight), 0, 1, 65535, NULL},
    {"cpu_cap", xm_read_cap, FIELD(cap), FIELD(cap_at), 0, CAP_MAX, NULL},
    {"type", xm_read_type, FIELD(type), 0, 0, 0, NULL},
    {"builder", xm_read_builder, FIELD(type), 0, 0, 0, NULL},
    {"bootloader", xm_read_bootloader, 0, 0, 0, 0, NULL},
    {"on_poweroff", xm_read_action, FIELD(on_poweroff), 0, 0, 0, NULL},
    {"on_reboot", xm_read_action, FIELD(on_reboot), 0, 0, 0, NULL},
    {"on_crash", xm_read_action, FIELD(on_crash), 0, 0, 0, NULL},
    {"vif", xm_read_vifs, 0, FIELD(vif_at), 0, 0, NULL},
    {"disk", xm_read_disks, 0, 0, 0, 0, NULL},
    {"pci", xm_read_pcis, 0, FIELD(pci_at), 0, 0, NULL},

#define EXPLAINED(key, why)                                                                        \
    {                                                                                              \
        key, NULL, 0, 0, 0, 0, why                                                                 \
    }
#define NO_SERVER                                                                                  \
    "not passed on: the kernel would wait for an answer that nobody gives in a testbed's networks"
    EXPLAINED("dhcp", NO_SERVER),
    EXPLAINED("nfs_server", NO_SERVER),
    EXPLAINED("nfs_root", NO_SERVER),
#define SCENARIO_SAYS "not used: the scenario says the addresses of a router"
    EXPLAINED("ip", SCENARIO_SAYS),
    EXPLAINED("netmask", SCENARIO_SAYS),
    EXPLAINED("gateway", SCENARIO_SAYS),
    EXPLAINED("hostname", SCENARIO_SAYS),
    EXPLAINED("interface", SCENARIO_SAYS),
    EXPLAINED("nics", "obsolete since Xen 3.0: there are as many interfaces as vif has texts"),
    EXPLAINED("restart", "obsolete since Xen 3.0: on_poweroff, on_reboot and on_crash say it"),
    EXPLAINED("cpu", "obsolete: cpus says on which CPUs the domain may run"),
    EXPLAINED("on_xend_start", "obsolete: xend, which it told what to do, is gone since Xen 4.5"),
    EXPLAINED("on_xend_stop", "obsolete: xend, which it told what to do, is gone since Xen 4.5"),
    EXPLAINED("vcpu_avail", "obsolete: maxvcpus and vcpus say it to xl, vcpus to vrbench"),
    EXPLAINED("bootentry", "obsolete: a bootloader's, and none is executed"),
    EXPLAINED("bootargs", "not used: a bootloader's, and none is executed"),
    EXPLAINED("bootloader_args", "not used: a bootloader's, and none is executed"),
    EXPLAINED("device_model", "not executed: programs are those of this machine's Xen"),
    EXPLAINED("device_model_override", "not executed: programs are those of this machine's Xen"),
    EXPLAINED("maxvcpus", "not used: a router has vcpus all the time"),
    EXPLAINED("uuid", "not used: each life of a router gets one of its own"),
};

// Keys that xm or xl know and that make no difference to a router.
static const char unused[] =
    " access_control acpi acpi_firmware altp2m apic autoballoon blkback blkif boot channel "
    "claim_mode console cpuid cpuid_check cpus_soft device_model_args device_model_version "
    "display driver_domain dtdev e820_host event_channels features fullscreen gfx_passthru "
    "guest_os_type hap hdtype hpet init_seclabel iomem ioports irq irqs keymap loader "
    "localtime machine_address_size max_event_channels max_grant_frames max_grant_version "
    "max_maptrack_frames mca_caps monitor ms_vm_genid nested_hvm nestedhvm netif nodes "
    "nographic nomigrate on_soft_reset on_watchdog oos opengl pae parallel pci_msitranslate "
    "pci_permissive pci_power_mgmt pci_seize pool poolid processor_trace_buf_size pvh pvshim "
    "rdm rdm_mem_boundary rtc_timeoffset sdl seclabel security serial shadow_memory "
    "smbios_firmware soundhw spice spicehost spiceport stdvga superpages target timer_mode "
    "tpmif tsc_mode uefi usb usbctrl usbdev usbdevice usbif usbport usbver vfb vga videoram "
    "viridian vkb vkbd vmport vnc vncconsole vncdisplay vnclisten vncpasswd vncunused "
    "vncviewer vnuma vpmu vpt_align vscsi vtpm vuart watchdog_action xauthority "
    "xen_extended_power_mgmt xen_platform_pci xenpaging_file ";

static const struct xm_row *find_row(const char *key)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (text_equal(rows[i].key, key)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool is_unused(const char *key)
{
    _cleanup_free_ char *word = text_format(" %s ", key);
    return strstr(unused, word) != NULL;
}

// ---- the file

static void report_unknown(const struct xm_reading *reading, const struct xm_statement *statement)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t distance = nearest_distance(statement->name, rows[i].key);
        if (distance < least) {
            least = distance;
            nearest = rows[i].key;
        }
    }
    if (nearest != NULL) {
        xm_problem(reading->problems, statement->place,
                   "unknown key \"%.60s\"; is it \"%s\" that is meant?", statement->name, nearest);
    } else {
        xm_problem(reading->problems, statement->place,
                   "unknown key \"%.60s\": neither xm nor xl has it, and variables of one's own "
                   "are Python's",
                   statement->name);
    }
}

static void read_statement(const struct xm_reading *reading, const struct xm_statement *statement)
{
    const struct xm_row *row = find_row(statement->name);
    if (row == NULL && is_unused(statement->name)) {
        xm_note(reading, statement->place, "%s: not used; it makes no difference to a router",
                statement->name);
    } else if (row == NULL) {
        report_unknown(reading, statement);
    } else if (row->read == NULL) {
        xm_note(reading, statement->place, "%s: %s", row->key, row->why);
    } else {
        if (row->place_at != 0) {
            *(struct xm_place *)((char *)reading->config + row->place_at) = statement->value.place;
        }
        row->read(reading, row, &statement->value);
    }
}

static const struct xm_statement *find_statement(const struct xm_statements *statements,
                                                 size_t before, const char *name)
{
    for (size_t i = 0; i < before; i++) {
        if (text_equal(statements->items[i].name, name)) {
            return &statements->items[i];
        }
    }
    return NULL;
}

// What depends on more than one key.
static void check(const struct xm_reading *reading, const struct xm_statements *statements)
{
    struct xm_config *config = reading->config;
    const struct xm_statement *maxmem = find_statement(statements, statements->count, "maxmem");
    if (maxmem != NULL && config->memory_max_bytes != 0 &&
        config->memory_max_bytes < config->memory_bytes) {
        xm_problem(reading->problems, maxmem->value.place,
                   "maxmem: expected at least memory, %llu MiB",
                   (unsigned long long)(config->memory_bytes / MIB));
    }
    const struct xm_statement *ramdisk = find_statement(statements, statements->count, "ramdisk");
    if (config->ramdisk != NULL && config->kernel == NULL && ramdisk != NULL) {
        xm_problem(reading->problems, ramdisk->place, "ramdisk: expected a kernel beside it");
    }
    const char *slash = config->kernel == NULL ? NULL : strrchr(config->kernel, '/');
    if (config->type == XM_HVM && slash != NULL && text_equal(slash, "/hvmloader")) {
        xm_note(reading, config->kernel_at, "kernel: obsolete; Xen finds hvmloader itself");
        free(config->kernel);
        config->kernel = NULL;
    }
    const struct xm_statement *cmdline = find_statement(statements, statements->count, "cmdline");
    if (cmdline != NULL && (config->root != NULL || config->extra != NULL)) {
        xm_note(reading, cmdline->place, "cmdline: root and extra are not used beside it");
    }
}

int xm_config_parse(const char *text, size_t length, struct xm_config **ret,
                    struct scenario_problems *problems)
{
    struct xm_config *config = memory_new(1, sizeof *config);
    struct xm_problems counted = {.list = problems};
    struct xm_reading reading = {config, &counted};
    struct xm_statements statements;
    *config = (struct xm_config){.on_poweroff = XM_DESTROY,
                                 .on_reboot = XM_RESTART,
                                 .on_crash = XM_RESTART,
                                 .notes = memory_new(1, sizeof *config->notes)};
    xm_statements_read(text, length, &statements, &counted);
    for (size_t i = 0; i < statements.count; i++) {
        const struct xm_statement *statement = &statements.items[i];
        const struct xm_statement *first = find_statement(&statements, i, statement->name);
        if (first != NULL) {
            xm_problem(&counted, statement->place, "%.60s is set already, in line %u",
                       statement->name, first->place.line);
        } else {
            read_statement(&reading, statement);
        }
    }
    check(&reading, &statements);
    xm_statements_clear(&statements);
    problems_sort(config->notes);
    if (counted.count > 0) {
        xm_config_free(config);
        return -EINVAL;
    }
    *ret = config;
    return 0;
}

static void locate(const struct xm_config *config, char **path)
{
    const char *slash = strrchr(config->path, '/');
    if (*path != NULL && **path != '/' && slash != NULL) {
        char *located = text_format("%.*s%s", (int)(slash - config->path) + 1, config->path, *path);
        free(*path);
        *path = located;
    }
}

void xm_config_locate(struct xm_config *config, const char *path)
{
    config->path = text_copy(path);
    locate(config, &config->kernel);
    locate(config, &config->ramdisk);
    for (size_t i = 0; i < config->disk_count; i++) {
        locate(config, &config->disks[i].target);
    }
}

void xm_config_free(struct xm_config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < config->vif_count; i++) {
        free(config->vifs[i].bridge);
        free(config->vifs[i].model);
        free(config->vifs[i].vifname);
    }
    for (size_t i = 0; i < config->disk_count; i++) {
        free(config->disks[i].target);
        free(config->disks[i].vdev);
    }
    free(config->vifs);
    free(config->disks);
    free(config->pcis);
    free(config->cpus);
    free(config->path);
    free(config->name);
    free(config->kernel);
    free(config->ramdisk);
    free(config->root);
    free(config->extra);
    free(config->cmdline);
    scenario_problems_clear(config->notes);
    free(config->notes);
    free(config);
}

char *xm_config_cmdline(const struct xm_config *config)
{
    const char *extra = config->extra == NULL ? "" : config->extra;
    if (config->cmdline != NULL) {
        return text_copy(config->cmdline);
    }
    if (config->root == NULL || *config->root == '\0') {
        return text_copy(extra);
    }
    return text_format("root=%s%s%s", config->root, *extra == '\0' ? "" : " ", extra);
}
