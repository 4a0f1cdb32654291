// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/platform_facts — what results say of the platform that the routers ran on: "platform" in
 * run.json (docs/results.md has the form). Filled by machine/ through testbed/, written by study/,
 * read by report/ and by the verdicts of a reproduction.
 */
#ifndef VRBENCH_RESULT_PLATFORM_FACTS_H
#define VRBENCH_RESULT_PLATFORM_FACTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "scenario/catalogue.h"

// Texts are owned; NULL = not known.
struct platform_facts {
    char *name; // of the platform: "netns", "libvirt", …; never NULL once filled
    char *uri;  // of the hypervisor: "qemu:///system"
    enum platform_kind kind;
    bool emulation_known; // of machines: whether the next is known
    bool emulated;        // by software (TCG), without the CPU's help (KVM)
    char *hypervisor;     // with its version: "QEMU 7.2.9"
    // Of machines: what their dedicated links were, "pci" (devices handed over whole), "macvtap" or
    // "pci, macvtap"; and why lent NICs weren't handed over, where they weren't.
    char *dedicated, *dedicated_why;
    char *pci_by; // what hands devices over; NULL = VFIO
    char *host;   // what the hypervisor calls the host, if it runs that as one of its own machines
    char *guest;  // what the routers run, with its version: "Linux 6.1.0-32-amd64"
};

void platform_facts_clear(struct platform_facts *facts); // frees what it holds and zeroes it
json_t *platform_facts_to_json(const struct platform_facts *facts);
// Strict: what is missing or of the wrong type is an error (exit status 2) that names the key.
int platform_facts_from_json(const json_t *json, struct platform_facts *ret, struct error *err);
// "namespaces", "containers", "machines".
const char *platform_kind_name(enum platform_kind kind);

#endif
