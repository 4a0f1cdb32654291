// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/kernel — a kernel package's content made ready for the guest: the plain ELF kernel out of
 * the compressed one, and the modules that a router needs. Called by build.c.
 */
#ifndef VRBENCH_IMAGE_KERNEL_H
#define VRBENCH_IMAGE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

// Finds the compressed ELF kernel in a bzImage (x86 boot protocol 2.08: the kernel's
// Documentation/x86/boot.rst, fields setup_sects, payload_offset, payload_length). The last four
// bytes of the payload, its length uncompressed, are left out. -EINVAL if it is none.
int kernel_payload(const void *image, size_t length, size_t *ret_offset, size_t *ret_length,
                   struct error *err);

// What the guest is to load and when (the table of guest/modules.c), and the files for it.
struct kernel_modules {
    char *table;
    char **files; // paths below lib/modules/RELEASE, in no order that matters
    size_t count;
};

enum kernel_set {
    KERNEL_MACHINE, // virtio, Xen and emulated network interfaces, virtio-serial, power button
    KERNEL_NICS,    // these and real NICs, for machines to which some are handed over
};

// Selects from the texts of modules.dep and modules.alias what the guest knows to use. Modules that
// the kernel doesn't have are passed over; without any network interface it fails.
int kernel_select_modules(const char *dep, const char *alias, enum kernel_set set,
                          struct kernel_modules *ret, struct error *err);
// Whether a table has a module for the device of that modalias ("pci:v00008086d000010D3sv…").
bool kernel_has_driver(const char *table, const char *modalias);
void kernel_modules_clear(struct kernel_modules *modules);

#endif
