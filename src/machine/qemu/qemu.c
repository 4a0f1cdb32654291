// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu — routers as virtual machines of QEMU, by libvirt's own calls. The table of
 * functions; domain.h lists the files. Called by testbed/ through machine.h.
 *
 * A machine's interfaces are taps made here, opened by QEMU while the machine is paused, and then
 * moved to the bridges of the testbed's host.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "machine/foreign.h"
#include "machine/qemu/domain.h"

static struct platform *qemu_open(const char *uri)
{
    return libvirt_platform_new(&machine_qemu, uri);
}

static int qemu_watch(const struct machine *machine)
{
    return qemu_machine_of(machine)->fd;
}

static const char *qemu_allocated_by(struct platform *platform)
{
    (void)platform;
    return "quota";
}

static int qemu_facts(struct platform *platform, const struct machine *machine,
                      struct platform_facts *facts, struct error *err)
{
    int rc = libvirt_add_facts(platform, facts, err);
    if (rc == 0 && machine != NULL) {
        facts->emulation_known = true;
        facts->emulated = strcmp(qemu_machine_of(machine)->type, "kvm") != 0;
        guest_machine_add_facts(machine, facts);
    }
    return rc;
}

const struct machine_ops machine_qemu = {
    .traits = {.name = "libvirt",
               .kind = PLATFORM_MACHINES,
               .port = PORT_TAP,
               .can = CAN_MAKE | CAN_LIST | CAN_RATION | CAN_TAKE_PCI | CAN_SHARE_NIC | CAN_ROUTE |
                      CAN_HOLD_DAEMON},
    .others = &foreign_libvirt,
    .open = qemu_open,
    .close = libvirt_platform_close,
    .check = qemu_check,
    .takes_pci = qemu_takes_pci,
    .make = qemu_make,
    .await = qemu_await,
    .end = qemu_end,
    .reboot = qemu_reboot,
    .note = qemu_note,
    .recall = qemu_recall,
    .release = qemu_release,
    .clean_up = qemu_clean_up,
    .watch = qemu_watch,
    .console = guest_machine_console,
    .command = guest_machine_command,
    .start_daemon = guest_machine_start_daemon,
    .leads_to = guest_machine_leads_to,
    .daemon_words = guest_machine_daemon_words,
    .usage = qemu_usage,
    .is_forwarding = qemu_is_forwarding,
    .memory = qemu_memory,
    .counters = guest_machine_counters,
    .facts = qemu_facts,
    .set_allocation = qemu_set_allocation,
    .get_allocation = qemu_get_allocation,
    .allocated_by = qemu_allocated_by,
};
