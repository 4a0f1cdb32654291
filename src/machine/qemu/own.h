// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/qemu/own — machines with their own system on a disk image, configured by a cloud-init
 * seed or by a script for the serial console. Such a system does not answer vrbench: the testbed
 * tests whether it forwards, and its interfaces are counted at their host ends. Called by domain.c.
 */
#ifndef VRBENCH_MACHINE_QEMU_OWN_H
#define VRBENCH_MACHINE_QEMU_OWN_H

#include "machine/qemu/router.h"

// Reads the settings of a spec with an image; `files` is the prefix of the names of the machine's
// files.
struct own *own_new(const struct router_spec *spec, const char *files);
void own_free(struct own *own); // also closes the console; NULL is fine

// Checks that the files of the spec exist and are valid; parses the script.
int own_check(const struct router_spec *spec, struct error *err);
// Parses the script, makes disk and seed.
int own_boot_make(struct qemu_machine *router, const struct router_spec *spec,
                  struct qemu_boot *ret, struct error *err);
void own_remove_files(const struct own *own);

// Opens the console of a machine that does not run yet, if there is a script. Its output is stored
// for own_await(), which runs the script.
int own_listen(struct qemu_machine *router, struct error *err);
int own_await(struct qemu_machine *router, struct error *err);

#endif
