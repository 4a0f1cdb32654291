// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/machine — a router that is a QEMU machine, its
 * making, its end and its record (machine.c); what runs in it and how that is talked to, the tiny
 * guest (guest.c) or a system of its own (own.c); what it uses and may use (usage.c). libvirt.c has
 * the table of functions.
 *
 * A machine is transient: libvirt forgets it when it ends. Its name is "vrbench-TESTBED-ROUTER" and
 * its metadata say whose it is. What must have a name on the host while it lives is in a folder
 * beside the testbed's, "DIRECTORY.machines", where daemons in other mount namespaces see it.
 */
#ifndef VRBENCH_MACHINE_QEMU_MACHINE_H
#define VRBENCH_MACHINE_QEMU_MACHINE_H

#include "machine/libvirt/connection.h"
#include "machine/libvirt/domain.h"
#include "machine/libvirt/scheduler.h"
#include "machine/platform.h"
#include "machine/tiny_guest.h"

struct libvirt_platform {
    struct platform base;
    struct connection *connection; // opened when first needed
    enum shares_scale scale;
    const char *type; // of domain, "kvm" or "qemu"; NULL = not yet found out
};

struct machine_nic {
    char *name; // in the router
    int index;  // by which the testbed knows it
    // On the host it is a tap on a bridge; dedicated: a macvtap, on the interface of that index, or
    // nothing where the machine has the PCI device.
    char tap[24];
    char stacked[24]; // the latter's name, else ""
};

// taps.c: the names of taps while they are where the caller's own interfaces are, and how those of
// one testbed begin (the caller frees both); the name of a dedicated one's macvtap on the host.
char *machine_tap_name(const struct router_spec *spec, size_t nic);
char *machine_tap_prefix(const char *testbed);
void machine_stacked_name(const struct router_spec *spec, size_t nic, char ret[24]);
// Makes them there; moves them to the host once QEMU has them open; removes them from there.
int machine_make_taps(const struct router_spec *spec, struct error *err);
int machine_place_taps(const struct router_spec *spec, struct error *err);
int machine_remove_taps(const struct router_spec *spec, struct error *err);

// pci.c: whether a machine can get devices whole.
bool machine_takes_pci(struct platform *platform, const struct router_spec *spec,
                       const char *const *pci, size_t count, char *why, size_t room);

struct router {
    struct libvirt_platform *platform;
    char *name;   // the router's
    char *domain; // the machine's
    char uuid[DOMAIN_UUID_SIZE];
    char type[8];     // "kvm", "qemu"
    pid_t pid;        // of QEMU
    uint64_t started; // when, as process_start_time()
    int fd;           // pidfd; -1 = it had died when it was attached to
    pid_t *vhost;     // threads of the kernel that move its packets; none with QEMU's own
    size_t vhost_count;
    char *folder;             // of its files
    char *channel;            // socket of its virtio-serial port
    char *initrd;             // NULL = none of its own (any more)
    struct own *own;          // its system of its own (own.h); NULL = the tiny guest
    const struct netns *host; // the testbed's, which outlives this
    struct machine_nic *nics;
    size_t nic_count;
};

// What a machine boots: paths and the kernel's command line, or disks. machine_boot_make() writes
// what is the router's own of that.
struct machine_boot {
    char *kernel, *initrd, *cmdline;
    char *disk, *disk_base, *seed;
};
int machine_boot_make(struct router *router, const struct router_spec *spec,
                      struct machine_boot *ret, struct error *err);
void machine_boot_clear(struct machine_boot *boot);

// guest.c: its tiny guest, to be spoken to.
struct tiny_guest machine_guest(const struct router *router);
int machine_start_daemon(struct router *router, struct error *err);
int machine_leads_to(const struct router *router, uint32_t address, char ret_nic[16],
                     struct error *err);
void machine_daemon_words(const struct router *router, char ret[160]);

// The connection, opened if it isn't yet; reopened by connection_call() if it has broken.
int machine_connection(struct libvirt_platform *platform, struct connection **ret,
                       struct error *err);
// Whether its process has ended.
bool machine_has_died(const struct router *router);

int machine_check(struct platform *platform, const struct router_spec *spec, bool named_only,
                  struct error *err);
int machine_create(struct platform *platform, const struct router_spec *spec, struct router **ret,
                   struct error *err);
int machine_await(struct router *router, struct error *err);
int machine_destroy(struct router *router, const struct router_spec *spec, struct error *err);
int machine_reboot(struct router *router, const struct router_spec *before,
                   const struct router_spec *now, struct router **ret, struct error *err);
json_t *machine_describe(const struct router *router);
int machine_attach(struct platform *platform, const struct router_spec *spec,
                   const json_t *described, struct router **ret, struct error *err);
void machine_release(struct router *router);
int machine_clean_up(struct platform *platform, const char *testbed, const char *directory,
                     const struct netns *home, struct error *err);

// Runs one call of libvirt for a router; again if the connection was broken.
int machine_call(const struct router *router, connection_work work, void *data, struct error *err);

int machine_usage(const struct router *router, struct cpu_part **ret, size_t *ret_count,
                  struct error *err);
int machine_memory(const struct router *router, uint64_t *ret, struct error *err);
int machine_set_allocation(struct router *router, unsigned weight, unsigned cap, struct error *err);
int machine_get_allocation(const struct router *router, unsigned *ret_weight, unsigned *ret_cap,
                           struct error *err);
int machine_counters(const struct router *router, struct namespace_counters *ret,
                     struct error *err);
int machine_facts(struct platform *platform, const struct router *router,
                  struct platform_facts *facts, struct error *err);
int machine_console(const struct router *router, char *const *argv, int *ret_status,
                    struct error *err);

#endif
