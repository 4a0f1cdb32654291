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

#include "machine/qemu/router.h"
#include "machine/tiny_guest.h"

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

// Writes the files that are the router's own of what it boots.
int machine_boot_make(struct router *router, const struct router_spec *spec,
                      struct machine_boot *ret, struct error *err);
void machine_boot_clear(struct machine_boot *boot);

// guest.c: its tiny guest, to be spoken to.
struct tiny_guest machine_guest(const struct router *router);
int machine_start_daemon(struct router *router, struct error *err);
int machine_leads_to(const struct router *router, uint32_t address, char ret_nic[16],
                     struct error *err);
void machine_daemon_words(const struct router *router, char ret[160]);

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
