// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/platform_facts — the platform on which the routers ran: "platform" in run.json (format:
 * docs/results.md). Filled by machine/ through testbed/, written by study/, read by report/ and by
 * the verdicts of a reproduction.
 */
#ifndef VRBENCH_RESULT_PLATFORM_FACTS_H
#define VRBENCH_RESULT_PLATFORM_FACTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "scenario/catalogue.h"

// The struct owns its texts; NULL = unknown.
struct platform_facts {
    char *name; // name of the platform: "netns", "libvirt", …; never NULL once filled
    char *uri;  // URI of the hypervisor: "qemu:///system"
    enum platform_kind kind;
    bool emulation_known; // of virtual machines: whether `emulated` is known
    bool emulated;        // the CPU is emulated by software (TCG), not virtualised (KVM)
    char *hypervisor;     // name and version: "QEMU 7.2.9"
    // Of virtual machines: the kind of their dedicated links, "pci" (assigned devices), "macvtap"
    // or "pci, macvtap"; and why lent NICs were not assigned, if they were not.
    char *dedicated, *dedicated_why;
    char *pci_by; // software that assigns PCI devices; NULL = VFIO
    char *host;   // the hypervisor's name for the host, if the host is one of its machines
    char *guest;  // system of the routers, with version: "Linux 6.1.0-32-amd64"
};

void platform_facts_clear(struct platform_facts *facts); // frees the members and zeroes the struct
json_t *platform_facts_to_json(const struct platform_facts *facts);
// Parses "platform". A missing member or one of the wrong type is an error (exit status 2) that
// names the key.
int platform_facts_from_json(const json_t *json, struct platform_facts *ret, struct error *err);
// "namespaces", "containers", "machines".
const char *platform_kind_name(enum platform_kind kind);

#endif
