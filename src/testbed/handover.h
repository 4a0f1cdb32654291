// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/handover — internal to testbed/: NICs that are PCI devices, lent to a router that is a
 * machine and can have them assigned (VFIO): which are assigned, and getting them back.
 *
 * When a NIC is assigned, the kernel unbinds its driver and deletes its interface with all
 * settings. When the machine has ended, the driver recreates the interface, in the machine's first
 * network namespace. The record (nic.h) then restores the settings.
 */
#ifndef VRBENCH_TESTBED_HANDOVER_H
#define VRBENCH_TESTBED_HANDOVER_H

#include <jansson.h>

#include "machine/machine.h"
#include "testbed/plan.h"

// Environment variable: "pci" (or fail) or "macvtap"; otherwise devices are assigned if possible.
#define HANDOVER_FORCED "VRBENCH_PASSTHROUGH"

// Decides for each router whether the lent NICs of a plan are assigned, and writes that to the
// plan. Changes nothing else. `ret_why` gets the reason if one is not, a new string, or NULL if
// none is lent or all are assigned. With `say`, logs both.
int handover_decide(struct platform *platform, const struct netns *home, struct plan *plan,
                    bool say, char **ret_why, struct error *err);
// The kind of a router's dedicated links, static: "pci", "macvtap" (if interfaces that it takes can
// stay, `stays`: CAN_SHARE_NIC), "pci, macvtap"; NULL = neither.
const char *handover_links(const struct plan *plan, size_t node, bool stays);

// Whether an interface's entry in a record ("nic", build.c) has the PCI device that was to be
// assigned.
bool handover_is_noted(const json_t *entry);
// The kernel numbers interfaces in the order of their creation (eth0, eth1, …), so the interface of
// a returned device may have the name of another that is still away. Renames it until its own name
// is free.
void handover_clear_name(const struct netns *home, const json_t *nics, const json_t *entry);
// Waits until the device's interface is back in `home`, and restores its name. `nics` are all
// entries of the record.
int handover_await(const struct netns *home, const json_t *nics, const json_t *entry,
                   struct error *err);

#endif
