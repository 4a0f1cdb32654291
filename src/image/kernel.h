// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * image/kernel — prepares a kernel package for the guest: extracts the ELF kernel from the
 * compressed one, and selects the modules that a router requires. Called by build.c.
 */
#ifndef VRBENCH_IMAGE_KERNEL_H
#define VRBENCH_IMAGE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

// Finds the compressed ELF kernel in a bzImage (x86 boot protocol 2.08: the kernel's
// Documentation/x86/boot.rst, fields setup_sects, payload_offset, payload_length), without the
// payload's last four bytes, which are its uncompressed length. -EINVAL if `image` is not such a
// bzImage.
int kernel_payload(const void *image, size_t length, size_t *ret_offset, size_t *ret_length,
                   struct error *err);

// The guest's table of modules and their load times (the format of guest/modules.c), and the module
// files.
struct kernel_modules {
    char *table;
    char **files; // paths below lib/modules/RELEASE, in any order
    size_t count;
};

enum kernel_set {
    KERNEL_MACHINE, // virtio, Xen and emulated network interfaces, virtio-serial, power button
    KERNEL_NICS,    // these and real NICs, for machines with assigned devices
};

// Selects modules from the texts of modules.dep and modules.alias. Modules that the kernel package
// lacks are skipped; fails if no network interface remains.
int kernel_select_modules(const char *dep, const char *alias, enum kernel_set set,
                          struct kernel_modules *ret, struct error *err);
// Whether a table contains a module for the device of that modalias ("pci:v00008086d000010D3sv…").
bool kernel_has_driver(const char *table, const char *modalias);
void kernel_modules_clear(struct kernel_modules *modules);

#endif
