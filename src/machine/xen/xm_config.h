// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_config — a domain's configuration file as `xm create` took it, and as `xl create`
 * does: `routers.R.config: FILE` on platform xen.
 *
 *     kernel  = '/boot/vmlinuz-2.6.26-xen'
 *     memory  = '64'
 *     vif     = [ 'mac=00:16:3e:00:00:01,bridge=eth0', 'bridge=eth1' ]
 *     on_crash = 'restart'
 *
 * xm's files are programs in Python. Here they are data: NAME = VALUE, where a value is a text in
 * quotes, a whole number or a list of these; statements end with their line or a ";", "#" begins a
 * comment, "\" at a line's end joins it with the next. NAME += VALUE extends a text or a list.
 * Anything else in a file is a problem with its place and reason; nothing is looked up, calculated
 * or executed, and no program that the file names (script=, bootloader) is. Keys that neither xm
 * nor xl reads are problems; obsolete keys, and keys that vrbench does not use, are notes, and
 * their values are not judged.
 *
 * Read by scenario_read() into struct scenario_router; used by machine/xen. Keys and forms are
 * those of xmdomain.cfg(5) of Xen 3 and xl.cfg(5), xl-disk-configuration(5),
 * xl-network-configuration(5) and xl-pci-configuration(5) of Xen 4.17.
 */
#ifndef VRBENCH_MACHINE_XEN_XM_CONFIG_H
#define VRBENCH_MACHINE_XEN_XM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario/catalogue.h"

#define XM_CPUS_MAX  4096 // physical CPUs: numbers 0 to 4095
#define XM_VIFS_MAX  32
#define XM_DISKS_MAX 32
#define XM_PCIS_MAX  32

// Files of routers that are domains, for the catalogue (xm_router.c).
extern const struct router_file_kind xm_config_files;

// Where something is in the file, from 1; columns are of characters. 0, 0 = not in it.
struct xm_place {
    unsigned line, column;
};

enum xm_type { XM_PV, XM_PVH, XM_HVM };

// What becomes of a domain that powered off, rebooted or crashed.
enum xm_action {
    XM_DESTROY,
    XM_RESTART,
    XM_RENAME_RESTART, // the old one stays, under another name
    XM_PRESERVE,       // it stays as it is
    XM_COREDUMP_DESTROY,
    XM_COREDUMP_RESTART,
    XM_SOFT_RESET, // its devices and memory map are made again, not its memory
};

// A virtual interface. Texts are NULL where the file doesn't say.
struct xm_vif {
    struct xm_place place;
    bool has_mac;
    uint8_t mac[6];
    // As the file has them; nothing uses them.
    char *bridge, *model, *vifname;
};

enum xm_disk_format { XM_DISK_RAW, XM_DISK_QCOW, XM_DISK_QCOW2, XM_DISK_VHD, XM_DISK_QED };

struct xm_disk {
    struct xm_place place;
    char *target; // path of a file or block device in Domain-0; NULL = an empty drive
    char *vdev;   // "sda1", "xvda", "hdc"
    enum xm_disk_format format;
    bool device; // declared as a block device ("phy:")
    bool writable, cdrom;
};

// A PCI function handed to the domain.
struct xm_pci {
    struct xm_place place;
    unsigned domain, bus, device, function;
    bool addressed, named; // by address, or by a name that `xl pci-assignable-add` gave
    bool all_functions;    // "*" in place of the function
    bool permissive;
};

struct xm_config {
    struct router_file base;
    char *path; // of the file, once it was located
    enum xm_type type;
    char *name; // what xm would call the domain; NULL = not given, as for all texts here
    struct xm_place name_at;
    char *kernel, *ramdisk; // paths as the file has them
    struct xm_place kernel_at, ramdisk_at;
    char *root, *extra, *cmdline;            // see xm_config_cmdline()
    uint64_t memory_bytes, memory_max_bytes; // 0 = not given; the maximum is not less
    struct xm_place memory_at;
    unsigned vcpus;   // 0 = not given
    unsigned *cpus;   // physical CPUs that it may use, ascending
    size_t cpu_count; // 0 = all
    unsigned weight;  // cpu_weight; 0 = not given
    bool has_cap;
    struct xm_place cap_at;
    const char *cap_key;                             // "cap" (xl) or "cpu_cap" (xm)
    unsigned cap;                                    // percent of one CPU, 0 = none
    enum xm_action on_poweroff, on_reboot, on_crash; // by default destroy, restart, restart
    struct xm_vif *vifs;
    size_t vif_count;
    struct xm_place vif_at; // of the list; the file has none = 0, 0
    struct xm_disk *disks;
    size_t disk_count;
    struct xm_pci *pcis;
    size_t pci_count;
    struct xm_place pci_at;
    // What is obsolete or of no use to vrbench, in the order of the file.
    struct scenario_problems *notes;
};

// Reads the text of a file, `length` bytes. Returns 0 and a new configuration for
// xm_config_free(), or -EINVAL and at least one problem added to `problems`.
int xm_config_parse(const char *text, size_t length, struct xm_config **ret,
                    struct scenario_problems *problems);
// Says where the file is: relative paths of kernel, ramdisk and disks go from its folder.
void xm_config_locate(struct xm_config *config, const char *path);
void xm_config_free(struct xm_config *config); // NULL is fine

// The kernel's command line, in a new string: cmdline, or root and extra put together as xm and xl
// do ("root=/dev/sda1 ro quiet"); "" for none.
char *xm_config_cmdline(const struct xm_config *config);

const char *xm_type_name(enum xm_type type); // "pv", "pvh", "hvm"

#endif
