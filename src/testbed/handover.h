// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/handover — inside of the testbed room: NICs that are PCI devices, lent to a router that
 * is a machine and can get them whole (VFIO): who gets them so, and getting them back.
 *
 * The kernel takes a NIC's driver away when a machine gets it, and with it the interface and all
 * that it was told. Once the machine has ended, the driver makes the interface anew, in the
 * machine's first network namespace. Its record (nic.h) then restores the rest.
 */
#ifndef VRBENCH_TESTBED_HANDOVER_H
#define VRBENCH_TESTBED_HANDOVER_H

#include <jansson.h>

#include "machine/machine.h"
#include "testbed/plan.h"

// By hand: "pci" (or fail) or "macvtap"; else what can be done is.
#define HANDOVER_FORCED "VRBENCH_PASSTHROUGH"

// Decides, router by router, whether the lent NICs of a plan are handed over whole, and writes that
// into the plan. Touches nothing. `ret_why` gets why one isn't, a new string, or NULL where none is
// lent or all are. With `say`, tells the user of both.
int handover_decide(struct platform *platform, const struct netns *home, struct plan *plan,
                    bool say, char **ret_why, struct error *err);
// What the dedicated links of a router are, static: "pci", "macvtap" (where interfaces that it
// takes can stay, `stays`: CAN_SHARE_NIC), "pci, macvtap"; NULL: neither.
const char *handover_links(const struct plan *plan, size_t node, bool stays);

// The entry of an interface in a record (its "nic", build.c) says of which device it is, if it was
// to be handed over.
bool handover_is_noted(const json_t *entry);
// The kernel counts interfaces as they come (eth0, eth1, …): one of a device that has come back may
// have got the name of another that is still away. This makes it give way until it is its turn.
void handover_clear_name(const struct netns *home, const json_t *nics, const json_t *entry);
// Waits until the device's interface is back in `home`, and gives it the name that it had. `nics`
// are all entries of the record.
int handover_await(const struct netns *home, const json_t *nics, const json_t *entry,
                   struct error *err);

#endif
