// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/domain — a router that is a QEMU machine: making, ending and recording it
 * (domain.c), its interfaces on the host (taps.c) or assigned devices (pci.c), its use and
 * allocation of resources (usage.c). router.h has the object, qemu.c the table of functions.
 *
 * A machine is transient: libvirt drops it when it ends. It is recognised by its name,
 * "vrbench-TESTBED-ROUTER", and its metadata. Its files on the host are in a folder beside the
 * testbed's, "DIRECTORY.machines", where daemons in other mount namespaces see it.
 */
#ifndef VRBENCH_MACHINE_QEMU_DOMAIN_H
#define VRBENCH_MACHINE_QEMU_DOMAIN_H

#include "machine/qemu/router.h"

// taps.c: the names of taps while they are in the caller's namespace, and the prefix of one
// testbed's (the caller frees both); the name of a dedicated one's macvtap on the host.
char *qemu_tap_name(const struct router_spec *spec, size_t nic);
char *qemu_tap_prefix(const char *testbed);
void qemu_stacked_name(const struct router_spec *spec, size_t nic, char ret[24]);
// Make taps in the caller's namespace; move them to the host once QEMU has opened them; remove them
// from there.
int qemu_make_taps(const struct router_spec *spec, struct error *err);
int qemu_place_taps(const struct router_spec *spec, struct error *err);
int qemu_remove_taps(const struct router_spec *spec, struct error *err);

// pci.c: whether devices can be assigned to a machine.
bool qemu_takes_pci(struct platform *platform, const struct router_spec *spec,
                    const char *const *pci, size_t count, char *why, size_t room);

// As the functions of struct machine_ops.
int qemu_check(struct platform *platform, const struct router_spec *spec, bool named_only,
               struct error *err);
int qemu_make(struct platform *platform, const struct router_spec *spec, struct machine **ret,
              struct error *err);
int qemu_await(struct machine *machine, struct error *err);
int qemu_end(struct machine *machine, const struct router_spec *spec, struct error *err);
int qemu_reboot(struct machine *machine, const struct router_spec *before,
                const struct router_spec *now, struct machine **ret, struct error *err);
json_t *qemu_note(const struct machine *machine);
int qemu_recall(struct platform *platform, const struct router_spec *spec, const json_t *noted,
                struct machine **ret, struct error *err);
void qemu_release(struct machine *machine);
int qemu_clean_up(struct platform *platform, const char *testbed, const char *directory,
                  const struct netns *home, struct error *err);
bool qemu_is_forwarding(const struct machine *machine);
int qemu_usage(const struct machine *machine, struct cpu_part **ret, size_t *ret_count,
               struct error *err);
int qemu_memory(const struct machine *machine, uint64_t *ret, struct error *err);
int qemu_set_allocation(struct machine *machine, unsigned weight, unsigned cap, struct error *err);
int qemu_get_allocation(const struct machine *machine, unsigned *ret_weight, unsigned *ret_cap,
                        struct error *err);

#endif
