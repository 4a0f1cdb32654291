// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_config — see xm_config.h: the keys of domains' files as table rows.
 *
 * Called by xm_router.c. A key without a row is a problem; a row without a reader makes a note.
 */
#include "machine/xen/xm_config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/text.h"
#include "machine/xen/xm_parts.h"

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
    {"cap", xm_read_cap, FIELD(cap), FIELD(cap_at), 0, CAP_MAX, NULL},
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
    "not passed on: no server answers in a testbed's networks, and the kernel would wait for one"
    EXPLAINED("dhcp", NO_SERVER),
    EXPLAINED("nfs_server", NO_SERVER),
    EXPLAINED("nfs_root", NO_SERVER),
#define SCENARIO_SAYS "not used: the scenario sets the addresses of a router"
    EXPLAINED("ip", SCENARIO_SAYS),
    EXPLAINED("netmask", SCENARIO_SAYS),
    EXPLAINED("gateway", SCENARIO_SAYS),
    EXPLAINED("hostname", SCENARIO_SAYS),
    EXPLAINED("interface", SCENARIO_SAYS),
    EXPLAINED("nics", "obsolete since Xen 3.0: vif has one text for each interface"),
    EXPLAINED("restart", "obsolete since Xen 3.0: replaced by on_poweroff, on_reboot and on_crash"),
    EXPLAINED("cpu", "obsolete: replaced by cpus"),
    EXPLAINED("on_xend_start", "obsolete: it instructed xend, which Xen 4.5 removed"),
    EXPLAINED("on_xend_stop", "obsolete: it instructed xend, which Xen 4.5 removed"),
    EXPLAINED("vcpu_avail", "obsolete: replaced by vcpus"),
    EXPLAINED("bootentry", "obsolete: no bootloader is executed"),
    EXPLAINED("bootargs", "not used: no bootloader is executed"),
    EXPLAINED("bootloader_args", "not used: no bootloader is executed"),
#define NO_PROGRAM "not used: programs are those of this machine's Xen"
    EXPLAINED("device_model", NO_PROGRAM),
    EXPLAINED("device_model_override", NO_PROGRAM),
    EXPLAINED("device_model_stubdomain_override", NO_PROGRAM),
    EXPLAINED("stubdomain_kernel", NO_PROGRAM),
    EXPLAINED("stubdomain_ramdisk", NO_PROGRAM),
    EXPLAINED("pvshim_path", NO_PROGRAM),
#define NO_FIRMWARE "not used: a machine boots its kernel, or by the firmware that Xen takes itself"
    EXPLAINED("bios", NO_FIRMWARE),
    EXPLAINED("bios_path_override", NO_FIRMWARE),
    EXPLAINED("firmware", NO_FIRMWARE),
    EXPLAINED("firmware_override", NO_FIRMWARE),
#define NO_SCHEDULER "not used: of a scheduler other than credit and credit2"
    EXPLAINED("period", NO_SCHEDULER),
    EXPLAINED("slice", NO_SCHEDULER),
    EXPLAINED("latency", NO_SCHEDULER),
    EXPLAINED("extratime", NO_SCHEDULER),
    EXPLAINED("maxvcpus", "not used: a router has the number vcpus at all times"),
    EXPLAINED("uuid", "not used: each life of a router gets one of its own"),
};

// Keys that make no difference to a router: of xm 3.0 to 4.4 (xm/create.py), of xl 4.17
// (xl_parse.c) and of later ones.
static const char unused[] =
    " access_control acpi acpi_firmware acpi_laptop_slate acpi_s3 acpi_s4 actmem altp2m "
    "altp2m_count altp2mhvm apic audio autoballoon blkback blkif boot cdrom channel "
    "claim_mode console cpuid cpuid_check cpus_soft description device_model_args "
    "device_model_args_hvm device_model_args_pv device_model_stubdomain_seclabel "
    "device_model_user device_model_version device_tree display dm_restrict driver_domain "
    "dtdev e820_host event_channels extid fda fdb features force_assign_without_iommu "
    "fullscreen gfx_passthru gic_version guest_os_type hap hdtype hpet init_seclabel iomem "
    "ioports irq irqs isa keymap llc_colors loader localtime machine_address_size "
    "max_event_channels max_grant_frames max_grant_version max_maptrack_frames mca_caps "
    "memory_sharing mmio_hole monitor monitor_path ms_vm_genid msr_relaxed ne2000 "
    "nested_hvm nestedhvm netif nodes nographic nomigrate nr_spis nx on_soft_reset "
    "on_watchdog oos opengl p9 pae parallel passthrough pci_msitranslate pci_permissive "
    "pci_power_mgmt pci_seize pool poolid processor_trace_buf_size pvcalls pvh pvshim "
    "pvshim_cmdline pvshim_extra rdm rdm_mem_boundary rtc_timeoffset s3_integrity sdl "
    "seclabel security serial shadow_memory smbios_firmware soundhw spice "
    "spice_clipboard_sharing spice_image_compression spice_streaming_video "
    "spiceagent_mouse spicedisable_ticketing spicehost spicepasswd spiceport spicetls_port "
    "spiceusbredirection spicevdagent stdvga stubdomain_cmdline stubdomain_memory "
    "superpages suppress_spurious_page_faults sve target tee timer_mode tpmif "
    "trap_unmapped_accesses tsc_mode uefi usb usbctrl usbdev usbdevice usbif usbport "
    "usbver usbversion vdispl vendor_device vfb vga vhpt videoram vif2 viridian virtio vkb "
    "vkb_device vkbd vmport vmtrace_buf_kb vnc vncconsole vncdisplay vnclisten vncpasswd "
    "vncunused vncviewer vnuma vpmu vpt_align vscsi vsnd vtpm vuart vusb watchdog "
    "watchdog_action xauthority xen_extended_power_mgmt xen_platform_pci "
    "xend_suspend_evtchn_compat xenpaging_extra xenpaging_file ";

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

// The known key that `name` may be meant for, in a new string; NULL = none.
static char *find_nearest(const char *name)
{
    const char *nearest = NULL;
    size_t length = 0;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t distance = nearest_distance(name, rows[i].key);
        if (distance < least) {
            least = distance;
            nearest = rows[i].key;
            length = strlen(nearest);
        }
    }
    for (const char *at = unused; *(at += strspn(at, " ")) != '\0'; at += strcspn(at, " ")) {
        _cleanup_free_ char *key = text_copy_bytes(at, strcspn(at, " "));
        size_t distance = nearest_distance(name, key);
        if (distance < least) {
            least = distance;
            nearest = at;
            length = strlen(key);
        }
    }
    return nearest == NULL ? NULL : text_copy_bytes(nearest, length);
}

static void report_unknown(const struct xm_reading *reading, const struct xm_statement *statement)
{
    _cleanup_free_ char *nearest = find_nearest(statement->name);
    if (nearest != NULL) {
        xm_problem(reading->problems, statement->place,
                   "unknown key \"%.60s\"; did you mean \"%s\"?", statement->name, nearest);
    } else {
        xm_problem(reading->problems, statement->place,
                   "unknown key \"%.60s\": neither xm nor xl reads it, and variables of a Python "
                   "program are not supported",
                   statement->name);
    }
}

// The value, or the first of a list's items, that a key which is used can't have; NULL = none.
static const struct xm_value *find_wrong(const struct xm_value *value)
{
    const struct xm_value *wrong = value->wrong != NULL ? value : NULL;
    for (size_t i = 0; wrong == NULL && i < value->count; i++) {
        wrong = find_wrong(&value->items[i]); // at most XM_DEPTH_MAX deep
    }
    return wrong;
}

static void read_used(const struct xm_reading *reading, const struct xm_row *row,
                      const struct xm_value *value)
{
    const struct xm_value *wrong = find_wrong(value);
    if (wrong != NULL) {
        xm_problem(reading->problems, wrong->wrong_at, "%s", wrong->wrong);
        return;
    }
    if (row->place_at != 0) {
        *(struct xm_place *)((char *)reading->config + row->place_at) = value->place;
    }
    row->read(reading, row, value);
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

static void read_statement(const struct xm_reading *reading, const struct xm_statements *statements,
                           size_t number)
{
    const struct xm_statement *statement = &statements->items[number];
    const struct xm_statement *first = find_statement(statements, number, statement->name);
    const struct xm_row *row = find_row(statement->name);
    if (row == NULL && is_unused(statement->name)) {
        xm_note(reading, statement->place, "%s: not used; it makes no difference to a router",
                statement->name);
    } else if (row == NULL) {
        report_unknown(reading, statement);
    } else if (row->read == NULL) {
        xm_note(reading, statement->place, "%s: %s", row->key, row->why);
    } else if (first != NULL) {
        xm_problem(reading->problems, statement->place, "%.60s is set already, in line %u",
                   statement->name, first->place.line);
    } else {
        read_used(reading, row, &statement->value);
    }
}

// type is today's key and builder xm's; xl refuses a file in which they differ, too.
static void settle_type(const struct xm_reading *reading, const struct xm_statements *statements)
{
    const struct xm_statement *type = find_statement(statements, statements->count, "type");
    const struct xm_statement *builder = find_statement(statements, statements->count, "builder");
    enum xm_type built = XM_PV;
    if (builder == NULL || builder->value.kind != XM_TEXT ||
        !xm_builder_type(builder->value.text, &built)) {
        return;
    }
    if (type == NULL) {
        reading->config->type = built;
    } else if (type->value.kind == XM_TEXT && reading->config->type != built) {
        xm_problem(reading->problems, builder->value.place,
                   "builder: \"%s\" is of type %s and contradicts type in line %u",
                   builder->value.text, xm_type_name(built), type->place.line);
    }
}

// What depends on more than one key.
static void check_together(const struct xm_reading *reading, const struct xm_statements *statements)
{
    struct xm_config *config = reading->config;
    settle_type(reading, statements);
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
        read_statement(&reading, &statements, i);
    }
    check_together(&reading, &statements);
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
